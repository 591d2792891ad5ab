//! The driver's thread: reads, takes partitions and gives them up, and lets the core, the executor and the report do the rest.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::runtime;

use super::build::build;
use super::config::BatchConfig;
use super::executor::{Executor, Parts};
use super::failure::Failure;
use super::handle::{Ends, Request};
use super::machine::Machine;
use super::positions::{Placed, Positions, Read};
use super::report::Report;
use super::sink::Sink;
use super::time::Stopwatch;
use crate::kafka::{Consumer, Group, Partition, Polled, Publisher, with_causes};
use crate::{Record, Stop};

/// Longest wait for a record when nothing else is to be done.
const SLICE: Duration = Duration::from_millis(20);
/// Records that are taken before answers, commits and pauses have their turn.
const BATCH_RECORDS: usize = 1_000;
/// Bytes of records after which they have their turn as well.
const BATCH_BYTES: usize = 1 << 20;
/// How long running inserts may hold up a rebalance.
const DRAIN: Duration = Duration::from_secs(5);
/// How long leaving the group may take.
const LEAVE: Duration = Duration::from_secs(5);

/// Milliseconds since the epoch.
fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What the driver was started with.
pub(super) struct Setup<S> {
    pub config: BatchConfig,
    pub sink: Arc<S>,
    pub incarnation: String,
    pub runtime: runtime::Handle,
}

/// The clients of one driver.
pub(super) struct Clients {
    pub consumer: Consumer,
    pub log: Group,
    pub publisher: Publisher,
}

pub(super) struct Poller<S: Sink> {
    sink: Arc<S>,
    consumer: Consumer,
    positions: Positions<S>,
    machine: Machine<S::Row>,
    executor: Executor<S>,
    report: Report,
    ends: Ends,
    stopwatch: Stopwatch,
    /// Partitions were assigned at least once.
    joined: bool,
    /// Some partition's position is not in its log any more; which one is still to be found out.
    suspect: bool,
}

impl<S: Sink> Poller<S> {
    pub(super) fn new(setup: Setup<S>, clients: Clients, ends: Ends) -> Self {
        let Setup { config, sink, incarnation, runtime } = setup;
        let Clients { consumer, log, publisher } = clients;
        let stopwatch = Stopwatch::start();
        let seed = u64::from(std::process::id());
        let machine = Machine::new(config.limits.clone(), seed, sink.tables());
        let (policy, store) = (config.start, Arc::clone(&sink));
        let positions = Positions {
            log,
            sink: store,
            policy,
            incarnation: incarnation.clone(),
            pulse: ends.pulse.clone(),
        };
        let parts = Parts { config, sink: Arc::clone(&sink), incarnation, publisher, runtime, stopwatch };
        Self {
            sink,
            consumer,
            positions,
            machine,
            executor: Executor::new(parts),
            report: Report::default(),
            ends,
            stopwatch,
            joined: false,
            suspect: false,
        }
    }

    /// Runs until it is stopped or cannot go on.
    pub(super) fn run(mut self) {
        let (how, failure) = match self.serve() {
            Ok(how) => (how, None),
            Err(failure) => (Stop::Restart, Some(failure)),
        };
        if let Some(failure) = failure {
            tracing::error!(label = failure.label(), "batch driver ends: {}", with_causes(&failure));
            self.ends.board.fail(with_causes(&failure));
        }
        self.show();
        let all: Vec<Partition> = self.machine.partitions().map(|(partition, _)| partition.clone()).collect();
        self.forget(&all);
        match how {
            Stop::Restart => self.consumer.close(),
            Stop::Leave => self.consumer.leave(LEAVE),
        }
    }

    fn serve(&mut self) -> Result<Stop, Failure> {
        loop {
            match self.ends.requests.try_recv() {
                Ok(Request::Stop(how, grace)) => {
                    self.flush(grace)?;
                    return Ok(how);
                }
                // Who asked may have stopped waiting.
                Ok(Request::CaughtUp(reply)) => drop(reply.try_send(self.is_caught_up())),
                Err(TryRecvError::Empty) => self.turn()?,
                Err(TryRecvError::Disconnected) => return Ok(Stop::Restart),
            }
        }
    }

    fn turn(&mut self) -> Result<(), Failure> {
        self.ends.pulse.beat();
        self.machine.tell_time(wall());
        self.read()?;
        self.answers(Duration::ZERO)?;
        self.act()?;
        if self.suspect {
            self.find_out_of_range();
        }
        if self.report.is_due() {
            if self.report.wants_lag() {
                self.ask_lag();
            }
            self.show();
        }
        Ok(())
    }

    /// Stores what was read, as far as `grace` allows.
    fn flush(&mut self, grace: Duration) -> Result<(), Failure> {
        let until = Instant::now() + grace;
        self.machine.flush();
        while !self.machine.is_flushed() && Instant::now() < until {
            self.turn()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), Failure> {
        let (mut wait, mut bytes) = (SLICE, 0);
        for _ in 0..BATCH_RECORDS {
            match self.consumer.poll(wait) {
                Polled::Record(record) => {
                    bytes += record.size();
                    self.take(record);
                }
                Polled::Assigned(partitions) => self.assigned(&partitions)?,
                Polled::Revoked(partitions) => self.revoked(&partitions)?,
                Polled::Lost(partitions) => self.lost(&partitions)?,
                Polled::OutOfRange => self.suspect = true,
                Polled::Trouble(error) => tracing::warn!(%error, "poll"),
                Polled::Fatal(error) => return Err(error.into()),
                Polled::Nothing => break,
            }
            if bytes >= BATCH_BYTES {
                break;
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn take(&mut self, record: Record) {
        let partition = Partition { topic: Arc::clone(&record.topic), index: record.partition };
        if let Some(version) = self.machine.builder(&partition, record.offset, self.sink.version()) {
            let built = build(&*self.sink, version, &record);
            self.machine.record(Arc::new(record), built, version, self.stopwatch.now());
        }
    }

    fn act(&mut self) -> Result<(), Failure> {
        self.executor.act(&mut self.machine, &self.consumer)
    }

    fn answers(&mut self, wait: Duration) -> Result<(), Failure> {
        self.executor.answers(&mut self.machine, wait)
    }

    /// Takes partitions over where their former owner stood.
    fn assigned(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
        let placed = self.positions.starts(&self.consumer, partitions)?;
        let mut starts = Vec::with_capacity(placed.len());
        let mut refused = Vec::new();
        for Placed { partition, start, position } in placed {
            if start.is_err() {
                refused.push(partition.clone());
            }
            starts.push((partition.clone(), position));
            self.machine.assign(partition, start, self.stopwatch.now());
        }
        self.consumer.assign(&starts)?;
        if !refused.is_empty() {
            self.consumer.pause(&refused)?;
        }
        self.joined = true;
        self.show();
        Ok(())
    }

    /// Gives partitions up: running inserts may end and be committed, within a bound.
    fn revoked(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
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
    fn lost(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
        self.forget(partitions);
        self.consumer.unassign(partitions)?;
        self.show();
        Ok(())
    }

    /// Forgets partitions; what is under way for them is aborted and its answer ignored.
    fn forget(&mut self, partitions: &[Partition]) {
        for partition in partitions {
            self.machine.forget(partition);
            self.executor.abort(partition);
        }
    }

    /// Some position has left its log: finds out whose.
    fn find_out_of_range(&mut self) {
        let outside = match self.positions.out_of_range(self.progress()) {
            Ok(outside) => outside,
            Err(error) => return tracing::warn!(%error, "look for the partition that is out of range"),
        };
        for (partition, refusal) in outside {
            self.machine.refuse(&partition, refusal);
        }
        self.suspect = false;
    }

    /// How far each partition was read.
    fn progress(&self) -> Vec<Read> {
        let read = self.machine.partitions().map(|(partition, assigned)| Read {
            partition: partition.clone(),
            next: assigned.refused.is_none().then_some(assigned.next()),
        });
        read.collect()
    }

    fn ask_lag(&mut self) {
        let behind = self.positions.behind(&self.consumer, self.progress());
        self.report.take_lag(behind.inspect_err(|error| tracing::debug!(%error, "ask lag")).ok());
    }

    fn show(&mut self) {
        self.report.show(&self.machine, &self.ends.board, self.stopwatch);
    }

    /// Every record before the present ends is stored and committed.
    fn is_caught_up(&mut self) -> bool {
        let clean =
            self.machine.partitions().all(|(_, assigned)| assigned.is_clean() && assigned.refused.is_none());
        self.show();
        let behind = || self.positions.behind(&self.consumer, self.progress());
        self.joined && clean && behind().is_ok_and(|behind| behind.values().all(|n| *n == 0))
    }
}
