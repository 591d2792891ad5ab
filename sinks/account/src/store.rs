//! Access to the store.

use std::time::Duration;

use clickhouse::{Client, Compression};

use crate::config::AccountConfig;
use crate::insert::Writer;
use crate::schema::Layout;
use crate::{StoreError, migrations};

/// How long answers are waited for; the client itself would wait for ever.
#[derive(Debug, Clone)]
pub(crate) struct Timeouts {
    pub(crate) send: Duration,
    pub(crate) end: Duration,
    pub(crate) query: Duration,
}

/// A ClickHouse database. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// For statements that name the database, which need not exist yet.
    server: Client,
    pub(crate) database: Client,
    pub(crate) writer: Writer,
    timeouts: Timeouts,
    layout: Layout,
}

impl Store {
    /// Prepares access; nothing is sent yet.
    pub fn new(config: &AccountConfig) -> Self {
        let raw = &config.raw;
        let compression = if raw.compression { Compression::Lz4 } else { Compression::None };
        let server = Client::default()
            .with_url(&raw.url)
            .with_user(&raw.user)
            .with_password(raw.password.expose())
            .with_compression(compression)
            .with_product_info("huiyin", env!("CARGO_PKG_VERSION"));
        let database = server.clone().with_database(&raw.database);
        let timeouts = Timeouts { send: raw.send_timeout, end: raw.end_timeout, query: raw.query_timeout };
        let writer = Writer::new(&database, timeouts.clone());
        Self { server, database, writer, timeouts, layout: Layout::new(config) }
    }

    /// Applies the migrations that are missing and brings retention and deduplication window of the tables to what
    /// is configured. Gives what was done, one line each; empty when there was nothing to do.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails, an applied migration has drifted, or the database is newer.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        migrations::migrate(self).await
    }

    /// The SQL of a migration from nothing, for someone who applies it by hand.
    pub fn print(&self) -> String {
        migrations::script(&self.layout)
    }

    /// Checks that the database is as this version and its configuration need it.
    ///
    /// # Errors
    /// [`StoreError`] says what is missing or differs, and what to do.
    pub async fn check(&self) -> Result<(), StoreError> {
        migrations::check(self).await
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Runs a statement that gives nothing.
    pub(crate) async fn execute(&self, attempt: &'static str, sql: &str) -> Result<(), StoreError> {
        self.within(attempt, self.server.query_raw(sql).execute()).await
    }

    /// Runs a statement that gives rows.
    pub(crate) async fn fetch<T>(&self, attempt: &'static str, sql: &str) -> Result<Vec<T>, StoreError>
    where
        T: clickhouse::RowOwned + clickhouse::RowRead,
    {
        self.within(attempt, self.server.query_raw(sql).fetch_all()).await
    }

    pub(crate) async fn within<T>(
        &self,
        attempt: &'static str,
        answer: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T, StoreError> {
        let limit = self.timeouts.query;
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer.map_err(|source| StoreError::Statement { attempt, source }),
            Err(_) => Err(StoreError::TimedOut { attempt, limit }),
        }
    }
}
