//! Partitions come and go.

use std::thread;
use std::time::{Duration, Instant};

use super::poller::{Failure, Poller};
use super::sink::Sink;
use super::takeover;
use crate::Refusal;
use crate::kafka::{Committed, Error, Partition};

/// How long the brokers may take to tell what is committed; a former owner's commit may be on its way.
const COMMITTED: Duration = Duration::from_secs(10);
/// How long each side of the logs may take.
const BOUNDS: Duration = Duration::from_secs(5);
/// How often an assignment is tried before the driver gives up.
const TRIES: usize = 6;
/// Pause between the tries.
const AGAIN: Duration = Duration::from_millis(500);
/// How long running inserts may hold up a rebalance.
const DRAIN: Duration = Duration::from_secs(5);

/// What is committed for a partition, with the start and the last stable offset of its log.
type Known = (Committed, (i64, i64));

impl<S: Sink> Poller<S> {
    /// Takes partitions over where their former owner stood.
    pub(super) fn assigned(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
        let known = self.positions(partitions)?;
        let mut starts = Vec::with_capacity(known.len());
        let mut refused = Vec::new();
        for (committed, (low, end)) in known {
            let sink = &self.setup.sink;
            let policy = self.setup.config.start;
            let knows = |version| sink.knows(version);
            let start = takeover::decide(&committed, (low, end), policy, &self.setup.incarnation, knows);
            // A refused partition is not read, but the client wants an offset that exists.
            let position = start.as_ref().map_or(low, |start| start.position);
            if start.is_err() {
                refused.push(committed.partition.clone());
            }
            starts.push((committed.partition.clone(), position));
            let now = self.now();
            self.machine.assign(committed.partition, start, now);
        }
        self.consumer.assign(&starts)?;
        if !refused.is_empty() {
            self.consumer.pause(&refused)?;
        }
        self.report.joined = true;
        self.show();
        Ok(())
    }

    fn positions(&self, partitions: &[Partition]) -> Result<Vec<Known>, Failure> {
        let ask = || {
            let committed = self.consumer.committed(partitions, COMMITTED)?;
            let all: Vec<Partition> = committed.iter().map(|c| c.partition.clone()).collect();
            let bounds = self.log.bounds(&all, BOUNDS)?;
            Ok::<_, Error>(committed.into_iter().zip(bounds).collect())
        };
        let mut tries = 1;
        loop {
            self.ends.pulse.beat();
            match ask() {
                Ok(known) => return Ok(known),
                Err(error) if tries == TRIES => return Err(Failure::Kafka(error)),
                Err(error) => tracing::warn!(%error, "take partitions over"),
            }
            tries += 1;
            thread::sleep(AGAIN);
        }
    }

    /// Gives partitions up: running inserts may end and be committed, within a bound.
    pub(super) fn revoked(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
        self.machine.drain(partitions);
        let until = Instant::now() + DRAIN;
        self.act()?;
        while !self.machine.is_drained(partitions) && Instant::now() < until {
            self.ends.pulse.beat();
            self.answers(Duration::from_millis(10))?;
            self.act()?;
        }
        self.lost(partitions)
    }

    /// Others have the partitions already.
    pub(super) fn lost(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
        self.drop_all(partitions);
        self.consumer.unassign(partitions)?;
        self.show();
        Ok(())
    }

    /// Forgets partitions; what is under way for them is aborted and its answer ignored.
    pub(super) fn drop_all(&mut self, partitions: &[Partition]) {
        for partition in partitions {
            self.machine.forget(partition);
            self.tasks.abort(partition);
        }
    }

    /// Some position has left its log: finds out whose.
    pub(super) fn find_out_of_range(&mut self) {
        let reading: Vec<(Partition, i64)> = self
            .machine
            .partitions()
            .filter(|(_, assigned)| assigned.refused.is_none())
            .map(|(partition, assigned)| (partition.clone(), assigned.next()))
            .collect();
        let all: Vec<Partition> = reading.iter().map(|(partition, _)| partition.clone()).collect();
        let bounds = match self.log.bounds(&all, BOUNDS) {
            Ok(bounds) => bounds,
            Err(error) => return tracing::warn!(%error, "look for the partition that is out of range"),
        };
        for ((partition, next), (low, end)) in reading.into_iter().zip(bounds) {
            if let Err(refusal) = Refusal::unless_within(&(low..=end), next) {
                self.machine.refuse(&partition, refusal);
            }
        }
        self.suspect = false;
    }
}
