//! One block into its table.

use clickhouse::error::Error;
use clickhouse::{Client, RowOwned, RowWrite};
use pipeline::batch::InsertError;

use crate::failure::Failure;
use crate::store::Timeouts;
use crate::{Row, metrics};

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

/// A row as the store knows it: the columns are the fields.
pub(crate) trait Stored: RowOwned + RowWrite + Sync {
    /// Its table.
    const TABLE: &'static str;

    /// The row, if it is one of this table.
    fn of(row: &Row) -> Option<&Self>;
}

/// A client for inserts.
pub(crate) fn writer(client: &Client) -> Client {
    SETTINGS.iter().fold(client.clone(), |client, (name, value)| client.with_setting(*name, *value))
}

/// Stores rows under a token. Columns go by name with their types, so a table that is not what the rows need is
/// refused, not filled with nonsense.
pub(crate) async fn insert<T>(
    writer: &Client,
    timeouts: &Timeouts,
    token: &str,
    rows: &[Row],
) -> Result<(), InsertError>
where
    T: Stored + for<'a> clickhouse::Row<Value<'a> = T>,
{
    let Err(error) = send::<T>(writer, timeouts, token, rows).await else {
        return Ok(());
    };
    let failure = Failure::of(&error);
    if failure == Failure::Setup {
        // The client remembers columns; after the operator's repair they may be others.
        writer.clear_cached_metadata().await;
    }
    metrics::failed(T::TABLE, failure);
    Err(failure.into_insert_error(&error.to_string()))
}

async fn send<T>(writer: &Client, timeouts: &Timeouts, token: &str, rows: &[Row]) -> Result<(), Error>
where
    T: Stored + for<'a> clickhouse::Row<Value<'a> = T>,
{
    let opening = tokio::time::timeout(timeouts.query, writer.insert::<T>(T::TABLE));
    let mut insert = opening
        .await
        .map_err(|_| Error::TimedOut)??
        .with_timeouts(Some(timeouts.send), Some(timeouts.end))
        .with_setting("insert_deduplication_token", token);
    for row in rows {
        let row = T::of(row).ok_or_else(|| Error::InvalidParams("a row of another table".into()))?;
        insert.write(row).await?;
    }
    insert.end().await
}
