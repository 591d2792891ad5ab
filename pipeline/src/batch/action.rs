//! What the core asks of the shell.

use std::sync::Arc;

use super::pending::Pending;
use super::sink::Block;
use crate::Record;
use crate::kafka::Partition;

/// One assignment of a partition. Answers to a former one are recognised by its epoch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Assignment {
    pub partition: Partition,
    pub epoch: u64,
}

/// An offset to commit, with what is pending there. Answered by `Machine::committed` or `Machine::not_committed`.
#[derive(Debug)]
pub(super) struct Commit {
    pub assignment: Assignment,
    pub offset: i64,
    pub pending: Option<Pending>,
}

/// A dead letter to write. Answered by `Machine::dead_lettered`.
#[derive(Debug)]
pub(super) struct DeadLetter {
    pub assignment: Assignment,
    /// The table that refused the record; `None` when no rows could be built of it.
    pub table: Option<usize>,
    pub record: Arc<Record>,
    pub reason: &'static str,
}

/// Anything else.
#[derive(Debug)]
pub(super) enum Action<R> {
    /// Try a block once. Answered by `Machine::inserted`.
    Insert {
        assignment: Assignment,
        block: Arc<Block<R>>,
    },
    DeadLetter(DeadLetter),
    /// Fetch no more of a partition.
    Pause(Partition),
    /// Fetch again.
    Resume(Partition),
}

/// Everything that is due at one time. Commits are apart, so that they can be sent together.
#[derive(Debug)]
pub(super) struct Due<R> {
    pub actions: Vec<Action<R>>,
    pub commits: Vec<Commit>,
}
