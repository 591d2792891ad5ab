//! From the raw section to the checked one: every problem is found in one go, with the place where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use catalogue::Bundle;
use common::{Carrier, Problem, Problems, Secret};
use schemas::ids::AppKey;
use toml::Spanned;

use super::checked::{
    ClaimRule, Codes, Config, Limits, Rule, SenderLimit, Source, SourceKind, Stage, TlsFiles,
};
use super::raw::{RawClaim, RawCodes, RawIngest, RawLimits, RawRule, RawSource};

const MINUTE: Duration = Duration::from_secs(60);
/// How old a callback after delivery may be: Easemob brings what it stored again for three days, and some time passes before.
const DAYS: Duration = Duration::from_secs(4 * 24 * 3_600);
/// So many failures of an app within 30 s make Easemob switch its rules off.
const FAILURES_THAT_END_ALL: usize = 90;
/// Easemob refuses replies of more than 1,000 characters; a code is a part of one.
const LONGEST_CODE: usize = 200;

/// Most secrets of an app's claims.
const MOST_SECRETS: usize = 8;
/// Least characters of one.
const LEAST_SECRET: usize = 32;
/// Fields of the extension that have a meaning of their own.
const TAKEN: [&str; 4] = ["huiyin", "AIGC", "em_at_list", "msgQuote"];

/// Checks the section against the bundle that it serves.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawIngest, bundle: &Bundle) -> Result<Config, Vec<Problem>> {
    let mut check = Check { bundle, paths: BTreeSet::new(), problems: Problems::default() };
    let rules: Vec<Rule> = raw.rule.iter().filter_map(|rule| check.rule(rule)).collect();
    let sources: Vec<Source> = raw.source.iter().filter_map(|source| check.source(source)).collect();
    let claims = check.claims(&raw.claim);
    let limits = check.limits(&raw.limits);
    if raw.rule.is_empty() {
        check.problems.add("ingest", "it has no rule");
    }
    let tls =
        raw.tls.as_ref().map(|t| TlsFiles { certificates: t.cert_file.clone(), key: t.key_file.clone() });
    check.problems.finish(Some(Config { listen: raw.listen, tls, rules, sources, claims, limits }))
}

struct Check<'a> {
    bundle: &'a Bundle,
    paths: BTreeSet<String>,
    problems: Problems,
}

/// What rules and sources have in common.
struct RawEndpoint<'a> {
    place: &'a str,
    path: &'a Spanned<String>,
    app: &'a Spanned<String>,
    secret: &'a Secret,
    window: Duration,
    deadline: Duration,
}

impl Check<'_> {
    fn rule(&mut self, raw: &RawRule) -> Option<Rule> {
        let place = &format!("ingest.rule {:?}", raw.path.get_ref());
        let stage = self.problems.word(place, &raw.stage, &[("pre", Stage::Pre), ("post", Stage::Post)]);
        let (window, deadline) = match stage {
            Some(Stage::Post) => (DAYS, Duration::from_secs(5)),
            _ => (5 * MINUTE, Duration::from_millis(150)),
        };
        let (window, deadline) = (raw.window.unwrap_or(window), raw.deadline.unwrap_or(deadline));
        let (path, secret) = (&raw.path, &raw.secret);
        let endpoint = RawEndpoint { place, path, app: &raw.app, secret, window, deadline };
        let app = self.endpoint(&endpoint);
        if stage == Some(Stage::Pre) {
            self.within_horizon(&endpoint, app.as_ref());
        }
        Some(Rule {
            path: bare(path.get_ref()).to_owned(),
            app: app?,
            stage: stage?,
            secret: secret.clone(),
            window,
            deadline,
            codes: self.codes(place, path, &raw.codes),
        })
    }

    fn source(&mut self, raw: &RawSource) -> Option<Source> {
        let place = &format!("ingest.source {:?}", raw.path.get_ref());
        let kinds = [
            ("feedback", SourceKind::Feedback),
            ("takeover", SourceKind::Takeover),
            ("finding", SourceKind::Finding),
        ];
        let kind = self.problems.word(place, &raw.kind, &kinds);
        let window = raw.window.unwrap_or(5 * MINUTE);
        let deadline = raw.deadline.unwrap_or(Duration::from_secs(5));
        let (path, secret) = (&raw.path, &raw.secret);
        let endpoint = RawEndpoint { place, path, app: &raw.app, secret, window, deadline };
        let app = self.endpoint(&endpoint);
        self.within_horizon(&endpoint, app.as_ref());
        let policies = app.as_ref().and_then(|key| self.bundle.apps.get(key));
        if kind == Some(SourceKind::Finding) && policies.is_some_and(|app| !app.keeps_answers()) {
            let what = "a finding takes back what the app remembers: set keep_answers of its app";
            self.problems.add_at(place, &raw.kind, what);
        }
        let path = bare(path.get_ref()).to_owned();
        Some(Source { path, app: app?, kind: kind?, secret: secret.clone(), window, deadline })
    }

    fn claims(&mut self, raw: &[RawClaim]) -> BTreeMap<AppKey, ClaimRule> {
        let mut claims = BTreeMap::new();
        for raw in raw {
            let place = format!("ingest.claim of {:?}", raw.app.get_ref());
            let mut wrong = |at: &Spanned<String>, what: String| self.problems.add_at(&place, at, what);
            let key = AppKey::new(raw.app.get_ref().clone()).ok();
            let app = key.and_then(|key| self.bundle.apps.get_key_value(&key));
            match app {
                None => wrong(&raw.app, format!("app {:?} is not configured", raw.app.get_ref())),
                Some((_, app)) if app.tiers.is_empty() => {
                    wrong(&raw.app, "its app has no [[app.tier]]".into())
                }
                Some(_) => {}
            }
            let field = raw.field.get_ref();
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if !(1..=64).contains(&field.len())
                || !field.chars().all(legal)
                || TAKEN.contains(&field.as_str())
            {
                let what =
                    "field must be 1 to 64 letters, digits, - and _, and none that Easemob or this line uses";
                wrong(&raw.field, what.into());
            }
            if !(1..=MOST_SECRETS).contains(&raw.secrets.len()) {
                wrong(&raw.app, format!("it needs from 1 to {MOST_SECRETS} secrets"));
            }
            for why in raw.secrets.iter().filter_map(weakness) {
                wrong(&raw.app, format!("secrets: {why}"));
            }
            let rule = ClaimRule { field: field.clone(), secrets: raw.secrets.clone() };
            if app.is_some_and(|(key, _)| claims.insert(key.clone(), rule).is_some()) {
                wrong(&raw.app, "its app has another entry".into());
            }
        }
        claims
    }

    /// Checks what rules and sources have in common; the app, if it is configured.
    fn endpoint(&mut self, raw: &RawEndpoint<'_>) -> Option<AppKey> {
        let RawEndpoint { place, path, app, .. } = *raw;
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
        if !path.get_ref().starts_with('/') || !path.get_ref().chars().all(legal) {
            let what = "its path must begin with / and hold only letters, digits and - _ . /";
            self.problems.add_at(place, path, what);
        }
        if !self.paths.insert(bare(path.get_ref()).to_owned()) {
            self.problems.add_at(place, path, "its path is used twice, and each path has one secret");
        }
        if let Some(why) = raw.secret.problem(Carrier::Text) {
            self.problems.add(place, format!("secret: {why}"));
        }
        if raw.deadline.is_zero() {
            self.problems.add_at(place, path, "deadline may not be zero");
        }
        if raw.window.is_zero() {
            self.problems.add_at(place, path, "window may not be zero");
        }
        let key = AppKey::new(app.get_ref().clone()).ok();
        let key = key.filter(|key| self.bundle.apps.contains_key(key));
        if key.is_none() {
            self.problems.add_at(place, app, format!("app {:?} is not configured", app.get_ref()));
        }
        key
    }

    /// A request that is sent again within the window must be found to be a duplicate, so the window is shorter than the horizon
    /// of duplicates. This does not hold for messages after delivery: they carry the time of the message, and one that is older
    /// than the horizon is not answered anyway.
    fn within_horizon(&mut self, raw: &RawEndpoint<'_>, app: Option<&AppKey>) {
        let Some(app) = app.and_then(|key| self.bundle.apps.get(key)) else { return };
        if raw.window >= Duration::from_millis(app.duplicate_horizon_ms.max(0).unsigned_abs()) {
            let what = "window must be shorter than duplicate_horizon of its app";
            self.problems.add_at(raw.place, raw.path, what);
        }
    }

    fn codes(&mut self, place: &str, at: &Spanned<String>, raw: &RawCodes) -> Codes {
        for (name, text) in [
            ("intercepted", &raw.intercepted),
            ("blocked", &raw.blocked),
            ("too_many", &raw.too_many),
            ("unavailable", &raw.unavailable),
        ] {
            if text.chars().count() > LONGEST_CODE {
                let what = format!("codes.{name} may have at most {LONGEST_CODE} characters");
                self.problems.add_at(place, at, what);
            }
        }
        Codes::from(raw)
    }

    fn limits(&mut self, raw: &RawLimits) -> Limits {
        let place = "ingest.limits";
        for (name, is_zero) in [
            ("max_body_bytes", raw.max_body_bytes == 0),
            ("header_timeout", raw.header_timeout.is_zero()),
            ("body_timeout", raw.body_timeout.is_zero()),
            ("max_connections", raw.max_connections == 0),
            ("max_in_flight", raw.max_in_flight == 0),
            ("sender_messages_per_second", raw.sender_messages_per_second == 0),
            ("sender_burst_messages", raw.sender_burst_messages == 0),
            ("max_senders", raw.max_senders == 0),
            ("max_queued_records", raw.max_queued_records == 0),
            ("max_queued_kibibytes", raw.max_queued_kibibytes == 0),
        ] {
            if is_zero {
                self.problems.add(place, format!("{name} may not be zero"));
            }
        }
        if u32::try_from(raw.max_in_flight).is_err() || u32::try_from(raw.max_connections).is_err() {
            self.problems.add(place, "max_in_flight and max_connections must be below 2^32");
        }
        // Failures of callers and of the line are counted apart, and both count for Easemob.
        if raw.max_failures.saturating_mul(2) >= FAILURES_THAT_END_ALL {
            self.problems.add(place, format!("max_failures must be below {}", FAILURES_THAT_END_ALL / 2));
        }
        Limits {
            max_body_bytes: raw.max_body_bytes,
            header_timeout: raw.header_timeout,
            body_timeout: raw.body_timeout,
            max_connections: raw.max_connections,
            max_in_flight: raw.max_in_flight,
            max_failures: raw.max_failures,
            sender: SenderLimit {
                per_second: raw.sender_messages_per_second,
                burst: raw.sender_burst_messages,
                remembered: raw.max_senders,
            },
            max_queued_records: raw.max_queued_records,
            max_queued_kibibytes: raw.max_queued_kibibytes,
        }
    }
}

/// What is wrong with a secret that signs claims: whoever guesses it gives tiers.
fn weakness(secret: &Secret) -> Option<String> {
    let is_short = secret.expose().chars().count() < LEAST_SECRET;
    let short = is_short.then(|| format!("a secret needs at least {LEAST_SECRET} characters"));
    secret.problem(Carrier::Text).map(|why| why.to_string()).or(short)
}

/// A path without a slash at its end, as it is compared: people and consoles write either.
fn bare(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        bare => bare,
    }
}

#[cfg(test)]
mod tests;
