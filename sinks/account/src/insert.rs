//! One block into its table.

use clickhouse::Client;
use clickhouse::error::Error;
use pipeline::batch::InsertError;

use crate::failure::Failure;
use crate::store::Timeouts;
use crate::tables::Table;
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

/// Stores rows of a table under a token. Columns go by name with their types, so a table that is not what the rows need is refused, not
/// filled with nonsense.
pub(crate) async fn insert<T: Table>(writer: &Writer, token: &str, rows: &[Row]) -> Result<(), InsertError> {
    let Err(error) = send::<T>(writer, token, rows).await else {
        return Ok(());
    };
    let failure = Failure::of(&error);
    if failure == Failure::Setup {
        // The client remembers columns; after the operator's repair they may be others.
        writer.client.clear_cached_metadata().await;
    }
    metrics::failed(T::DEFINITION.name, failure);
    Err(failure.into_insert_error(&error.to_string()))
}

async fn send<T: Table>(
    Writer { client, timeouts }: &Writer,
    token: &str,
    rows: &[Row],
) -> Result<(), Error> {
    let opening = tokio::time::timeout(timeouts.query, client.insert::<T::Row>(T::DEFINITION.name));
    let mut insert = opening
        .await
        .map_err(|_| Error::TimedOut)??
        .with_timeouts(Some(timeouts.send), Some(timeouts.end))
        .with_setting("insert_deduplication_token", token);
    for row in rows {
        let row = row.get::<T::Row>().ok_or_else(|| Error::InvalidParams("a row of another table".into()))?;
        insert.write(row).await?;
    }
    insert.end().await
}
