//! Where assigned partitions go on: what is committed for them, or the start policy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::StartPolicy;
use crate::call::core::{Commit, Position};
use crate::call::progress::Progress;
use crate::kafka::{Committed, Config, Consumer, Error, Partition, watermarks};
use crate::start::Start;

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

/// Start and end of logs by partition.
type Logs = BTreeMap<i32, (i64, i64)>;

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
        let (committed, logs) = loop {
            shared.polled();
            match self.ask(consumer, partitions) {
                Ok(told) => break told,
                Err(error) if Instant::now() > until || shared.is_over() => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "read committed progress");
                    thread::sleep(Duration::from_millis(100));
                }
            }
        };
        let log = |index| logs.get(&index).copied().unwrap_or_default();
        let placed = committed.into_iter().map(|committed| {
            let (partition, log) = (committed.partition.clone(), log(committed.partition.index));
            (partition, place(self.policy, &self.incarnation, committed, log))
        });
        let mut placed: Vec<Placed> = placed.collect();
        self.find_ends(consumer, &mut placed);
        Ok(placed)
    }

    /// What is committed, and the logs of partitions for which nothing is.
    fn ask(&self, consumer: &Consumer, partitions: &[Partition]) -> Result<(Vec<Committed>, Logs), Error> {
        let committed = consumer.committed(partitions, ASK)?;
        let fresh = committed.iter().filter(|c| c.next.is_none()).map(|c| c.partition.index);
        let logs = self.bounds(fresh)?;
        Ok((committed, logs))
    }

    /// Where the logs end of partitions whose last owner ended uncleanly. Without an answer what is committed has to do.
    fn find_ends(&self, consumer: &Consumer, placed: &mut [Placed]) {
        let asks = |placed: &&mut Placed| placed.1.as_ref().is_ok_and(|at| at.progress.asks_for_end());
        let asking: Vec<&mut Placed> = placed.iter_mut().filter(asks).collect();
        let partitions: Vec<Partition> = asking.iter().map(|(partition, _)| partition.clone()).collect();
        match consumer.log_ends(&partitions, ASK) {
            Ok(ends) => {
                for (placed, end) in asking.into_iter().zip(ends) {
                    if let Ok(position) = &mut placed.1 {
                        position.end = end;
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "read where the logs end"),
        }
    }

    /// Start and end of these partitions' logs.
    pub(super) fn bounds(&self, partitions: impl Iterator<Item = i32>) -> Result<Logs, Error> {
        let partitions: Vec<Partition> =
            partitions.map(|index| Partition { topic: Arc::clone(&self.topic), index }).collect();
        let logs = watermarks(&self.config, &partitions)?;
        Ok(partitions.iter().map(|partition| partition.index).zip(logs).collect())
    }
}

/// Where a partition goes on. The bounds of its log matter where nothing is committed, and the end also where its last owner
/// ended uncleanly. Whether the log still has a committed offset is left to the first poll: to ask for the bounds of all
/// partitions would make a rebalance wait for the leader of each.
pub(super) fn place(
    policy: StartPolicy,
    incarnation: &str,
    committed: Committed,
    (low, high): (i64, i64),
) -> Result<Position, &'static str> {
    let partition = committed.partition.index;
    let log = if committed.next.is_some() { i64::MIN..=i64::MAX } else { low..=high };
    let read = |offset, metadata: Option<&str>| {
        Ok(Progress::open(incarnation, offset, metadata.unwrap_or_default())?)
    };
    match policy.start(&committed, &log, read) {
        Ok(Start::Fresh(start)) => {
            Ok(Position { progress: Progress::fresh(start), committed: None, end: high })
        }
        Ok(Start::Committed(offset, progress)) => {
            let metadata = committed.metadata.unwrap_or_default();
            Ok(Position { progress, committed: Some(Commit { partition, offset, metadata }), end: high })
        }
        Err(refusal) => {
            tracing::error!(partition, error = %refusal, "start partition");
            Err(refusal.label())
        }
    }
}
