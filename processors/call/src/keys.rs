//! The keys of targets, as configured.

use std::collections::BTreeMap;

use common::{Carrier, Problems, Secret};

use crate::config::{RawCall, RawEndpoint};

/// Every key of the targets that have any, by name of the target. `api_key` itself is checked with the address.
pub(crate) fn keys(raw: &RawCall, problems: &mut Problems) -> BTreeMap<String, Vec<Secret>> {
    let mut all = BTreeMap::new();
    for entry in &raw.target {
        check(entry, problems);
        let keys: Vec<Secret> = std::iter::once(&entry.api_key)
            .filter(|key| !key.is_empty())
            .chain(&entry.api_keys)
            .cloned()
            .collect();
        if !keys.is_empty() {
            all.insert(entry.name.get_ref().clone(), keys);
        }
    }
    all
}

fn check(entry: &RawEndpoint, problems: &mut Problems) {
    let place = format!("call.target {:?}", entry.name.get_ref());
    if !entry.api_keys.is_empty() && !entry.api_secret.is_empty() {
        problems.add(&place, "api_keys: its wire has a secret for one key, the one in api_key");
    }
    for (at, key) in entry.api_keys.iter().enumerate() {
        let number = at + 1;
        let is_known = *key == entry.api_key || entry.api_keys.iter().take(at).any(|before| before == key);
        let why = match key.problem(Carrier::Bearer) {
            _ if key.expose().to_ascii_lowercase().starts_with("bearer ") => {
                Some("it begins with Bearer, which is put before it")
            }
            None if is_known => Some("it is there twice"),
            why => why,
        };
        if let Some(why) = why {
            problems.add(&place, format!("api_keys: number {number}: {why}"));
        }
    }
}
