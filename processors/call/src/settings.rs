//! From the raw section to what the step is built from: every problem is found in one go.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use catalogue::{Bundle, Provider};
use common::{Carrier, Problem, secret};
use outbound::config::client::ClientSettings;
use outbound::config::health::HealthSettings;
use outbound::{Limits, plan};
use pipeline::call::Overload;
use schemas::ids::TargetName;
use toml::Spanned;

use crate::chat::Omit;
use crate::config::{RawCall, RawEndpoint};
use crate::endpoint::Address;
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

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, place: &str, span: Option<Range<usize>>, what: impl ToString) {
        self.0.push(Problem { place: place.to_owned(), span, what: what.to_string() });
    }

    fn take<T>(&mut self, place: &str, value: Result<T, impl ToString>) -> Option<T> {
        value.map_err(|error| self.add(place, None, error)).ok()
    }
}

/// Checks the section, and that it has an entry for every target of the bundle and for nothing else.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawCall, bundle: &Bundle) -> Result<Settings, Vec<Problem>> {
    let mut problems = Problems::default();
    let client = problems.take("call.client", raw.client.validate());
    let chain = problems.take("call.chain", raw.chain.validate());
    let health = problems.take("call.health", raw.health.validate());
    if raw.max_running == 0 {
        problems.add("call", None, "max_running must be more than zero");
    }
    let addresses = addresses(raw, bundle, &mut problems);
    let (limits, wrong) = limits(raw);
    problems.0.extend(wrong);
    timeouts(raw, bundle, &mut problems);
    match (client, chain, health) {
        (Some(client), Some(chain), Some(health)) if problems.0.is_empty() => Ok(Settings {
            max_running: raw.max_running,
            overload: raw.overload.unwrap_or(Overload::among(bundle.apps.len().max(bundle.targets.len()))),
            grace: raw.grace,
            addresses,
            limits,
            client,
            chain,
            health,
        }),
        _ => Err(problems.0),
    }
}

fn addresses(raw: &RawCall, bundle: &Bundle, problems: &mut Problems) -> BTreeMap<TargetName, Address> {
    let (mut addresses, mut named) = (BTreeMap::new(), BTreeSet::new());
    for entry in &raw.target {
        let place = format!("call.target {:?}", entry.name.get_ref());
        let span = Some(entry.name.span());
        let known = bundle.targets.iter().find(|(name, _)| name.as_str() == entry.name.get_ref());
        let Some((name, target)) = known else {
            problems.add(&place, span, "there is no [[target]] of that name");
            continue;
        };
        if !named.insert(name) {
            problems.add(&place, span, "it is configured twice");
        }
        let omit = omit(entry, &place, problems);
        if let Some(address) = address(entry, &place, target.provider, problems) {
            addresses.insert(name.clone(), address.without(omit));
        }
    }
    for name in bundle.targets.keys().filter(|name| !named.contains(name)) {
        problems.add(&format!("target {:?}", name.as_str()), None, "it has no entry [[call.target]]");
    }
    addresses
}

fn omit(entry: &RawEndpoint, place: &str, problems: &mut Problems) -> Vec<Omit> {
    let field = |name: &Spanned<String>| {
        let known = Omit::of(name.get_ref());
        if known.is_none() {
            let all = Omit::ALL.map(Omit::name).join(", ");
            let what = format!("{:?} is no field that may be left out: {all}", name.get_ref());
            problems.add(place, Some(name.span()), what);
        }
        known
    };
    entry.omit.iter().filter_map(field).collect()
}

fn address(entry: &RawEndpoint, place: &str, provider: Provider, problems: &mut Problems) -> Option<Address> {
    if entry.api_key.is_empty() {
        if provider == Provider::Openai {
            problems.add(place, Some(entry.name.span()), "its api_key is not set");
        }
    } else if entry.api_key.expose().to_ascii_lowercase().starts_with("bearer ") {
        problems.add(place, None, "api_key: it begins with Bearer, which is put before it");
    } else if let Some(why) = entry.api_key.problem(Carrier::Bearer) {
        problems.add(place, None, format!("api_key: {why}"));
    }
    if let Some(why) = entry.organization.as_deref().and_then(|it| secret::problem(it, Carrier::Bearer)) {
        problems.add(place, None, format!("organization: {why}"));
    }
    let parsed = Address::new(entry.base_url.get_ref(), &entry.api_key, entry.organization.as_deref());
    parsed.map_err(|what| problems.add(place, Some(entry.base_url.span()), what)).ok()
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
                problems.add(&format!("target {:?}", name.as_str()), None, what);
            }
        }
    }
}

#[cfg(test)]
mod tests;
