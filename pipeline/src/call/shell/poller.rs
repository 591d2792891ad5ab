//! The thread with the consumer: it polls whatever else happens, and completes rebalances.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;

use super::assign::Starts;
use super::owned::{Owned, assignments, present, released};
use super::reading::Reading;
use super::shared::Shared;
use crate::call::core::{Assignment, Commit, Event, Position, Settled};
use crate::call::handler::Handler;
use crate::kafka::{Consumer, Error, Partition, Polled, with_causes};

const POLL: Duration = Duration::from_millis(20);
/// How old the membership may be that plans are made under.
const GROUP_AGE: Duration = Duration::from_millis(50);
/// How long a revocation waits for the last plan: the whole group waits with it.
const LAST_PLAN: Duration = Duration::from_secs(6);
const ASK: Duration = Duration::from_secs(5);
const LEAVE: Duration = Duration::from_secs(5);
/// Records that one turn of the loop takes.
const BATCH: usize = 256;

/// What the core and the committer ask of the poller.
#[derive(Debug)]
pub(super) enum Command {
    Pause(Assignment),
    Resume { assignment: Assignment, session: u64, from: i64 },
    Released(Assignment),
    ReadBack { plan: u64, partitions: Vec<i32> },
    End { leave: bool },
}

pub(super) struct Poller<H> {
    pub(super) consumer: Consumer,
    pub(super) topic: Arc<str>,
    pub(super) starts: Starts,
    pub(super) reading: Reading<H>,
    pub(super) shared: Arc<Shared>,
    pub(super) events: Sender<Event>,
    pub(super) commands: Receiver<Command>,
    pub(super) owned: BTreeMap<i32, Owned>,
    pub(super) epochs: u64,
    /// How often partitions were lost.
    pub(super) losses: u64,
    /// Asked for and not done yet, because the brokers did not answer.
    pub(super) again: Vec<Command>,
    pub(super) releasing: Vec<Assignment>,
    pub(super) end: Option<bool>,
}

impl<H: Handler> Poller<H> {
    pub(super) fn run(mut self) {
        let mut group_at = None;
        while !self.shared.is_over() && self.end.is_none() {
            self.shared.polled();
            for command in std::mem::take(&mut self.again) {
                self.obey(command);
            }
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
            }
            if group_at.is_none_or(|at: Instant| at.elapsed() > GROUP_AGE) {
                self.renew_group();
                group_at = Some(Instant::now());
            }
            self.turn();
        }
        // The core may have said how to end just before it ended itself.
        while let Ok(command) = self.commands.try_recv() {
            if let Command::End { leave } = command {
                self.end = Some(leave);
            }
        }
        if self.end == Some(true) { self.consumer.leave(LEAVE) } else { self.consumer.close() }
    }

    fn turn(&mut self) {
        let mut timeout = POLL;
        for _ in 0..BATCH {
            let polled = self.consumer.poll(timeout);
            timeout = Duration::ZERO;
            match polled {
                Polled::Record(record) => {
                    if self.owned.contains_key(&record.partition) {
                        self.reading.read(record);
                    }
                }
                Polled::Nothing => break,
                Polled::Trouble(error) => tracing::warn!(%error, "poll"),
                Polled::Fatal(error) => return self.shared.fail(with_causes(&error)),
                Polled::OutOfRange => self.out_of_range(),
                rebalance => {
                    self.flush();
                    return self.rebalance(rebalance);
                }
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        for (partition, items) in self.reading.take() {
            let Some(owned) = self.owned.get(&partition) else { continue };
            let (epoch, session) = (owned.epoch, owned.session);
            self.send(Event::Delivered { partition, epoch, session, items });
        }
    }

    fn send(&self, event: Event) {
        if self.events.blocking_send(event).is_err() {
            self.shared.finish();
        }
    }

    fn rebalance(&mut self, polled: Polled) {
        // Membership as of now: partitions that go are still ours until their revocation is completed.
        self.renew_group();
        let done = match polled {
            Polled::Assigned(partitions) => self.assigned(&partitions),
            Polled::Revoked(partitions) => self.revoked(&partitions),
            Polled::Lost(partitions) => {
                self.gone(partitions.iter().map(|p| p.index).collect());
                self.consumer.unassign(&partitions)
            }
            Polled::Record(_)
            | Polled::Nothing
            | Polled::Trouble(_)
            | Polled::Fatal(_)
            | Polled::OutOfRange => Ok(()),
        };
        if let Err(error) = done
            && !self.shared.is_over()
        {
            self.shared.fail(with_causes(&error));
        }
        self.renew_group();
    }

    fn assigned(&mut self, partitions: &[Partition]) -> Result<(), Error> {
        let positions = self.starts.of(&self.consumer, partitions, &self.shared)?;
        // A refused partition is assigned as well: the client cannot close with one that it was never told about.
        let start =
            |position: &Result<Position, _>| position.as_ref().map_or(0, |position| position.progress.base);
        let starts: Vec<(Partition, i64)> =
            positions.iter().map(|(partition, position)| (partition.clone(), start(position))).collect();
        let refused = positions.iter().filter(|(_, position)| position.is_err());
        let refused: Vec<Partition> = refused.map(|(partition, _)| partition.clone()).collect();
        for (partition, position) in positions {
            self.epochs += 1;
            self.owned.insert(partition.index, Owned { epoch: self.epochs, session: 0 });
            self.send(Event::Assigned { partition: partition.index, epoch: self.epochs, position });
        }
        self.consumer.assign(&starts)?;
        if refused.is_empty() { Ok(()) } else { self.consumer.pause(&refused) }
    }

    /// Holds the rebalance until the core has made its last plan for the partitions that go.
    fn revoked(&mut self, partitions: &[Partition]) -> Result<(), Error> {
        self.releasing = assignments(&self.owned, partitions.iter().map(|partition| partition.index));
        self.send(Event::Revoked(self.releasing.clone()));
        let until = Instant::now() + LAST_PLAN;
        while !self.releasing.is_empty() && !self.shared.is_over() && Instant::now() < until {
            self.shared.polled();
            match self.commands.recv_timeout(POLL) {
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for command in std::mem::take(&mut self.again) {
                self.obey(command);
            }
        }
        let late: Vec<i32> = self.releasing.drain(..).map(|late| late.partition).collect();
        if !late.is_empty() {
            tracing::warn!(partitions = ?late, "last plan took too long");
            self.gone(late);
        }
        for partition in partitions {
            self.owned.remove(&partition.index);
        }
        self.consumer.unassign(partitions)
    }

    fn renew_group(&self) {
        self.shared.set_group(self.consumer.group_metadata().ok(), self.losses);
    }

    fn gone(&mut self, partitions: Vec<i32>) {
        self.losses += 1;
        for partition in &partitions {
            self.owned.remove(partition);
        }
        self.send(Event::Lost(partitions));
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Pause(assignment) => self.pause(assignment),
            Command::Resume { assignment, session, from } => self.resume(assignment, session, from),
            Command::Released(assignment) => released(&mut self.releasing, assignment),
            Command::ReadBack { plan, partitions } => self.read_back(plan, partitions),
            Command::End { leave } => self.end = Some(leave),
        }
    }

    fn partition(&self, index: i32) -> Partition {
        Partition { topic: Arc::clone(&self.topic), index }
    }

    fn pause(&mut self, assignment: Assignment) {
        let partition = assignment.partition;
        if present(&mut self.owned, assignment).is_some()
            && let Err(error) = self.consumer.pause(&[self.partition(partition)])
        {
            tracing::warn!(%error, partition, "pause");
        }
    }

    fn resume(&mut self, assignment: Assignment, session: u64, from: i64) {
        let partition = assignment.partition;
        let at = self.partition(partition);
        let Some(owned) = present(&mut self.owned, assignment) else { return };
        let moved = self.consumer.seek(&[(at.clone(), from)], ASK).and_then(|()| self.consumer.resume(&[at]));
        match moved {
            Ok(()) => owned.session = session,
            Err(error) => {
                tracing::warn!(%error, partition, "resume");
                self.again.push(Command::Resume { assignment, session, from });
            }
        }
    }

    fn read_back(&mut self, plan: u64, partitions: Vec<i32>) {
        let list: Vec<Partition> = partitions.iter().map(|&index| self.partition(index)).collect();
        match self.consumer.committed(&list, ASK) {
            Ok(committed) => {
                let found = committed.into_iter().map(|found| {
                    let partition = found.partition.index;
                    let commit = found.next.map(|offset| Commit {
                        partition,
                        offset,
                        metadata: found.metadata.unwrap_or_default(),
                    });
                    (partition, commit)
                });
                let settled = Settled::Unknown(found.collect());
                self.send(Event::Planned { plan, settled });
            }
            Err(error) => {
                tracing::warn!(%error, "read back committed progress");
                self.again.push(Command::ReadBack { plan, partitions });
            }
        }
    }

    /// Some partition's log does not have what comes next: it must not silently go on elsewhere.
    fn out_of_range(&self) {
        for (partition, (low, high)) in self.starts.bounds(self.owned.keys().copied()).unwrap_or_default() {
            if let Some(owned) = self.owned.get(&partition) {
                self.send(Event::Bounds { partition, epoch: owned.epoch, low, high });
            }
        }
    }
}
