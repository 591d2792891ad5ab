//! The stable identity of one process of one step.

/// Who this process is: everything that Kafka knows it by derives from these three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    deployment: String,
    role: String,
    ordinal: u32,
    driver: u32,
}

/// A name that cannot be part of an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use `{0}` as a {1} name: only a-z, 0-9, `-` and `_`, 1 to 64 of them")]
pub struct NameError(String, &'static str);

impl NameError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        "name"
    }
}

impl Instance {
    /// Names one process. `ordinal` must be the same after a restart: a random one would leave the previous
    /// incarnation's open transaction to block readers until it times out.
    ///
    /// # Errors
    /// [`NameError`] when a name has other characters than a-z, 0-9, `-` and `_`.
    pub fn new(deployment: &str, role: &str, ordinal: u32) -> Result<Self, NameError> {
        for (name, kind) in [(deployment, "deployment"), (role, "role")] {
            let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
            if name.is_empty() || name.len() > 64 || !name.bytes().all(legal) {
                return Err(NameError(name.to_owned(), kind));
            }
        }
        Ok(Self { deployment: deployment.to_owned(), role: role.to_owned(), ordinal, driver: 0 })
    }

    /// One of several drivers of the same process; the first is 0.
    #[must_use]
    pub fn driver(self, driver: u32) -> Self {
        Self { driver, ..self }
    }

    /// The step's consumer group, shared by all its instances.
    pub fn group_id(&self) -> String {
        format!("{}.{}", self.deployment, self.role)
    }

    /// This instance's static member id.
    pub fn group_instance_id(&self) -> String {
        let Self { deployment, role, ordinal, driver } = self;
        match driver {
            0 => format!("{deployment}.{role}.{ordinal}"),
            _ => format!("{deployment}.{role}.{ordinal}.{driver}"),
        }
    }

    /// This instance's name among transactional ids, and the first of [`Self::transactional_ids`].
    pub fn transactional_id(&self) -> String {
        self.group_instance_id()
    }

    /// This instance's transactional ids, which take turns: a second process with the same ones fences the first.
    pub fn transactional_ids(&self) -> [String; 2] {
        let id = self.transactional_id();
        let second = format!("{id}.turn");
        [id, second]
    }

    /// The step's name.
    pub fn role(&self) -> &str {
        &self.role
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_derive_from_deployment_role_and_ordinal() {
        let instance = Instance::new("prod", "decide", 3).unwrap();
        assert_eq!(instance.group_id(), "prod.decide");
        assert_eq!(instance.group_instance_id(), "prod.decide.3");
        assert_eq!(instance.transactional_ids(), ["prod.decide.3", "prod.decide.3.turn"]);
        assert_eq!(instance.clone().driver(0), instance);
        let second = instance.driver(1);
        assert_eq!(second.group_id(), "prod.decide");
        assert_eq!(second.transactional_ids(), ["prod.decide.3.1", "prod.decide.3.1.turn"]);
    }

    #[test]
    fn names_that_could_be_confused_are_refused() {
        for bad in ["", "a.b", "Prod", "a b", &"x".repeat(65)] {
            assert!(Instance::new(bad, "decide", 0).is_err(), "{bad}");
            assert!(Instance::new("prod", bad, 0).is_err(), "{bad}");
        }
    }
}
