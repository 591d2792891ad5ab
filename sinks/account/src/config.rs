//! The configuration section `[account]`.

use std::time::Duration;

use common::{Carrier, Problem, Secret, duration, secret};
use pipeline::batch::{Limits, RawLimits};
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
}

/// Checks the section.
///
/// # Errors
/// Every [`Problem`] that was found; each begins with the key that it is about.
pub fn validate(raw: &RawAccount) -> Result<AccountConfig, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut add = |place: &str, what: String| {
        problems.push(Problem { place: place.to_owned(), span: None, what });
    };
    for (key, reason) in names(raw).into_iter().chain(numbers(raw)) {
        add("account", format!("{key}: {reason}"));
    }
    let limits = Limits::new("account.batch", &raw.batch);
    if let Err(found) = &limits {
        problems.extend(found.iter().cloned());
    }
    match limits {
        Ok(limits) if problems.is_empty() => Ok(AccountConfig { raw: raw.clone(), limits }),
        _ => Err(problems),
    }
}

/// What is wrong with addresses, names and secrets.
fn names(raw: &RawAccount) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, key, reason| {
        if !holds {
            wrong.push((key, reason))
        }
    };
    let web = raw.url.strip_prefix("http://").or_else(|| raw.url.strip_prefix("https://"));
    let is_address =
        |rest: &str| !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control());
    must(web.is_some(), "url", "it does not start with http:// or https://");
    must(web.is_none_or(is_address), "url", "it is no address of a host");
    must(!raw.url.contains(['@', '?']), "url", "user, password and database have keys of their own");
    must(is_word(&raw.database, "_"), "database", "it is not letters, digits and _");
    let cluster = raw.cluster.as_deref().is_none_or(|name| is_word(name, "_-."));
    must(cluster, "cluster", "it is not letters, digits, _, - and .");
    if let Some(why) = secret::problem(&raw.user, Carrier::Text) {
        must(false, "user", why);
    }
    if let Some(why) = raw.password.problem(Carrier::Text).filter(|_| !raw.password.is_empty()) {
        must(false, "password", why);
    }
    match raw.pseudonym_key.problem(Carrier::Text) {
        Some(why) => must(false, "pseudonym_key", why),
        None => {
            let length = raw.pseudonym_key.expose().len();
            must(length >= SHORTEST_KEY, "pseudonym_key", "it is shorter than 32 characters");
        }
    }
    wrong
}

/// What is wrong with times and counts.
fn numbers(raw: &RawAccount) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, key, reason| {
        if !holds {
            wrong.push((key, reason))
        }
    };
    must(!raw.send_timeout.is_zero(), "send_timeout", "it must be positive");
    must(!raw.end_timeout.is_zero(), "end_timeout", "it must be positive");
    must(!raw.query_timeout.is_zero(), "query_timeout", "it must be positive");
    // The driver sends a block again after its own time-out; ours must have told it before.
    let insert = raw.send_timeout.as_millis() + raw.end_timeout.as_millis();
    let driver = raw.batch.insert_timeout.as_millis();
    must(insert <= driver, "end_timeout", "with send_timeout it is longer than batch.insert_timeout");
    must(raw.deduplication_window >= 10_000, "deduplication_window", "it is less than 10000");
    for (table, days) in raw.retention_days.of_tables() {
        let key = match table {
            "messages" => "retention_days.messages",
            "model_calls" => "retention_days.model_calls",
            _ => "retention_days.replies",
        };
        must((1..=3_650).contains(&days), key, "it is not within 1..=3650");
    }
    wrong
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

    fn refused(more: &str) -> Vec<String> {
        let mut table: toml::Table = SHORT.parse().unwrap();
        table.extend(more.parse::<toml::Table>().unwrap());
        let problems = validate(&table.try_into().unwrap()).unwrap_err();
        problems.into_iter().map(|problem| format!("{}.{}", problem.place, problem.what)).collect()
    }

    #[test]
    fn an_address_and_a_key_are_enough() {
        let raw: RawAccount = toml::from_str(SHORT).unwrap();
        assert_eq!(raw.retention_days, RawRetention { messages: 400, model_calls: 400, replies: 400 });
        let config = validate(&raw).unwrap();
        assert!(!format!("{config:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn keys_that_cannot_work_are_refused_by_name() {
        for (key, told) in [
            ("url = 'tcp://127.0.0.1:9000'", "account.url: it does not start with http://"),
            ("url = 'http://user:secret@127.0.0.1'", "account.url: user, password and database have keys"),
            ("url = 'http://'", "account.url: it is no address"),
            ("url = \"http://127.0.0.1:8123\\n\"", "account.url: it is no address"),
            ("database = 'a`b'", "account.database: "),
            ("cluster = \"x'y\"", "account.cluster: "),
            ("user = ''", "account.user: it is empty"),
            ("user = \"a\\tb\"", "account.user: it holds a control character"),
            ("password = \"hush\\n\"", "account.password: it holds a line break"),
            ("password = ' hush'", "account.password: it begins or ends with a space"),
            ("send_timeout = '0s'", "account.send_timeout: "),
            ("end_timeout = '5m'", "account.end_timeout: "),
            ("query_timeout = '0s'", "account.query_timeout: "),
            ("pseudonym_key = 'short'", "account.pseudonym_key: it is shorter than 32 characters"),
            ("pseudonym_key = ''", "account.pseudonym_key: it is empty"),
            (
                "pseudonym_key = \"0123456789abcdef\\n0123456789abcdef\"",
                "account.pseudonym_key: it holds a line break",
            ),
            ("deduplication_window = 100", "account.deduplication_window: "),
            ("[retention_days]\nreplies = 0", "account.retention_days.replies: "),
            ("[batch]\nblock_rows = 0", "account.batch.block_rows: "),
        ] {
            let problems = refused(key);
            assert!(problems.len() == 1 && problems[0].starts_with(told), "{key}: {problems:?}");
            assert!(!problems[0].contains("hush"));
        }
        let all =
            refused("url = 'x'\npseudonym_key = 'k'\n[batch]\ninserts = 0\n[retention_days]\nmessages = 0");
        assert_eq!(all.len(), 4, "{all:?}");
        assert!(toml::from_str::<RawAccount>("password = 'p'").is_err());
        // Passwords are what a database takes: spaces within and every script.
        for good in ["p w", "пароль", "a@b:c/d?e#f\\\"'"] {
            let mut table: toml::Table = SHORT.parse().unwrap();
            table.insert("password".into(), good.into());
            assert!(validate(&table.try_into().unwrap()).is_ok(), "{good}");
        }
        assert!(toml::from_str::<RawAccount>("url = 'http://x'\npseudonym_key = 'k'\npasswd = 'y'").is_err());
    }
}
