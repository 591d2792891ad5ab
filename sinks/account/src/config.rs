//! The configuration section `[account]`.

use std::path::PathBuf;
use std::time::Duration;

use common::{Carrier, Problem, Problems, Secret, duration, secret};
use pipeline::batch::{Limits, RawLimits};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::invoice::{self, RawInvoice, RawRate};
use crate::pseudonym::Pseudonyms;
use crate::queries::zone_of;
use crate::retention::{RawRetention, Retention};

/// The table of deliveries.
pub const DELIVERIES: &str = "replies";
/// Whoever guesses the key can undo pseudonyms, so short keys are refused.
const SHORTEST_KEY: usize = 32;

/// Section `[account]`: where rows are stored, and how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAccount {
    /// Base address of ClickHouse's HTTP interface: `http://` or `https://`, host and port.
    pub url: String,
    /// Database of the tables. `"huiyin"` by default.
    #[serde(default = "default_database")]
    pub database: String,
    /// User who owns the tables. `"default"` by default.
    #[serde(default = "default_user")]
    pub user: String,
    /// The user's password; empty by default.
    #[serde(default)]
    pub password: Secret,
    /// Name of the cluster: tables are then replicated and made on every node. By default there is none.
    #[serde(default)]
    pub cluster: Option<String>,
    /// IANA name of the time zone in which queries read times and cut days, such as `Asia/Shanghai`. `"UTC"` by default.
    #[serde(default = "default_zone")]
    pub time_zone: String,
    /// Folder of queries of your own, `.sql` files with the same head as the shipped ones; a relative path begins at this file's folder.
    #[serde(default)]
    pub queries: Option<PathBuf>,
    /// Whether blocks travel compressed (LZ4). `true` by default; switch it off on a loopback interface.
    #[serde(default = "default_compression")]
    pub compression: bool,
    /// Longest wait for the network to take a piece of a block, connecting included. `"10s"` by default.
    #[serde(default = "default_send_timeout", with = "duration")]
    #[schemars(with = "String")]
    pub send_timeout: Duration,
    /// Longest wait for the store's answer once a block was sent. With `send_timeout` it
    /// must not be longer than the driver waits for an insert. `"45s"` by default.
    #[serde(default = "default_end_timeout", with = "duration")]
    #[schemars(with = "String")]
    pub end_timeout: Duration,
    /// Longest time of any other statement, connecting included. `"30s"` by default.
    #[serde(default = "default_query_timeout", with = "duration")]
    #[schemars(with = "String")]
    pub query_timeout: Duration,
    /// Key of the pseudonyms that stand for users and conversations, at least 32 characters. With another key the same user gets
    /// another pseudonym.
    pub pseudonym_key: Secret,
    /// Blocks per table that the store recognises when they come again, at least 10000. 50000 by default: more than an hour of blocks
    /// at ten per second.
    #[serde(default = "default_window")]
    pub deduplication_window: u32,
    /// Whether the table `bodies` is filled: texts of messages and answers, personal data masked, kept for days only. `false` by default.
    #[serde(default)]
    pub bodies: bool,
    /// Invoices that `huiyin reconcile` can read.
    #[serde(default)]
    pub invoice: Vec<RawInvoice>,
    /// Rates between currencies. Without one nothing is converted.
    #[serde(default)]
    pub rate: Vec<RawRate>,
    /// Days that the rows of each table are kept.
    #[serde(default)]
    pub retention_days: RawRetention,
    /// Sizes, ages and memory of the batches.
    #[serde(default)]
    pub batch: RawLimits,
}

fn default_database() -> String {
    "huiyin".into()
}

fn default_zone() -> String {
    "UTC".into()
}

fn default_user() -> String {
    "default".into()
}

fn default_compression() -> bool {
    true
}

fn default_send_timeout() -> Duration {
    Duration::from_secs(10)
}

fn default_end_timeout() -> Duration {
    Duration::from_secs(45)
}

fn default_query_timeout() -> Duration {
    Duration::from_secs(30)
}

fn default_window() -> u32 {
    50_000
}

/// The validated section.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    pub(crate) raw: RawAccount,
    pub(crate) retention: Retention,
    limits: Limits,
}

/// Why the sink cannot be built from a validated section.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read account.{key}: {reason}")]
pub struct ConfigError {
    pub(crate) key: &'static str,
    pub(crate) reason: &'static str,
}

impl ConfigError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        self.key
    }
}

impl AccountConfig {
    /// Limits for the batch driver.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What stands for conversations in the tables.
    ///
    /// # Errors
    /// [`ConfigError`] when the pseudonyms' key cannot be used.
    pub fn pseudonyms(&self) -> Result<Pseudonyms, ConfigError> {
        Pseudonyms::new(&self.raw.pseudonym_key)
            .map_err(|_| ConfigError { key: "pseudonym_key", reason: "it is no key for HMAC-SHA256" })
    }

    /// Days that the facts of deliveries are kept, which hold no text: what was sent to whom, and when.
    pub fn days_of_deliveries(&self) -> u16 {
        self.retention.of(DELIVERIES).unwrap_or_default()
    }
}

/// Checks the section.
///
/// # Errors
/// Every [`Problem`] that was found; each begins with the key that it is about.
pub fn validate(raw: &RawAccount) -> Result<AccountConfig, Vec<Problem>> {
    let mut problems = Problems::default();
    check_access(raw, &mut problems);
    check_times(raw, &mut problems);
    invoice::check(&raw.invoice, &raw.rate, &mut problems);
    let retention = Retention::new(&raw.retention_days, &mut problems);
    let limits = Limits::new("account.batch", &raw.batch).map_err(|found| problems.extend(found)).ok();
    problems.finish(limits.map(|limits| AccountConfig { raw: raw.clone(), retention, limits }))
}

/// Addresses, names and secrets.
fn check_access(raw: &RawAccount, problems: &mut Problems) {
    let web = raw.url.strip_prefix("http://").or_else(|| raw.url.strip_prefix("https://"));
    let is_address =
        |rest: &str| !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control());
    let is_cluster = raw.cluster.as_deref().is_none_or(|name| is_word(name, "_-."));
    let key_length = raw.pseudonym_key.expose().len();
    for (is_good, key, reason) in [
        (web.is_some(), "url", "it does not start with http:// or https://"),
        (web.is_none_or(is_address), "url", "it is no address of a host"),
        (!raw.url.contains(['@', '?']), "url", "user, password and database have keys of their own"),
        (is_word(&raw.database, "_"), "database", "it is not letters, digits and _"),
        (zone_of(&raw.time_zone).is_some(), "time_zone", "it is no time zone such as Asia/Shanghai"),
        (is_cluster, "cluster", "it is not letters, digits, _, - and ."),
        (key_length == 0 || key_length >= SHORTEST_KEY, "pseudonym_key", "it is shorter than 32 characters"),
    ] {
        if !is_good {
            problems.add("account", format!("{key}: {reason}"));
        }
    }
    let password = Some(&raw.password).filter(|password| !password.is_empty());
    for (key, problem) in [
        ("user", secret::problem(&raw.user, Carrier::Text)),
        ("password", password.and_then(|password| password.problem(Carrier::Text))),
        ("pseudonym_key", raw.pseudonym_key.problem(Carrier::Text)),
    ] {
        if let Some(problem) = problem {
            problems.add("account", format!("{key}: {problem}"));
        }
    }
}

/// Times and counts.
fn check_times(raw: &RawAccount, problems: &mut Problems) {
    // The driver sends a block again after its own time-out: the insert must have ended before.
    let insert = raw.send_timeout.as_millis() + raw.end_timeout.as_millis();
    let driver = raw.batch.insert_timeout.as_millis();
    for (is_good, key, reason) in [
        (!raw.send_timeout.is_zero(), "send_timeout", "it must be positive"),
        (!raw.end_timeout.is_zero(), "end_timeout", "it must be positive"),
        (!raw.query_timeout.is_zero(), "query_timeout", "it must be positive"),
        (insert <= driver, "end_timeout", "with send_timeout it is longer than batch.insert_timeout"),
        (raw.deduplication_window >= 10_000, "deduplication_window", "it is less than 10000"),
    ] {
        if !is_good {
            problems.add("account", format!("{key}: {reason}"));
        }
    }
}

fn is_word(name: &str, others: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
pub(crate) mod tests;
