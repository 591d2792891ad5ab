//! Where a target is called, with which key, and how it has been doing.

use std::sync::Arc;

use common::Secret;
use outbound::config::health::HealthSettings;
use outbound::{Limits, Pace, PaceNames, Target, Url};

/// Paths that people copy from a vendor's page together with the base address.
const OPERATIONS: [&str; 3] = ["/completions", "/responses", "/messages"];

/// Address and key of a target, and what its server does not take.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// Without a slash at its end.
    base: Url,
    pub(crate) api_key: Secret,
    pub(crate) organization: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) api_secret: Secret,
    /// The name of the wire that is spoken; the provider's first one if it has none.
    pub(crate) wire: Option<&'static str>,
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
        let (app_id, api_secret) = (None, Secret::default());
        Ok(Self {
            base,
            api_key: api_key.clone(),
            organization,
            app_id,
            api_secret,
            wire: None,
            omit: Vec::new(),
        })
    }

    /// The same address, called with this key.
    pub(crate) fn with_key(&self, api_key: Secret) -> Self {
        Self { api_key, ..self.clone() }
    }

    /// The same address, for a server that does not take these fields.
    pub(crate) fn without(self, omit: Vec<&'static str>) -> Self {
        Self { omit, ..self }
    }

    /// The same address, spoken to on this wire, for this application and with this secret.
    pub(crate) fn on(self, wire: Option<&'static str>, app_id: Option<&str>, api_secret: &Secret) -> Self {
        Self { wire, app_id: app_id.map(str::to_owned), api_secret: api_secret.clone(), ..self }
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
    /// What all keys share: with the first of them.
    pub(crate) address: Address,
    /// One for the life of the process: breakers, cooldowns and retry budgets.
    pub(crate) health: Arc<Target>,
    /// One at least. A local server may have one that is empty.
    keys: Vec<Key>,
}

/// One key of a target.
#[derive(Debug)]
struct Key {
    address: Address,
    /// Apps take turns at it.
    pace: Arc<Pace>,
}

impl Endpoint {
    /// The endpoint of a target with these keys, each of which has the limits for itself.
    pub(crate) fn new(
        name: &str,
        address: Address,
        keys: &[Secret],
        limits: Limits,
        health: &HealthSettings,
    ) -> Self {
        let keys = if keys.is_empty() { std::slice::from_ref(&address.api_key) } else { keys };
        let key = |(number, key): (usize, &Secret)| {
            let names = PaceNames { target: name.into(), key: number, limit: "requests" };
            Key { address: address.with_key(key.clone()), pace: Pace::new(names, limits, health.pauses()) }
        };
        let keys: Vec<Key> = (1..).zip(keys).map(key).collect();
        let paces = keys.iter().map(|key| Arc::clone(&key.pace)).collect();
        Self { address, health: Target::keyed(name, health, paces), keys }
    }

    /// The address with one of its keys, counted from 0.
    pub(crate) fn with_key(&self, key: usize) -> &Address {
        self.keys.get(key).map_or(&self.address, |key| &key.address)
    }

    pub(crate) fn pace(&self, key: usize) -> Option<&Arc<Pace>> {
        self.keys.get(key).map(|key| &key.pace)
    }

    pub(crate) fn paces(&self) -> Vec<Arc<Pace>> {
        self.keys.iter().map(|key| Arc::clone(&key.pace)).collect()
    }

    /// This instance may use that part of the limits, from 0 to 1.
    pub(crate) fn set_share(&self, share: f64) {
        self.keys.iter().for_each(|key| key.pace.set_share(share));
    }
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
