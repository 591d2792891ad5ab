//! What one partition adds to a transaction.

use super::mark::Mark;
use crate::Outgoing;

/// What one transaction of a partition holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) records: u32,
    pub(super) dead_letters: u32,
    pub(super) clocks: u32,
}

/// What a partition adds to a transaction.
pub(super) struct Part {
    pub(super) records: Vec<Outgoing>,
    pub(super) next: i64,
    pub(super) mark: Mark,
    pub(super) tally: Tally,
}
