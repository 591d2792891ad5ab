//! The configuration section `[account]`.

use std::time::Duration;

use catalogue::duration;
use catalogue::secret::Secret;
use pipeline::batch::{Limits, LimitsError, RawLimits};
use serde::Deserialize;

/// A pseudonym can be undone by trying keys, so short ones are refused.
const SHORTEST_KEY: usize = 32;

/// The section as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAccount {
    /// Base address of ClickHouse's HTTP interface: `http://` or `https://`, host and port.
    pub url: String,
    /// Database of the tables. `huiyin` by default.
    #[serde(default = "default_database")]
    pub database: String,
    /// User. `default` by default.
    #[serde(default = "default_user")]
    pub user: String,
    /// The user's password; empty by default.
    #[serde(default)]
    pub password: Secret,
    /// Name of the cluster, if there is one: tables are then replicated and made on every node.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Blocks travel compressed (LZ4). True by default; switch it off on a loopback interface.
    #[serde(default = "default_compression")]
    pub compression: bool,
    /// Longest wait for the network to take a piece of a block, connecting included. "10s" by default.
    #[serde(default = "default_send_timeout", with = "duration")]
    pub send_timeout: Duration,
    /// Longest wait for the store's answer once a block was sent. "45s" by default.
    #[serde(default = "default_end_timeout", with = "duration")]
    pub end_timeout: Duration,
    /// Longest time of any other statement, connecting included. "30s" by default.
    #[serde(default = "default_query_timeout", with = "duration")]
    pub query_timeout: Duration,
    /// Key of the pseudonyms that stand for user ids and conversations, at least 32 characters. With another key the
    /// same user gets another pseudonym.
    pub pseudonym_key: Secret,
    /// Blocks per table whose tokens the store remembers, at least 10000. 50000 by default: more than an hour of
    /// blocks at ten per second.
    #[serde(default = "default_window")]
    pub deduplication_window: u32,
    /// Days that rows are kept.
    #[serde(default)]
    pub retention_days: RawRetention,
    /// Sizes, ages and memory of the batches.
    #[serde(default)]
    pub batch: RawLimits,
}

/// Days that the rows of each table are kept, 1 to 3650.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRetention {
    /// Of `messages`. 400 by default.
    pub messages: u16,
    /// Of `model_calls`. 400 by default.
    pub model_calls: u16,
    /// Of `replies`. 400 by default.
    pub replies: u16,
}

impl Default for RawRetention {
    fn default() -> Self {
        Self { messages: 400, model_calls: 400, replies: 400 }
    }
}

impl RawRetention {
    /// The tables and their days.
    pub(crate) fn of_tables(&self) -> [(&'static str, u16); 3] {
        [("messages", self.messages), ("model_calls", self.model_calls), ("replies", self.replies)]
    }
}

fn default_database() -> String {
    "huiyin".into()
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
    limits: Limits,
}

/// Why the section cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// One key is wrong.
    #[error("read account.{key}: {reason}")]
    Key {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A limit of the batches is wrong.
    #[error("read account.{0}")]
    Batch(LimitsError),
}

impl ConfigError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Key { key, .. } => key,
            Self::Batch(error) => error.label(),
        }
    }
}

impl AccountConfig {
    /// Checks the section.
    ///
    /// # Errors
    /// [`ConfigError`] names the first key that cannot be used.
    pub fn new(raw: RawAccount) -> Result<Self, ConfigError> {
        let must =
            |holds: bool, key, reason| if holds { Ok(()) } else { Err(ConfigError::Key { key, reason }) };
        let web = raw.url.strip_prefix("http://").or_else(|| raw.url.strip_prefix("https://"));
        must(web.is_some_and(|rest| !rest.is_empty()), "url", "it does not start with http:// or https://")?;
        must(!raw.url.contains(['@', '?']), "url", "user, password and database have keys of their own")?;
        must(is_word(&raw.database, "_"), "database", "it is not letters, digits and _")?;
        let cluster = raw.cluster.as_deref().is_none_or(|name| is_word(name, "_-."));
        must(cluster, "cluster", "it is not letters, digits, _, - and .")?;
        for (key, timeout) in [
            ("send_timeout", raw.send_timeout),
            ("end_timeout", raw.end_timeout),
            ("query_timeout", raw.query_timeout),
        ] {
            must(!timeout.is_zero(), key, "it must be positive")?;
        }
        // The driver sends a block again after its own time-out; ours must have told it before.
        let insert = (raw.send_timeout + raw.end_timeout).as_millis();
        let driver = u128::from(raw.batch.insert_timeout_ms);
        must(insert <= driver, "end_timeout", "with send_timeout it is longer than batch.insert_timeout_ms")?;
        let key = raw.pseudonym_key.expose().len();
        must(key >= SHORTEST_KEY, "pseudonym_key", "it is shorter than 32 characters")?;
        must(raw.deduplication_window >= 10_000, "deduplication_window", "it is less than 10000")?;
        let days = raw.retention_days.of_tables();
        must(days.iter().all(|(_, d)| (1..=3_650).contains(d)), "retention_days", "not within 1..=3650")?;
        let limits = Limits::new(&raw.batch).map_err(ConfigError::Batch)?;
        Ok(Self { raw, limits })
    }

    /// Limits for the batch driver.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

fn is_word(name: &str, others: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = r#"
        url = "http://127.0.0.1:8123"
        pseudonym_key = "0123456789abcdef0123456789abcdef"
    "#;

    fn refused(more: &str) -> &'static str {
        let mut table: toml::Table = SHORT.parse().unwrap();
        table.extend(more.parse::<toml::Table>().unwrap());
        AccountConfig::new(table.try_into().unwrap()).unwrap_err().label()
    }

    #[test]
    fn an_address_and_a_key_are_enough() {
        let raw: RawAccount = toml::from_str(SHORT).unwrap();
        assert_eq!(raw.retention_days, RawRetention { messages: 400, model_calls: 400, replies: 400 });
        let config = AccountConfig::new(raw).unwrap();
        assert!(!format!("{config:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn keys_that_cannot_work_are_refused_by_name() {
        assert_eq!(refused("url = 'tcp://127.0.0.1:9000'"), "url");
        assert_eq!(refused("url = 'http://user:secret@127.0.0.1'"), "url");
        assert_eq!(refused("database = 'a`b'"), "database");
        assert_eq!(refused("cluster = \"x'y\""), "cluster");
        assert_eq!(refused("send_timeout = '0s'"), "send_timeout");
        assert_eq!(refused("end_timeout = '5m'"), "end_timeout");
        assert_eq!(refused("pseudonym_key = 'short'"), "pseudonym_key");
        assert_eq!(refused("deduplication_window = 100"), "deduplication_window");
        assert_eq!(refused("[retention_days]\nreplies = 0"), "retention_days");
        assert_eq!(refused("[batch]\nblock_rows = 0"), "block_rows");
        assert!(toml::from_str::<RawAccount>("url = 'http://x'\npseudonym_key = 'k'\npasswd = 'y'").is_err());
    }
}
