//! The keys of targets: as configured, and as calls use them.

use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;

use common::{Carrier, Problems, Secret};
use outbound::{Pace, Reply, Slot, Tokens};

use crate::config::{RawCall, RawEndpoint};
use crate::endpoint::Address;
use crate::pace;

/// The keys of a target, one at least: that of a local server may be empty.
#[derive(Debug)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    /// The target's address with this key.
    address: Address,
    /// Apps take turns at it.
    pace: Arc<Pace>,
}

impl Keys {
    /// The keys of the target at this address; without any, the one in the address. `pace` makes the pace of a key, counted
    /// from 1.
    pub(crate) fn new(address: &Address, secrets: &[Secret], pace: impl Fn(usize) -> Arc<Pace>) -> Self {
        let secrets = if secrets.is_empty() { slice::from_ref(&address.api_key) } else { secrets };
        let key = |(number, secret): (usize, &Secret)| Key {
            address: address.with_key(secret.clone()),
            pace: pace(number),
        };
        Self((1..).zip(secrets).map(key).collect())
    }

    /// The target's address with one of its keys, counted from 0.
    pub(crate) fn address(&self, key: usize) -> &Address {
        &self.0[key].address
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn paces(&self) -> Vec<Arc<Pace>> {
        self.0.iter().map(|key| Arc::clone(&key.pace)).collect()
    }

    /// This instance may use that part of the limits of each key, from 0 to 1.
    pub(crate) fn set_share(&self, share: f64) {
        self.0.iter().for_each(|key| key.pace.set_share(share));
    }

    /// What an attempt used of the limits of its key.
    pub(crate) fn settle(&self, slot: Slot, used: Tokens) {
        self.0[slot.key].pace.settle(slot.ticket, used);
    }

    /// What the provider tells of the limits of a key with a reply.
    pub(crate) fn told(&self, key: usize, reply: &Reply) {
        let pace = &self.0[key].pace;
        pace::told(&reply.headers, reply.received).for_each(|told| pace.told(told));
    }
}

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
