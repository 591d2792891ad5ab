//! What an operator may know of the core.

use std::collections::BTreeMap;

/// One owned partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartitionStatus {
    /// Lowest offset that is not committed as done.
    pub frontier: i64,
    /// How long the record at the frontier has been admitted, in milliseconds; 0 when none is.
    pub frontier_age_ms: u64,
    /// When the record at the frontier was appended, in milliseconds since the epoch; `None` when none is admitted.
    pub frontier_time: Option<i64>,
    /// Records that are done above the frontier.
    pub finished_ahead: usize,
    /// Records admitted and not committed.
    pub incomplete: usize,
    /// How much is used of what bounds the commit metadata, in percent: of its length, or of the records in it.
    pub fill: usize,
    /// Why the partition is refused and not read, if it is.
    pub refused: Option<&'static str>,
}

/// The driver at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Calls that run.
    pub running: usize,
    /// Records admitted that do not run yet.
    pub queued: usize,
    /// Of these, records that wait because a share of theirs is used up.
    pub over_share: usize,
    /// Of these, records that ran at two unclean ends in a row and wait for their turn.
    pub suspects: usize,
    /// Outcomes that wait for a transaction.
    pub waiting: usize,
    /// Bytes admitted and not committed, outcomes included.
    pub bytes: usize,
    /// Outcomes committed since the start.
    pub committed: u64,
    /// Runs of records that may have run before, since the start.
    pub reruns: u64,
    /// Records skipped because their outcome was committed by a previous owner, since the start.
    pub skipped: u64,
    /// Dead letters written, since the start.
    pub dead_letters: u64,
    /// Records ended at once because a share of theirs left no room to others, since the start.
    pub crowded: u64,
    /// Transactions that were aborted, since the start.
    pub aborted: u64,
    /// Completions, plans and records of an epoch that was over; they changed nothing.
    pub stale: u64,
    /// Owned partitions by number.
    pub partitions: BTreeMap<i32, PartitionStatus>,
}
