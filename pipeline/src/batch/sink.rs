//! The contract between the driver and the store.

use std::future::Future;

use crate::{Record, Refused};

/// Rows of one table, built from one range of one partition.
#[derive(Debug)]
pub struct Block<R> {
    /// Index of the table in [`Sink::tables`].
    pub table: usize,
    /// `topic:partition:first-last`, and nothing else: the store's deduplication token. After
    /// [`InsertError::Rejected`] the offsets are those of a part of the range.
    pub token: String,
    /// The rows, in the order of their records.
    pub rows: Vec<R>,
}

/// Why a block was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The store cannot be reached or is busy, or the outcome is unknown: the same block is sent again.
    #[error("insert block: {0}")]
    Retry(String),
    /// The store refuses the content: the driver bisects and dead-letters the rows that are at fault.
    #[error("store refused rows: {0}")]
    Rejected(String),
    /// Nothing will be accepted until an operator acts (missing table, authorisation).
    #[error("store refused insert: {0}")]
    Fatal(String),
}

/// A store that takes blocks and deduplicates them by token.
pub trait Sink: Send + Sync + 'static {
    /// One row of one of the tables.
    type Row: Send + Sync + Clone;

    /// Names of the tables, closed, in a fixed order.
    fn tables(&self) -> &[&'static str];

    /// Version of the row builder that new ranges are opened with.
    fn version(&self) -> u32;

    /// Whether [`Sink::rows`] can still build as `version` did. A partition whose pending range was opened by a version
    /// that is not known any more is refused.
    fn knows(&self, version: u32) -> bool {
        version == self.version()
    }

    /// Builds the rows of one record from the record alone, as builder `version` did.
    ///
    /// # Errors
    /// [`Refused`] when the record cannot be read. A panic counts as a dead letter.
    fn rows(&self, version: u32, record: &Record) -> Result<Vec<(usize, Self::Row)>, Refused>;

    /// Stores one block. Called again with the same block after [`InsertError::Retry`].
    fn insert(&self, block: &Block<Self::Row>) -> impl Future<Output = Result<(), InsertError>> + Send;
}
