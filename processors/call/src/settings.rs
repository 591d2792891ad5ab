//! From the raw section to what the step is built from: every problem is found in one go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use catalogue::Bundle;
use common::{Carrier, Problem, Problems, secret};
use outbound::config::client::ClientSettings;
use outbound::config::health::HealthSettings;
use outbound::{Limits, plan};
use pipeline::call::Overload;
use schemas::ids::TargetName;
use toml::Spanned;

use crate::config::{RawCall, RawEndpoint};
use crate::endpoint::Address;
use crate::families::{self, Demands};
use crate::pace::limits;

/// A checked [`RawCall`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests that are under way at a time in this process.
    pub max_running: usize,
    /// What becomes of records for which an app has left no room.
    pub overload: Overload,
    /// How long running calls may go on when the process is told to stop.
    pub grace: Duration,
    pub(crate) addresses: BTreeMap<TargetName, Address>,
    /// By name of the target.
    pub(crate) limits: BTreeMap<String, Limits>,
    pub(crate) client: ClientSettings,
    pub(crate) chain: plan::Rules,
    pub(crate) health: HealthSettings,
}

/// Checks the section, and that it has an entry for every target of the bundle and for nothing else.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawCall, bundle: &Bundle) -> Result<Settings, Vec<Problem>> {
    let mut problems = Problems::default();
    let client = raw.client.validate("call.client").map_err(|found| problems.extend(found)).ok();
    let chain = raw.chain.validate("call.chain").map_err(|found| problems.extend(found)).ok();
    let health = raw.health.validate("call.health").map_err(|found| problems.extend(found)).ok();
    if raw.max_running == 0 {
        problems.add("call", "max_running must be more than zero");
    }
    let addresses = addresses(raw, bundle, &mut problems);
    let limits = limits(raw, &mut problems);
    timeouts(raw, bundle, &mut problems);
    let settings = client.zip(chain).zip(health).map(|((client, chain), health)| Settings {
        max_running: raw.max_running,
        overload: raw.overload.unwrap_or(Overload::among(bundle.apps.len().max(bundle.targets.len()))),
        grace: raw.grace,
        addresses,
        limits,
        client,
        chain,
        health,
    });
    problems.finish(settings)
}

fn addresses(raw: &RawCall, bundle: &Bundle, problems: &mut Problems) -> BTreeMap<TargetName, Address> {
    let (mut addresses, mut named) = (BTreeMap::new(), BTreeSet::new());
    for entry in &raw.target {
        let place = format!("call.target {:?}", entry.name.get_ref());
        let known = bundle.targets.iter().find(|(name, _)| name.as_str() == entry.name.get_ref());
        let Some((name, target)) = known else {
            problems.add_at(&place, &entry.name, "there is no [[target]] of that name");
            continue;
        };
        if !named.insert(name) {
            problems.add_at(&place, &entry.name, "it is configured twice");
        }
        let demands = families::of(target.provider).demands();
        let omit = omit(entry, &place, demands, problems);
        if let Some(address) = address(entry, &place, demands, problems) {
            addresses.insert(name.clone(), address.without(omit));
        }
    }
    for name in bundle.targets.keys().filter(|name| !named.contains(name)) {
        problems.add(&format!("target {:?}", name.as_str()), "it has no entry [[call.target]]");
    }
    addresses
}

fn omit(entry: &RawEndpoint, place: &str, demands: Demands, problems: &mut Problems) -> Vec<&'static str> {
    let field = |name: &Spanned<String>| {
        let known = demands.optional_fields.iter().find(|field| *field == name.get_ref()).copied();
        if known.is_none() {
            let all = demands.optional_fields.join(", ");
            let what = format!("{:?} is no field that may be left out: {all}", name.get_ref());
            problems.add_at(place, name, what);
        }
        known
    };
    entry.omit.iter().filter_map(field).collect()
}

fn address(entry: &RawEndpoint, place: &str, demands: Demands, problems: &mut Problems) -> Option<Address> {
    if entry.api_key.is_empty() {
        if demands.needs_key {
            problems.add_at(place, &entry.name, "its api_key is not set");
        }
    } else if entry.api_key.expose().to_ascii_lowercase().starts_with("bearer ") {
        problems.add(place, "api_key: it begins with Bearer, which is put before it");
    } else if let Some(why) = entry.api_key.problem(Carrier::Bearer) {
        problems.add(place, format!("api_key: {why}"));
    }
    if let Some(organization) = entry.organization.as_deref() {
        let why = secret::problem(organization, Carrier::Bearer);
        let why = if demands.takes_organization { why } else { Some("its provider takes none") };
        if let Some(why) = why {
            problems.add(place, format!("organization: {why}"));
        }
    }
    let parsed = Address::new(entry.base_url.get_ref(), &entry.api_key, entry.organization.as_deref());
    problems.take_at(place, &entry.base_url, parsed)
}

/// The client's own bounds would silently shorten a target's timeout.
fn timeouts(raw: &RawCall, bundle: &Bundle, problems: &mut Problems) {
    let bounds = [
        ("client.attempt_timeout", raw.client.attempt_timeout),
        ("client.idle_timeout", raw.client.idle_timeout),
    ];
    for (name, target) in &bundle.targets {
        for (key, bound) in bounds {
            if Duration::from_millis(target.timeout_ms) > bound {
                let what =
                    format!("its timeout of {} ms is longer than call.{key}, raise that", target.timeout_ms);
                problems.add(&format!("target {:?}", name.as_str()), what);
            }
        }
    }
}

#[cfg(test)]
mod tests;
