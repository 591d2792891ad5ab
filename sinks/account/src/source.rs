//! Where a row comes from.

use pipeline::Record;

/// Place of a record in the log, and version of the code that builds its rows: columns of every table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) builder: u8,
}

impl<'a> Source<'a> {
    pub(crate) fn of(record: &'a Record, builder: u8) -> Self {
        let Record { topic, partition, offset, .. } = record;
        Self { topic, partition: *partition, offset: *offset, builder }
    }
}
