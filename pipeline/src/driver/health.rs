//! How a driver is.

use std::collections::{BTreeMap, BTreeSet};

use crate::kafka::Partition;

/// What one kind of driver tells besides what all of them do.
pub trait Status: Clone + Default + Send + 'static {
    /// Whether it takes work on all of its partitions that are not refused.
    fn is_ready(&self) -> bool {
        true
    }
}

/// How a driver is; at most a second old.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health<S> {
    /// Its threads run, and none of them has been silent for 15 seconds.
    pub alive: bool,
    /// Why it ended by itself, if it did.
    pub failure: Option<String>,
    /// Partitions that it works on.
    pub owned: BTreeSet<Partition>,
    /// Assigned partitions that it does not work on until an operator acts, with the label of the reason.
    pub refused: BTreeMap<Partition, &'static str>,
    /// What only this kind of driver can tell.
    pub status: S,
}

impl<S: Status> Health<S> {
    /// Whether it works on all of its partitions. A store that is away for a while does not change that.
    pub fn is_ready(&self) -> bool {
        self.alive && self.refused.is_empty() && self.status.is_ready()
    }
}
