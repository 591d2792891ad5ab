//! From the raw section to the checked one: every problem is found in one go, with the place where it stands.

use std::collections::BTreeSet;
use std::time::Duration;

use catalogue::Bundle;
use common::Problem;
use schemas::ids::AppKey;
use toml::Spanned;

use super::raw::{RawCodes, RawIngest, RawLimits, RawRule, RawSource};
use super::{Codes, Config, Limits, Rule, SenderLimit, Source, SourceKind, Stage, TlsFiles};
use common::{Carrier, Secret};

const MINUTE: Duration = Duration::from_secs(60);
/// For how long a callback after delivery is news: Easemob brings what it stored for three days, and some time passes.
const DAYS: Duration = Duration::from_secs(4 * 24 * 3_600);
/// So many failures of an app make Easemob switch its rules off.
const FAILURES_THAT_END_ALL: usize = 90;
/// Easemob refuses replies of more than 1,000 characters; a code is a part of one.
const LONGEST_CODE: usize = 200;

/// Checks the section against the bundle that it serves.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawIngest, bundle: &Bundle) -> Result<Config, Vec<Problem>> {
    let mut check = Check { bundle, paths: BTreeSet::new(), problems: Vec::new() };
    let rules: Vec<Rule> = raw.rule.iter().filter_map(|rule| check.rule(rule)).collect();
    let sources: Vec<Source> = raw.source.iter().filter_map(|source| check.source(source)).collect();
    let limits = check.limits(&raw.limits);
    if raw.rule.is_empty() {
        check.add("ingest", None, "it has no rule");
    }
    let tls =
        raw.tls.as_ref().map(|t| TlsFiles { certificates: t.cert_file.clone(), key: t.key_file.clone() });
    let config = Config { listen: raw.listen, tls, rules, sources, limits };
    if check.problems.is_empty() { Ok(config) } else { Err(check.problems) }
}

struct Check<'a> {
    bundle: &'a Bundle,
    paths: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, place: &str, at: Option<&Spanned<String>>, what: impl Into<String>) {
        self.problems.push(Problem {
            place: place.to_owned(),
            span: at.map(Spanned::span),
            what: what.into(),
        });
    }

    fn rule(&mut self, raw: &RawRule) -> Option<Rule> {
        let place = format!("ingest.rule {:?}", raw.path.get_ref());
        let stage = self.word(&place, &raw.stage, &[("pre", Stage::Pre), ("post", Stage::Post)]);
        let (window, deadline) = match stage {
            Some(Stage::Post) => (DAYS, Duration::from_secs(5)),
            _ => (5 * MINUTE, Duration::from_millis(150)),
        };
        let (window, deadline) = (raw.window.unwrap_or(window), raw.deadline.unwrap_or(deadline));
        let app = self.door(&place, (&raw.path, &raw.app), &raw.secret, [window, deadline]);
        if stage == Some(Stage::Pre) {
            self.within_horizon(&place, &raw.path, app.as_ref(), window);
        }
        Some(Rule {
            path: bare(raw.path.get_ref()).to_owned(),
            app: app?,
            stage: stage?,
            secret: raw.secret.clone(),
            window,
            deadline,
            codes: self.codes(&place, &raw.path, &raw.codes),
        })
    }

    fn source(&mut self, raw: &RawSource) -> Option<Source> {
        let place = format!("ingest.source {:?}", raw.path.get_ref());
        let kinds = [("feedback", SourceKind::Feedback), ("takeover", SourceKind::Takeover)];
        let kind = self.word(&place, &raw.kind, &kinds);
        let window = raw.window.unwrap_or(5 * MINUTE);
        let deadline = raw.deadline.unwrap_or(Duration::from_secs(5));
        let app = self.door(&place, (&raw.path, &raw.app), &raw.secret, [window, deadline]);
        self.within_horizon(&place, &raw.path, app.as_ref(), window);
        let path = bare(raw.path.get_ref()).to_owned();
        Some(Source { path, app: app?, kind: kind?, secret: raw.secret.clone(), window, deadline })
    }

    /// What rules and sources have in common.
    fn door(
        &mut self,
        place: &str,
        (path, app): (&Spanned<String>, &Spanned<String>),
        secret: &Secret,
        [window, deadline]: [Duration; 2],
    ) -> Option<AppKey> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
        if !path.get_ref().starts_with('/') || !path.get_ref().chars().all(legal) {
            self.add(
                place,
                Some(path),
                "its path must begin with / and hold only letters, digits and - _ . /",
            );
        }
        if !self.paths.insert(bare(path.get_ref()).to_owned()) {
            self.add(place, Some(path), "its path is used twice, and each path has one secret");
        }
        if let Some(why) = secret.problem(Carrier::Text) {
            self.add(place, None, format!("secret: {why}"));
        }
        if deadline.is_zero() {
            self.add(place, Some(path), "deadline may not be zero");
        }
        if window.is_zero() {
            self.add(place, Some(path), "window may not be zero");
        }
        let key = AppKey::new(app.get_ref().clone()).ok();
        let key = key.filter(|key| self.bundle.apps.contains_key(key));
        if key.is_none() {
            self.add(place, Some(app), format!("app {:?} is not configured", app.get_ref()));
        }
        key
    }

    /// What comes again within the window falls as a duplicate. A message after delivery carries the time of the message,
    /// and one that is older than the horizon is not answered: nothing need fall there.
    fn within_horizon(
        &mut self,
        place: &str,
        path: &Spanned<String>,
        app: Option<&AppKey>,
        window: Duration,
    ) {
        let Some(app) = app.and_then(|key| self.bundle.apps.get(key)) else { return };
        if window >= Duration::from_millis(app.duplicate_horizon_ms.max(0).unsigned_abs()) {
            self.add(place, Some(path), "window must be shorter than duplicate_horizon of its app");
        }
    }

    fn codes(&mut self, place: &str, at: &Spanned<String>, raw: &RawCodes) -> Codes {
        let mut code = |name: &str, text: &str| {
            if text.chars().count() > LONGEST_CODE {
                self.add(place, Some(at), format!("codes.{name} may have at most {LONGEST_CODE} characters"));
            }
            Some(text.to_owned()).filter(|text| !text.is_empty())
        };
        Codes {
            intercepted: code("intercepted", &raw.intercepted),
            blocked: code("blocked", &raw.blocked),
            too_many: code("too_many", &raw.too_many),
            unavailable: code("unavailable", &raw.unavailable),
        }
    }

    fn limits(&mut self, raw: &RawLimits) -> Limits {
        let mut positive = |name: &str, zero: bool| {
            if zero {
                self.add("ingest.limits", None, format!("{name} may not be zero"));
            }
        };
        positive("max_body_bytes", raw.max_body_bytes == 0);
        positive("header_timeout", raw.header_timeout.is_zero());
        positive("body_timeout", raw.body_timeout.is_zero());
        positive("max_connections", raw.max_connections == 0);
        positive("max_in_flight", raw.max_in_flight == 0);
        positive("sender_messages_per_second", raw.sender_messages_per_second == 0);
        positive("sender_burst_messages", raw.sender_burst_messages == 0);
        positive("max_senders", raw.max_senders == 0);
        positive("max_queued_records", raw.max_queued_records == 0);
        positive("max_queued_kibibytes", raw.max_queued_kibibytes == 0);
        if u32::try_from(raw.max_in_flight).is_err() || u32::try_from(raw.max_connections).is_err() {
            self.add("ingest.limits", None, "max_in_flight and max_connections must be below 2^32");
        }
        // Callers and line are counted apart.
        if raw.max_failures * 2 >= FAILURES_THAT_END_ALL {
            self.add(
                "ingest.limits",
                None,
                format!("max_failures must be below {}", FAILURES_THAT_END_ALL / 2),
            );
        }
        let sender = SenderLimit {
            per_second: raw.sender_messages_per_second,
            burst: raw.sender_burst_messages,
            remembered: raw.max_senders,
        };
        Limits {
            max_body_bytes: raw.max_body_bytes,
            header_timeout: raw.header_timeout,
            body_timeout: raw.body_timeout,
            max_connections: raw.max_connections,
            max_in_flight: raw.max_in_flight,
            max_failures: raw.max_failures,
            sender,
            max_queued_records: raw.max_queued_records,
            max_queued_kibibytes: raw.max_queued_kibibytes,
        }
    }

    /// One of a closed list of words.
    fn word<T: Copy>(&mut self, place: &str, at: &Spanned<String>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| word == at.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.add(place, Some(at), format!("{:?} is none of {}", at.get_ref(), known.join(", ")));
        }
        found
    }
}

/// A path as it is compared: people and consoles put a slash at its end, or do not.
fn bare(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        bare => bare,
    }
}

#[cfg(test)]
mod tests;
