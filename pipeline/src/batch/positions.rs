//! Where partitions stand: what is committed, and where their logs start and end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::assigned::Start;
use super::failure::Failure;
use super::sink::Sink;
use super::takeover;
use crate::driver::Pulse;
use crate::kafka::{Committed, Consumer, Error, Group, Partition};
use crate::{Refusal, StartPolicy};

/// How long the brokers may take to tell what is committed; a former owner's commit may be on its way.
const COMMITTED: Duration = Duration::from_secs(10);
/// How long each side of the logs may take when partitions are taken over.
const BOUNDS: Duration = Duration::from_secs(5);
/// How long each side of the logs may take when only the lag is asked for.
const LAG_BOUNDS: Duration = Duration::from_secs(2);
/// How often an assignment is tried before the driver gives up.
const TRIES: usize = 6;
/// Pause between the tries.
const AGAIN: Duration = Duration::from_millis(500);

/// What is committed for a partition, with the start and the last stable offset of its log.
type Known = (Committed, (i64, i64));

/// A partition and where it goes on.
#[derive(Debug)]
pub(super) struct Placed {
    pub partition: Partition,
    pub start: Result<Start, Refusal>,
    /// Where the client is to read. A refused partition is not read, but the client wants an offset that exists.
    pub position: i64,
}

/// How far a partition was read.
#[derive(Debug)]
pub(super) struct Read {
    pub partition: Partition,
    /// One past the last record that was taken; `None` when the partition is refused, so that nothing was.
    pub next: Option<i64>,
}

/// Asks the brokers, and decides where a partition goes on.
pub(super) struct Positions<S> {
    /// Tells the ends of logs. The consumer would answer behind a fetch that has nothing to bring.
    pub log: Group,
    pub sink: Arc<S>,
    pub policy: StartPolicy,
    pub incarnation: String,
    /// Of the thread that asks.
    pub pulse: Pulse,
}

impl<S: Sink> Positions<S> {
    /// Where assigned partitions go on: where their former owner stood.
    pub(super) fn starts(
        &self,
        consumer: &Consumer,
        partitions: &[Partition],
    ) -> Result<Vec<Placed>, Failure> {
        let known = self.known(consumer, partitions)?;
        let placed = known.into_iter().map(|(committed, (low, end))| {
            let knows = |version| self.sink.knows(version);
            let start = takeover::decide(&committed, (low, end), self.policy, &self.incarnation, knows);
            let position = start.as_ref().map_or(low, |start| start.position);
            Placed { partition: committed.partition, start, position }
        });
        Ok(placed.collect())
    }

    fn known(&self, consumer: &Consumer, partitions: &[Partition]) -> Result<Vec<Known>, Failure> {
        let ask = || {
            let committed = consumer.committed(partitions, COMMITTED)?;
            let all: Vec<Partition> = committed.iter().map(|c| c.partition.clone()).collect();
            let bounds = self.log.bounds(&all, BOUNDS)?;
            Ok::<_, Error>(committed.into_iter().zip(bounds).collect())
        };
        let mut tries = 1;
        loop {
            self.pulse.beat();
            match ask() {
                Ok(known) => return Ok(known),
                Err(error) if tries == TRIES => return Err(Failure::Kafka(error)),
                Err(error) => tracing::warn!(%error, "take partitions over"),
            }
            tries += 1;
            thread::sleep(AGAIN);
        }
    }

    /// Partitions whose next record is not in their log.
    ///
    /// # Errors
    /// [`Error`] when the brokers do not tell.
    pub(super) fn out_of_range(&self, read: Vec<Read>) -> Result<Vec<(Partition, Refusal)>, Error> {
        let reading: Vec<(Partition, i64)> =
            read.into_iter().filter_map(|read| Some((read.partition, read.next?))).collect();
        let all: Vec<Partition> = reading.iter().map(|(partition, _)| partition.clone()).collect();
        let bounds = self.log.bounds(&all, BOUNDS)?;
        let outside = reading.into_iter().zip(bounds).filter_map(|((partition, next), (low, end))| {
            Some((partition, Refusal::unless_within(&(low..=end), next).err()?))
        });
        Ok(outside.collect())
    }

    /// Records between what was read of each partition and its last stable offset.
    ///
    /// # Errors
    /// [`Error`] when the brokers do not tell.
    pub(super) fn behind(
        &self,
        consumer: &Consumer,
        read: Vec<Read>,
    ) -> Result<BTreeMap<Partition, u64>, Error> {
        // The client's positions also pass the markers of transactions, which are never delivered.
        let positions: BTreeMap<_, _> = consumer.positions()?.into_iter().collect();
        let all: Vec<Partition> = read.iter().map(|read| read.partition.clone()).collect();
        let bounds = self.log.bounds(&all, LAG_BOUNDS)?;
        let behind = read.into_iter().zip(bounds).map(|(Read { partition, next }, (low, end))| {
            let passed = positions.get(&partition).copied().flatten();
            let reached = next.map_or(low, |next| passed.map_or(next, |passed| passed.max(next)));
            (partition, u64::try_from(end - reached).unwrap_or(0))
        });
        Ok(behind.collect())
    }
}
