//! One block into its table.

use std::time::Duration;

use clickhouse::Client;
use clickhouse::error::Error;
use pipeline::batch::InsertError;

use crate::binary;
use crate::columns::columns;
use crate::failure::Failure;
use crate::metrics;
use crate::tables::Definition;

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
    pub(crate) table: &'static Definition,
    /// The columns that they have, in their order.
    pub(crate) fields: &'static [&'static str],
    /// The table of that form that takes them: the same, unless it is made anew.
    pub(crate) name: &'a str,
    /// Names the block.
    pub(crate) token: &'a str,
}

/// Bytes that are handed to the network at a time: no more than allocators keep for the next piece.
const PIECE: usize = 256 << 10;

/// Stores rows of a table, encoded already, under a token. Columns go by name with the types that the table is made with, so a table
/// that is not what the rows need is refused, not filled with nonsense.
pub(crate) async fn insert<'a>(
    writer: &Writer,
    into: Into<'_>,
    rows: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<(), InsertError> {
    let Err(error) = send(writer, into, rows).await else {
        return Ok(());
    };
    let failure = Failure::of(&error);
    metrics::failed(into.table.name, failure);
    Err(failure.into_insert_error(&error.to_string()))
}

async fn send<'a>(
    writer: &Writer,
    into: Into<'_>,
    rows: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<(), Error> {
    let Writer { client, timeouts } = writer;
    let fields = into.fields.join("`, `");
    let sql = format!("INSERT INTO `{}` (`{fields}`) FORMAT RowBinaryWithNamesAndTypes", into.name);
    let mut insert = client
        .insert_formatted_with(sql)
        .with_timeouts(Some(timeouts.send), Some(timeouts.end))
        .with_setting("insert_deduplication_token", into.token);
    let mut piece = head(into)?;
    piece.reserve(rows.clone().map(<[u8]>::len).sum::<usize>().min(PIECE));
    for row in rows {
        if piece.len() + row.len() > PIECE {
            insert.send(std::mem::replace(&mut piece, Vec::with_capacity(PIECE)).into()).await?;
        }
        piece.extend_from_slice(row);
    }
    insert.send(piece.into()).await?;
    insert.end().await
}

/// Names and types of the columns.
fn head(into: Into<'_>) -> Result<Vec<u8>, Error> {
    let known = columns(into.table);
    let kind = |field: &&'static str| {
        let column = known.iter().find(|column| column.name == *field);
        column.map(|column| (*field, column.kind)).ok_or_else(|| {
            Error::SchemaMismatch(format!("no migration gives {} the column {field}", into.table.name))
        })
    };
    let columns: Vec<(&str, &str)> = into.fields.iter().map(kind).collect::<Result<_, _>>()?;
    let mut head = Vec::new();
    binary::append_head(columns.into_iter(), &mut head);
    Ok(head)
}
