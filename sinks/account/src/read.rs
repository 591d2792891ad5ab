//! From a record's bytes to what its columns hold.

use pipeline::{Record, Refused};
use schemas::Millis;
use schemas::wire;

/// The store's seconds end in 2106; nothing of ours is later.
const LAST_MOMENT: Millis = u32::MAX as Millis * 1_000;

/// Decodes a record; what a newer version may be able to read pauses the partition.
pub(crate) fn decode<R: wire::Record>(record: &Record) -> Result<R, Refused> {
    wire::decode(|name| record.header(name), record.value.as_deref()).map_err(|error| {
        let reason = error.label();
        if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
    })
}

/// A time that decides partition and expiry of a row.
pub(crate) fn moment(time: Millis) -> Result<Millis, Refused> {
    said(time).ok_or(Refused::DeadLetter { reason: "time_out_of_range" })
}

/// A time that somebody else told: unknown when it cannot be.
pub(crate) fn said(time: Millis) -> Option<Millis> {
    (0..=LAST_MOMENT).contains(&time).then_some(time)
}

/// A length of a list as a count.
pub(crate) fn count(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Where in the log a row comes from, and which version of the code builds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) builder: u8,
}

impl Source {
    pub(crate) fn of(record: &Record, builder: u8) -> Self {
        let Record { topic, partition, offset, .. } = record;
        Self { topic: topic.to_string(), partition: *partition, offset: *offset, builder }
    }
}
