//! Where a row comes from.

use pipeline::Record;

/// Bit of a version that says that texts are kept.
const BODIES: u32 = 1 << 8;

/// Version of the code that builds rows, and whether it keeps texts. A range is built again as it was opened, so what a setting changes
/// of the rows is part of the version that stands in the commit metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) builder: u8,
    pub(crate) bodies: bool,
}

impl Version {
    /// As commit metadata have it.
    pub(crate) fn number(self) -> u32 {
        u32::from(self.builder) | if self.bodies { BODIES } else { 0 }
    }

    /// From what commit metadata have, whatever code wrote that.
    pub(crate) fn of_number(number: u32) -> Option<Self> {
        let builder = u8::try_from(number & !BODIES).ok()?;
        Some(Self { builder, bodies: number & BODIES != 0 })
    }
}

/// Place of a record in the log, and version of the code that builds its rows: columns of every table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// When the record was appended, by the broker.
    pub(crate) appended_at: i64,
    pub(crate) builder: u8,
}

impl<'a> Source<'a> {
    pub(crate) fn of(record: &'a Record, builder: u8) -> Self {
        let Record { topic, partition, offset, timestamp, .. } = record;
        Self { topic, partition: *partition, offset: *offset, appended_at: *timestamp, builder }
    }
}
