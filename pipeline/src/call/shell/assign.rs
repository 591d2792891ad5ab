//! Where assigned partitions go on: what is committed for them, or the start policy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::StartPolicy;
use crate::call::Progress;
use crate::call::core::{Commit, Position};
use crate::kafka::{Committed, Config, Consumer, Error, Partition, watermarks};

/// Longer than an open transaction of the previous owner can last.
const ASK: Duration = Duration::from_secs(10);
/// Brokers may be away for a while; the group evicts a member only after minutes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Starts {
    pub(super) config: Config,
    pub(super) topic: Arc<str>,
    pub(super) policy: StartPolicy,
    pub(super) incarnation: String,
}

/// A partition and where it goes on, or why it must not.
pub(super) type Placed = (Partition, Result<Position, &'static str>);

impl Starts {
    pub(super) fn of(
        &self,
        consumer: &Consumer,
        partitions: &[Partition],
        shared: &Shared,
    ) -> Result<Vec<Placed>, Error> {
        let until = Instant::now() + PATIENCE;
        let committed = loop {
            shared.polled();
            match consumer.committed(partitions, ASK) {
                Ok(committed) => break committed,
                Err(error) if Instant::now() > until || shared.is_over() => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "read committed progress");
                    thread::sleep(Duration::from_millis(100));
                }
            }
        };
        let fresh = committed.iter().filter(|c| c.next.is_none()).map(|c| c.partition.index);
        let logs = self.bounds(fresh)?;
        let log = |index| logs.get(&index).copied().unwrap_or_default();
        let placed = committed.into_iter().map(|committed| {
            let (partition, log) = (committed.partition.clone(), log(committed.partition.index));
            (partition, place(self.policy, &self.incarnation, committed, log))
        });
        Ok(placed.collect())
    }

    /// Start and end of these partitions' logs.
    pub(super) fn bounds(
        &self,
        partitions: impl Iterator<Item = i32>,
    ) -> Result<BTreeMap<i32, (i64, i64)>, Error> {
        let partitions: Vec<Partition> =
            partitions.map(|index| Partition { topic: Arc::clone(&self.topic), index }).collect();
        let logs = watermarks(&self.config, &partitions)?;
        Ok(partitions.iter().map(|partition| partition.index).zip(logs).collect())
    }
}

/// Where a partition goes on; the bounds of its log matter when nothing is committed.
pub(super) fn place(
    policy: StartPolicy,
    incarnation: &str,
    committed: Committed,
    (low, high): (i64, i64),
) -> Result<Position, &'static str> {
    let partition = committed.partition.index;
    let Some(offset) = committed.next else {
        let start = match policy {
            StartPolicy::Earliest => low,
            StartPolicy::Latest => high,
            StartPolicy::Refuse => return Err("no_commit"),
        };
        return Ok(Position { progress: Progress::fresh(start), committed: None });
    };
    let metadata = committed.metadata.unwrap_or_default();
    match Progress::open(incarnation, offset, &metadata) {
        Ok(progress) => Ok(Position { progress, committed: Some(Commit { partition, offset, metadata }) }),
        Err(error) => {
            tracing::error!(partition, offset, %error, "refuse partition");
            Err(error.label())
        }
    }
}
