//! How many rows each record of the log has in a table, for those who compare.

use clickhouse::Row;
use serde::Deserialize;

use crate::tables::definitions;
use crate::{Store, StoreError};

/// Rows of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Row, Deserialize)]
pub struct OfRecord {
    /// Partition of the record.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Rows that say they were made of it.
    pub rows: u64,
}

/// A range of one partition of a topic, by its full name.
#[derive(Debug, Clone, Copy)]
pub struct Range<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The first offset.
    pub first: i64,
    /// The first offset that does not belong to it any more.
    pub end: i64,
}

impl Store {
    /// The records of a range that a table has rows of, with how many they are.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer. An unknown table has no rows.
    pub async fn rows_of_records(&self, table: &str, range: Range<'_>) -> Result<Vec<OfRecord>, StoreError> {
        let Some(table) = definitions().find(|definition| definition.name == table) else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "SELECT source_partition AS partition, source_offset AS offset, count() AS rows FROM {} \
             WHERE source_topic = {{topic:String}} AND source_partition = {{partition:Int32}} \
             AND source_offset >= {{first:Int64}} AND source_offset < {{end:Int64}} GROUP BY partition, offset",
            table.name
        );
        let asked = (self.database.query_raw(&sql).param("topic", range.topic))
            .param("partition", range.partition)
            .param("first", range.first)
            .param("end", range.end);
        self.within("count rows of records", asked.fetch_all()).await
    }
}
