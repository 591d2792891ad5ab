//! A database of its own for each test, and records as their writers write them.

use std::collections::BTreeMap;
use std::sync::Arc;

use account::queries::{self, Table};
use account::{AccountConfig, AccountSink, RawAccount, Row, Store};
use clickhouse::{Client, Compression};
use pipeline::Record;
use pipeline::batch::{Block, InsertError, Sink};
use schemas::topic::{Topic, TopicNames};
use schemas::wire;
use serde_json::{Value, json};

macro_rules! example {
    ($path:literal) => {
        serde_json::from_str::<serde_json::Value>(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../schemas/examples/",
            $path
        )))
        .unwrap()
    };
}
pub(crate) use example;

pub(crate) const MESSAGES: usize = 0;
pub(crate) const MODEL_CALLS: usize = 1;
pub(crate) const REPLIES: usize = 2;
pub(crate) const SAFETY_EVENTS: usize = 3;
pub(crate) const REQUESTS: usize = 4;
pub(crate) const FEEDBACK: usize = 5;
pub(crate) const LEDGER: usize = 6;
pub(crate) const RAW_USAGE: usize = 7;
pub(crate) const AUDIT: usize = 8;
pub(crate) const BODIES: usize = 9;

pub(crate) struct Scene {
    pub(crate) database: String,
    pub(crate) store: Store,
    pub(crate) sink: AccountSink,
    client: Client,
}

impl Scene {
    /// Nothing is made yet.
    pub(crate) fn new() -> Self {
        Self::at(&engine(), &format!("account_test_{:016x}", fastrand::u64(..)), "")
    }

    pub(crate) fn at(url: &str, database: &str, more: &str) -> Self {
        let config = config(url, database, more);
        Self {
            database: database.to_owned(),
            store: Store::new(&config),
            sink: AccountSink::new(&config, &TopicNames::new("")).unwrap(),
            client: Client::default().with_url(url).with_compression(Compression::None),
        }
    }

    pub(crate) async fn migrated() -> Self {
        let scene = Self::new();
        scene.store.migrate().await.unwrap();
        scene
    }

    /// The same database under another configuration.
    pub(crate) fn with(&self, more: &str) -> Self {
        Self::at(&engine(), &self.database, more)
    }

    /// The same database behind another address.
    pub(crate) fn through(&self, url: &str) -> Self {
        Self::at(url, &self.database, "")
    }

    /// A statement of an operator, `{db}` standing for the database.
    pub(crate) async fn execute(&self, sql: &str) {
        self.client.query_raw(&sql.replace("{db}", &self.database)).execute().await.unwrap();
    }

    pub(crate) async fn number(&self, sql: &str) -> u64 {
        self.client.query_raw(&sql.replace("{db}", &self.database)).fetch_one().await.unwrap()
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        self.client.query_raw(&sql.replace("{db}", &self.database)).fetch_one().await.unwrap()
    }

    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        self.client.query_raw(&sql.replace("{db}", &self.database)).fetch_all().await.unwrap()
    }

    pub(crate) async fn rows(&self, table: &str) -> u64 {
        self.number(&format!("SELECT count() FROM {{db}}.{table}")).await
    }

    pub(crate) async fn insert(&self, table: usize, token: &str, rows: Vec<Row>) -> Result<(), InsertError> {
        self.sink.insert(&Block { table, token: token.to_owned(), rows }).await
    }

    /// Rows of one table of a record that gives several rows.
    pub(crate) fn rows_of(&self, table: usize, topic: Topic, value: &Value) -> Vec<Row> {
        let rows = self.sink.rows(self.sink.version(), &record(topic, 0, value)).unwrap();
        rows.into_iter().filter(|(of, _)| *of == table).map(|(_, row)| row).collect()
    }

    /// The rows of a record, each with its table.
    pub(crate) fn built_of(&self, record: &Record) -> Vec<(usize, Row)> {
        self.sink.rows(self.sink.version(), record).unwrap()
    }

    pub(crate) async fn query(&self, name: &str, given: &[(&str, &str)]) -> Table {
        let given: BTreeMap<String, String> =
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        queries::run(&self.store, name, &given).await.unwrap()
    }

    /// Holds that every measure of every view is the same in facts and rollup; gives how many there are.
    pub(crate) async fn agree(&self) -> usize {
        let table = self.query("drift", &[]).await;
        for row in 0..table.rows.len() {
            assert_eq!(table.get(row, "facts"), table.get(row, "rolled_up"), "{}", table.to_text());
        }
        table.rows.len()
    }

    pub(crate) async fn drop(self) {
        self.execute("DROP DATABASE {db}").await;
    }
}

/// Address of the engine.
pub(crate) fn engine() -> String {
    std::env::var("HUIYIN_TEST_CLICKHOUSE")
        .expect("set HUIYIN_TEST_CLICKHOUSE to the address of an engine; `dev/stack up` starts one")
}

/// Every table keeps its rows as long as can be.
pub(crate) fn kept() -> toml::Table {
    account::columns_by_table().into_iter().map(|(table, _)| (table.to_owned(), 3_650.into())).collect()
}

/// `more` replaces keys. Rows of the examples' time are kept.
pub(crate) fn config(url: &str, database: &str, more: &str) -> AccountConfig {
    let mut keys: toml::Table = toml::toml! {
        pseudonym_key = "0123456789abcdef0123456789abcdef"
        compression = false
    };
    keys.insert("retention_days".into(), kept().into());
    keys.insert("url".into(), url.into());
    keys.insert("database".into(), database.into());
    keys.extend(more.parse::<toml::Table>().unwrap());
    account::validate(&keys.try_into::<RawAccount>().unwrap()).unwrap()
}

pub(crate) fn record(topic: Topic, offset: i64, value: &Value) -> Record {
    Record {
        topic: Arc::from(topic.name()),
        partition: 3,
        offset,
        timestamp: 0,
        key: None,
        headers: kind(topic, value).map(|kind| (wire::KIND, kind)).into_iter().collect(),
        value: Some(value.to_string().into_bytes()),
    }
}

/// Records of one topic of which not even the values tell the kind have it in their headers.
fn kind(topic: Topic, value: &Value) -> Option<String> {
    let kind = value["kind"].as_str().unwrap_or("correction");
    (topic == Topic::Ledger).then(|| if value["run"].is_string() { "correction" } else { kind }.to_owned())
}

/// The rows of a record in the table that its topic is for.
pub(crate) fn built(sink: &AccountSink, topic: Topic, offset: i64, value: &Value) -> Vec<Row> {
    let rows = sink.rows(sink.version(), &record(topic, offset, value)).unwrap();
    let table = match topic {
        Topic::Decisions => MESSAGES,
        Topic::Deliveries => REPLIES,
        Topic::Ledger => LEDGER,
        _ => MODEL_CALLS,
    };
    rows.into_iter().filter(|(of, _)| *of == table).map(|(_, row)| row).collect()
}

/// A request that ended after these attempts, one record.
pub(crate) fn answered(app: &str, outcome: Value, attempts: &[Value]) -> Value {
    let mut event = example!("events/valid-answered-expired.json");
    event["lane"] = json!(format!("{app}/chat/bot/alice"));
    event["message"] = json!(format!("{app}/chat/1"));
    event["outcome"] = outcome;
    let numbered = attempts.iter().enumerate().map(|(i, attempt)| {
        let mut attempt = attempt.clone();
        attempt["number"] = json!(i + 1);
        attempt
    });
    event["attempts"] = numbered.collect();
    event
}
