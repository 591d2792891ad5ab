//! What is read from a partition and what is written to one, as bytes.

use std::sync::Arc;

/// One header of a record: its name and its bytes.
pub type Header = (String, Vec<u8>);

/// One record as it was read, copied out of the client's buffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic it was read from.
    pub topic: Arc<str>,
    /// Partition it was read from.
    pub partition: i32,
    /// Its offset in that partition.
    pub offset: i64,
    /// The broker's append time in milliseconds since the epoch.
    pub timestamp: i64,
    /// Key bytes, if the writer gave any.
    pub key: Option<Vec<u8>>,
    /// Headers in the order in which they were written.
    pub headers: Vec<Header>,
    /// Value bytes; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// Bytes of the last header of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// Size that counts against memory budgets, in bytes: key, value and headers.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// One record to be written. The partition is always explicit: its writer knows where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Topic to write to.
    pub topic: Arc<str>,
    /// Partition to write to.
    pub partition: i32,
    /// Key bytes; `None` for control records.
    pub key: Option<Vec<u8>>,
    /// Headers in the order in which they are written.
    pub headers: Vec<Header>,
    /// Value bytes; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Outgoing {
    /// Size on the wire before compression, in bytes, without the client's own overhead.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// Why a record cannot be processed by this step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The record itself is bad and always will be: it goes to the dead letters, the partition goes on.
    #[error("refuse record: {reason}")]
    DeadLetter {
        /// A closed label of the reason, for the header and the counter.
        reason: &'static str,
    },
    /// This version cannot read the record but a newer one may: the partition is paused and alerts.
    #[error("pause partition: {reason}")]
    Pause {
        /// A closed label of the reason, for the log and the gauge.
        reason: &'static str,
    },
}
