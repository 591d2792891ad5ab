//! One block into its table.

use std::time::Duration;

use clickhouse::error::Error;
use clickhouse::{Client, Row, RowWrite};
use pipeline::batch::InsertError;

use crate::failure::Failure;
use crate::metrics;

/// Far above the driver's largest block. An insert of fewer rows is one block for the store, and so is its token.
const STORE_BLOCK_ROWS: &str = "1048576";

/// Settings of every insert besides its token.
const SETTINGS: [(&str, &str); 9] = [
    ("insert_deduplicate", "1"),
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    // The answer comes when the block is stored, views included.
    ("async_insert", "0"),
    ("wait_end_of_query", "1"),
    // Neither the store's parser nor its squashing may cut the rows into two blocks.
    ("max_insert_block_size", STORE_BLOCK_ROWS),
    ("min_insert_block_size_rows", STORE_BLOCK_ROWS),
    ("min_insert_block_size_bytes", "0"),
    ("input_format_parallel_parsing", "0"),
    // Late records may span many months; the store would call it "too many parts", which reads as "try again".
    ("max_partitions_per_insert_block", "0"),
];

/// How long answers are waited for; the client itself would wait for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the network to take a piece of a block.
    pub(crate) send: Duration,
    /// For the store's answer once a block was sent.
    pub(crate) end: Duration,
    /// For any other statement.
    pub(crate) query: Duration,
}

/// Makes inserts.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    client: Client,
    timeouts: Timeouts,
}

impl Writer {
    pub(crate) fn new(client: &Client, timeouts: Timeouts) -> Self {
        let with = |client: Client, (name, value): &(&str, &str)| client.with_setting(*name, *value);
        Self { client: SETTINGS.iter().fold(client.clone(), with), timeouts }
    }
}

/// Where a block goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Into<'a> {
    /// The table that its rows are of.
    pub(crate) table: &'static str,
    /// The table of that form that takes them: the same, unless it is made anew.
    pub(crate) name: &'a str,
    /// Names the block.
    pub(crate) token: &'a str,
}

/// Stores rows of a table under a token. Columns go by name with their types, so a table that is not what the rows need is refused, not
/// filled with nonsense.
pub(crate) async fn insert<T>(writer: &Writer, into: Into<'_>, rows: &[&T]) -> Result<(), InsertError>
where
    T: RowWrite + for<'a> Row<Value<'a> = T>,
{
    let Err(error) = send(writer, into, rows).await else {
        return Ok(());
    };
    let failure = Failure::of(&error);
    if failure == Failure::Setup {
        // The client remembers columns; after the operator's repair they may be others.
        writer.client.clear_cached_metadata().await;
    }
    metrics::failed(into.table, failure);
    Err(failure.into_insert_error(&error.to_string()))
}

async fn send<T>(writer: &Writer, into: Into<'_>, rows: &[&T]) -> Result<(), Error>
where
    T: RowWrite + for<'a> Row<Value<'a> = T>,
{
    let Writer { client, timeouts } = writer;
    let opening = tokio::time::timeout(timeouts.query, client.insert::<T>(into.name));
    let mut insert = opening
        .await
        .map_err(|_| Error::TimedOut)??
        .with_timeouts(Some(timeouts.send), Some(timeouts.end))
        .with_setting("insert_deduplication_token", into.token);
    for row in rows {
        insert.write(row).await?;
    }
    insert.end().await
}
