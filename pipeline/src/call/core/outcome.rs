//! Outcomes on their way to being committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::{Commit, Key};
use crate::Outgoing;

/// An outcome that is not committed yet.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) key: Key,
    pub(super) outputs: Arc<Vec<Outgoing>>,
    pub(super) bytes: usize,
}

impl Outcome {
    pub(super) fn new(key: Key, outputs: Vec<Outgoing>) -> Self {
        Self { key, bytes: outputs.iter().map(Outgoing::size).sum(), outputs: Arc::new(outputs) }
    }
}

/// The plan that the committer has.
#[derive(Debug)]
pub(super) struct Outstanding {
    pub(super) id: u64,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) announced: Vec<Key>,
    pub(super) commits: BTreeMap<i32, Planned>,
}

/// What a plan commits of one partition.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) epoch: u64,
    pub(super) commit: Commit,
    pub(super) high: i64,
    /// What it says of an unclean end: nothing more, or whether a start is new.
    pub(super) fresh: Option<bool>,
    /// The partition's last commit: it is released with it.
    pub(super) last: bool,
}

impl Outstanding {
    pub(super) fn len(&self) -> usize {
        self.outcomes.len()
    }

    pub(super) fn names(&self, partition: i32) -> bool {
        self.commits.contains_key(&partition)
    }
}
