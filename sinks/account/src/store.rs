//! Access to the store.

use std::time::Duration;

use clickhouse::{Client, Compression};

use common::Secret;

use crate::StoreError;
use crate::config::AccountConfig;
use crate::insert::{Timeouts, Writer};
use crate::schema::Layout;

/// A ClickHouse database. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// For statements that name the database, which need not exist yet.
    server: Client,
    pub(crate) database: Client,
    pub(crate) writer: Writer,
    timeouts: Timeouts,
    layout: Layout,
    zone: String,
    key: Secret,
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
        let writer = Writer::new(&database, timeouts);
        Self {
            server,
            database,
            writer,
            timeouts,
            layout: Layout::new(config),
            zone: raw.time_zone.clone(),
            key: raw.pseudonym_key.clone(),
        }
    }

    /// The deployment's time zone.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// The key of the pseudonyms.
    pub(crate) fn key(&self) -> &Secret {
        &self.key
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

    /// As [`Store::execute`], for a statement that may take this long.
    pub(crate) async fn execute_within(
        &self,
        attempt: &'static str,
        sql: &str,
        limit: Duration,
    ) -> Result<(), StoreError> {
        limited(attempt, limit, self.server.query_raw(sql).execute()).await
    }

    /// As [`Store::fetch`], for a statement that may take this long.
    pub(crate) async fn fetch_within<T>(
        &self,
        attempt: &'static str,
        sql: &str,
        limit: Duration,
    ) -> Result<Vec<T>, StoreError>
    where
        T: clickhouse::RowOwned + clickhouse::RowRead,
    {
        limited(attempt, limit, self.server.query_raw(sql).fetch_all()).await
    }

    pub(crate) async fn within<T>(
        &self,
        attempt: &'static str,
        answer: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T, StoreError> {
        limited(attempt, self.timeouts.query, answer).await
    }
}

async fn limited<T>(
    attempt: &'static str,
    limit: Duration,
    answer: impl Future<Output = clickhouse::error::Result<T>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer.map_err(|source| StoreError::Statement { attempt, source }),
        Err(_) => Err(StoreError::TimedOut { attempt, limit }),
    }
}
