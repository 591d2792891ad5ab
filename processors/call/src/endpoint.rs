//! Where a target is called, with which key, and how it has been doing.

use std::sync::Arc;

use common::Secret;
use outbound::{Pace, Target, Url};

/// Paths that people copy from a vendor's page together with the base address.
const OPERATIONS: [&str; 3] = ["/completions", "/responses", "/messages"];

/// Address and key of a target, and what its server does not take.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// Without a slash at its end.
    base: Url,
    pub(crate) api_key: Secret,
    pub(crate) organization: Option<String>,
    /// Fields that are left out of bodies.
    pub(crate) omit: Vec<&'static str>,
}

impl Address {
    /// An address whose calls go to paths under a base such as `https://host/v1`.
    pub(crate) fn new(
        base: &str,
        api_key: &Secret,
        organization: Option<&str>,
    ) -> Result<Self, &'static str> {
        let wrong = "its base_url is no http address";
        let mut base: Url = base.parse().map_err(|_| wrong)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong);
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("its base_url holds a password, which belongs into api_key");
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err("its base_url has a query");
        }
        let path = base.path().trim_end_matches('/').to_owned();
        if OPERATIONS.iter().any(|end| path.to_ascii_lowercase().ends_with(end)) {
            return Err("its base_url names what is called under it: it ends with the version, such as /v1");
        }
        base.set_path(&path);
        let organization = organization.map(str::to_owned);
        Ok(Self { base, api_key: api_key.clone(), organization, omit: Vec::new() })
    }

    /// The same address, for a server that does not take these fields.
    pub(crate) fn without(self, omit: Vec<&'static str>) -> Self {
        Self { omit, ..self }
    }

    /// The address of a path under the base; the path begins with a slash.
    pub(crate) fn under(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

/// A target as this process calls it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// One for the life of the process: breakers, cooldowns and retry budgets.
    pub(crate) health: Arc<Target>,
    /// Apps take turns at it.
    pub(crate) pace: Arc<Pace>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_appended_to_the_base_whatever_its_end() {
        for (base, expected) in [
            ("https://host/v1", "https://host/v1/chat/completions"),
            ("https://host/v1/", "https://host/v1/chat/completions"),
            ("http://host:8080", "http://host:8080/chat/completions"),
            ("http://host/a//", "http://host/a/chat/completions"),
        ] {
            let address = Address::new(base, &Secret::default(), None).unwrap();
            assert_eq!(address.under("/chat/completions").as_str(), expected);
        }
    }
}
