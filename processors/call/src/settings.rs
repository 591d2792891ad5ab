//! From the raw section to what the step is built from: every problem is found in one go.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use catalogue::route::Outcome;
use catalogue::{App, Bundle};
use common::{Carrier, Problem, Problems, Secret, secret};
use outbound::config::client::ClientSettings;
use outbound::config::health::HealthSettings;
use outbound::{Limits, plan};
use pipeline::call::Overload;
use schemas::ids::TargetName;
use toml::Spanned;

use crate::config::{RawCall, RawEndpoint};
use crate::endpoint::{Address, Choices, PromptCache};
use crate::families::{self, Choice, Demand, Demands, Speaks};
use crate::keys::keys;
use crate::pace::limits;
use crate::reviewers::{Desk, desks};
use crate::timing::{Timing, timing};

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
    /// For every address.
    pub(crate) timing: BTreeMap<TargetName, Timing>,
    /// By name of the target.
    pub(crate) limits: BTreeMap<String, Limits>,
    /// Every key of the targets that have any.
    pub(crate) keys: BTreeMap<String, Vec<Secret>>,
    /// Servers that review.
    pub(crate) desks: BTreeMap<TargetName, Desk>,
    pub(crate) client: ClientSettings,
    pub(crate) chain: plan::Rules,
    pub(crate) health: HealthSettings,
}

impl Settings {
    /// How many keys the target has, one at least.
    pub fn keys(&self, name: &TargetName) -> usize {
        self.keys.get(name.as_str()).map_or(1, |keys| keys.len().max(1))
    }

    /// With at most so many attempts for one request, so that it is known what it may cost; attempts that were refused for their rate do not count,
    /// and cost nothing.
    #[must_use]
    pub fn with_attempts(mut self, most: u32) -> Self {
        self.chain.max_attempts = Some(self.chain.max_attempts.map_or(most, |own| own.min(most)).max(1));
        self
    }

    /// With one key of the target, counted from 1, in place of all of them.
    #[must_use]
    pub fn with_key(mut self, name: &TargetName, number: usize) -> Self {
        if let Some(keys) = self.keys.get_mut(name.as_str()) {
            let one = number.checked_sub(1).and_then(|at| keys.get(at)).cloned();
            keys.splice(.., one);
        }
        self
    }
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
    let timing = all_timing(raw, bundle, &mut problems);
    let limits = limits(raw, &mut problems);
    let keys = keys(raw, &mut problems);
    let desks = desks(raw, bundle, &mut problems);
    timeouts(raw, bundle, &mut problems);
    let settings = client.zip(chain).zip(health).map(|((client, chain), health)| Settings {
        max_running: raw.max_running,
        overload: raw.overload.unwrap_or(Overload::among(bundle.apps.len().max(bundle.targets.len()))),
        grace: raw.grace,
        addresses,
        timing,
        limits,
        keys,
        desks,
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
        let wire = entry.wire.as_ref();
        let wire = wire.and_then(|word| problems.word(&place, word, &families::wire_names(target.provider)));
        let demands = families::of(target.provider, wire).demands();
        let omit = omit(entry, &place, demands, problems);
        application(entry, &place, demands, problems);
        let choices = choices(entry, &place, demands, problems);
        if let Some(address) = address(entry, &place, demands, problems) {
            let address = address.on(wire, entry.app_id.as_deref(), &entry.api_secret);
            let address = address.choosing(choices).without(omit).streaming(entry.stream);
            let family = families::of(target.provider, wire);
            if let Some(why) = family.misplaced(target, &address) {
                problems.add_at(&place, &entry.base_url, why);
            }
            if target.traits.stream_only && !entry.stream {
                problems.add_at(&place, &entry.name, "stream: its model answers in streams only");
            }
            if !family.takes_images() && shows_pictures(bundle, name) {
                let what = "a route shows pictures to it (vision), and its wire takes none by their address";
                problems.add_at(&place, &entry.name, what);
            }
            addresses.insert(name.clone(), address);
        }
    }
    for name in bundle.targets.keys().filter(|name| !named.contains(name)) {
        problems.add(&format!("target {:?}", name.as_str()), "it has no entry [[call.target]]");
    }
    addresses
}

/// Whether a route of an app can show a picture to a target.
fn shows_pictures(bundle: &Bundle, name: &TargetName) -> bool {
    let shown = |(key, app): (_, &App)| {
        let asks = bundle.routes_of(key).filter_map(|rule| match &rule.then {
            Outcome::Ask(ask) if ask.vision => Some(ask),
            Outcome::Ask(_) | Outcome::Say(_) | Outcome::Person(_) => None,
        });
        let chains = asks.map(|ask| if ask.chain.is_empty() { &app.chain } else { &ask.chain });
        chains.into_iter().any(|chain| chain.contains(name))
    };
    bundle.apps.iter().any(shown)
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
        if demands.needs_key && entry.api_keys.is_empty() {
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
    let parsed = spoken(entry.base_url.get_ref(), demands.speaks)
        .and_then(|base| Address::new(&base, &entry.api_key, entry.organization.as_deref()));
    problems.take_at(place, &entry.base_url, parsed)
}

/// The application of the account and its secret, which only some wires have.
fn application(entry: &RawEndpoint, place: &str, demands: Demands, problems: &mut Problems) {
    let app_id = entry.app_id.as_deref().unwrap_or_default();
    let parts =
        [("app_id", app_id, demands.app_id), ("api_secret", entry.api_secret.expose(), demands.api_secret)];
    for (key, value, demand) in parts {
        match demand {
            Demand::Needed if value.is_empty() => {
                problems.add_at(place, &entry.name, format!("its {key} is not set"));
            }
            Demand::Refused if !value.is_empty() => {
                problems.add(place, format!("{key}: its wire takes none"));
            }
            Demand::Needed | Demand::Taken if !value.is_empty() => {
                if let Some(why) = secret::problem(value, Carrier::Bearer) {
                    problems.add(place, format!("{key}: {why}"));
                }
            }
            Demand::Needed | Demand::Taken | Demand::Refused => {}
        }
    }
}

/// The address as the client takes it: a WebSocket begins as a request over HTTP.
fn spoken(base: &str, speaks: Speaks) -> Result<Cow<'_, str>, &'static str> {
    let websocket =
        base.strip_prefix("ws").filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
    match (speaks, websocket) {
        (Speaks::Http, None) => Ok(base.into()),
        (Speaks::Http, Some(_)) => Err("its base_url is that of a WebSocket, and its wire is none"),
        (Speaks::WebSocket, Some(rest)) => Ok(format!("http{rest}").into()),
        (Speaks::WebSocket, None) => Err("its base_url begins with wss:// on this wire"),
    }
}

/// What the entry chooses, where its wire leaves a choice.
fn choices(entry: &RawEndpoint, place: &str, demands: Demands, problems: &mut Problems) -> Choices {
    let mut taken = |choice, key: &str, value: Option<&Spanned<String>>| {
        if let Some(at) = value.filter(|_| !demands.choices.contains(&choice)) {
            problems.add_at(place, at, format!("{key}: its wire takes none"));
        }
    };
    taken(Choice::ApiVersion, "api_version", entry.api_version.as_ref());
    taken(Choice::PromptCache, "prompt_cache", entry.prompt_cache.as_ref());
    if let Some(at) = entry.api_version.as_ref().filter(|version| !is_day(version.get_ref())) {
        problems.add_at(place, at, "api_version: it is a day such as 2023-06-01");
    }
    let prompt_cache = entry.prompt_cache.as_ref();
    Choices {
        api_version: entry.api_version.as_ref().map(|version| version.get_ref().clone()),
        prompt_cache: prompt_cache.and_then(|word| problems.word(place, word, &PromptCache::WORDS)),
    }
}

fn is_day(text: &str) -> bool {
    let fits =
        |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(fits)
}

fn all_timing(raw: &RawCall, bundle: &Bundle, problems: &mut Problems) -> BTreeMap<TargetName, Timing> {
    let mut all = BTreeMap::new();
    for entry in &raw.target {
        let known = bundle.targets.iter().find(|(name, _)| name.as_str() == entry.name.get_ref());
        if let Some((name, target)) = known {
            let timeout = Duration::from_millis(target.timeout_ms);
            all.insert(name.clone(), timing(raw, entry, timeout, problems));
        }
    }
    all
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
