//! From the raw section to what the step is built from. Every problem is found in one go.

use std::collections::BTreeMap;
use std::time::Duration;

use catalogue::Bundle;
use common::{Carrier, Problem, Problems, Secret, secret};
use outbound::Url;
use outbound::config::client::ClientSettings;
use outbound::config::health::HealthSettings;
use outbound::retry::Steps;
use pipeline::call::Overload;
use schemas::ids::AppKey;

use crate::config::{RawDeliver, RawDeliverApp};

/// A checked [`RawDeliver`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// Parts that are under way at a time in this process, those that wait included.
    pub max_running: usize,
    /// What becomes of records for which an app has left no room.
    pub overload: Overload,
    /// How long running sends may go on when the process is told to stop.
    pub grace: Duration,
    pub(crate) apps: BTreeMap<AppKey, AppSettings>,
    pub(crate) client: ClientSettings,
    pub(crate) health: HealthSettings,
    pub(crate) policy: SendPolicy,
}

/// How sends are made, whatever the app.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendPolicy {
    /// Waits before a part goes again.
    pub(crate) steps: Steps,
    pub(crate) attempt_timeout: Duration,
}

/// Easemob's side of one app.
#[derive(Debug, Clone)]
pub(crate) struct AppSettings {
    /// With organisation and app.
    pub(crate) base: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) token_ttl: Option<Duration>,
    pub(crate) per_second: PerSecond,
}

/// What Easemob allows the app, over all instances.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PerSecond {
    pub(crate) users: f64,
    pub(crate) groups: f64,
    pub(crate) chatrooms: f64,
    pub(crate) recalls: f64,
}

/// Checks the section, and that it has an entry for every app of the bundle and for nothing else.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawDeliver, bundle: &Bundle) -> Result<Settings, Vec<Problem>> {
    let mut problems = Problems::default();
    let client = raw.client.validate("deliver.client").map_err(|found| problems.extend(found)).ok();
    let health = raw.health.validate("deliver.health").map_err(|found| problems.extend(found)).ok();
    check_numbers(raw, &mut problems);
    let apps = apps(raw, bundle, &mut problems);
    let settings = client.zip(health).map(|(client, health)| Settings {
        max_running: raw.max_running,
        overload: raw.overload.unwrap_or(Overload::among(bundle.apps.len())),
        grace: raw.grace,
        apps,
        client,
        health,
        policy: SendPolicy {
            steps: Steps { base: raw.backoff_base, cap: raw.backoff_cap },
            attempt_timeout: raw.client.attempt_timeout,
        },
    });
    problems.finish(settings)
}

/// Times and counts of the whole section.
fn check_numbers(raw: &RawDeliver, problems: &mut Problems) {
    if raw.max_running == 0 {
        problems.add("deliver", "max_running must be more than zero");
    }
    // A client that gives up a silent connection would give a slow send up before its time.
    if raw.client.idle_timeout < raw.client.attempt_timeout {
        problems.add("deliver.client", "idle_timeout must not be shorter than attempt_timeout");
    }
    if raw.backoff_base.is_zero() || raw.backoff_cap < raw.backoff_base {
        problems.add("deliver", "backoff_base must be more than zero and must not exceed backoff_cap");
    }
}

/// Every app of the bundle has one entry, and every entry an app.
fn apps(raw: &RawDeliver, bundle: &Bundle, problems: &mut Problems) -> BTreeMap<AppKey, AppSettings> {
    let mut apps = BTreeMap::new();
    for entry in &raw.app {
        let place = format!("deliver.app {:?}", entry.key.get_ref());
        let Some(key) = bundle.apps.keys().find(|key| key.as_str() == entry.key.get_ref()) else {
            problems.add_at(&place, &entry.key, "there is no [[app]] of that key");
            continue;
        };
        let app = app(key, entry, &place, problems);
        if apps.insert(key.clone(), app).is_some() {
            problems.add_at(&place, &entry.key, "it is configured twice");
        }
    }
    for key in bundle.apps.keys().filter(|key| !apps.contains_key(key)) {
        problems.add(&format!("app {:?}", key.as_str()), "it has no entry [[deliver.app]]");
    }
    apps.into_iter().filter_map(|(key, app)| Some((key, app?))).collect()
}

fn app(key: &AppKey, entry: &RawDeliverApp, place: &str, problems: &mut Problems) -> Option<AppSettings> {
    if let Some(why) = secret::problem(&entry.client_id, Carrier::Text) {
        problems.add(place, format!("client_id: {why}"));
    }
    if let Some(why) = entry.client_secret.problem(Carrier::Text) {
        problems.add(place, format!("client_secret: {why}"));
    }
    if entry.token_ttl.is_some_and(|ttl| ttl.subsec_nanos() > 0) {
        problems.add(place, "token_ttl: it is not in whole seconds");
    }
    for (limit, value) in [
        ("users_per_second", entry.users_per_second),
        ("messages_per_minute", entry.messages_per_minute),
        ("groups_per_second", entry.groups_per_second),
        ("chatrooms_per_second", entry.chatrooms_per_second),
        ("recalls_per_second", entry.recalls_per_second),
    ] {
        if value == 0 {
            problems.add(place, format!("{limit}: it must be more than zero"));
        }
    }
    let base = problems.take_at(place, &entry.base_url, base(key, entry.base_url.get_ref()))?;
    let per_minute = f64::from(entry.messages_per_minute) / 60.0;
    Some(AppSettings {
        base,
        client_id: entry.client_id.clone(),
        client_secret: entry.client_secret.clone(),
        token_ttl: entry.token_ttl,
        per_second: PerSecond {
            // Each send has one recipient, so that the stricter of the two limits is the limit.
            users: f64::from(entry.users_per_second).min(per_minute),
            groups: entry.groups_per_second.into(),
            chatrooms: entry.chatrooms_per_second.into(),
            recalls: entry.recalls_per_second.into(),
        },
    })
}

fn base(key: &AppKey, text: &str) -> Result<Url, &'static str> {
    let wrong = "its base_url is no http address of a host";
    let mut base: Url = text.parse().map_err(|_| wrong)?;
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return Err(wrong);
    }
    if !base.username().is_empty() || base.password().is_some() || base.query().is_some() {
        return Err("its base_url holds more than an address");
    }
    let (organization, app) = key.parts();
    let path = base.path().trim_end_matches('/').to_ascii_lowercase();
    let organization_of_path = format!("/{}", organization.to_ascii_lowercase());
    if path.ends_with(&organization_of_path)
        || format!("{path}/").contains(&format!("{organization_of_path}/{}/", app.to_ascii_lowercase()))
    {
        return Err("its base_url names the organisation; organisation and app are added to it");
    }
    base.path_segments_mut().map_err(|()| wrong)?.pop_if_empty().extend([organization, app]);
    Ok(base)
}

#[cfg(test)]
mod tests;
