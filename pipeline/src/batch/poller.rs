//! The driver's thread: owns the client, feeds the core, does what it asks.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use tokio::runtime;

use super::build::build;
use super::driver::BatchConfig;
use super::handle::{Ends, Request};
use super::jitter::Millis;
use super::machine::Machine;
use super::report::Report;
use super::sink::Sink;
use super::tasks::Tasks;
use super::work::Letter;
use crate::kafka::commit_meta::MetadataError;
use crate::kafka::{self, Consumer, Group, Partition, Polled, Publisher, with_causes};
use crate::{Record, Stop};

/// Longest wait for a record when nothing else is to be done.
const SLICE: Duration = Duration::from_millis(20);
/// Records, and bytes of them, that are taken before answers, commits and pauses have their turn.
const BATCH: (usize, usize) = (1_000, 1 << 20);
/// How long leaving the group may take.
const LEAVE: Duration = Duration::from_secs(5);

/// Why the driver ends by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The client is of no use any more.
    #[error(transparent)]
    Kafka(#[from] kafka::Error),
    /// A dead letter could not be written, so its record would be lost.
    #[error("write dead letter: {0}")]
    DeadLetter(String),
    /// The commit metadata cannot be written.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

impl Failure {
    /// A closed label for logs.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Kafka(error) => error.label(),
            Self::DeadLetter(_) => "dead_letter",
            Self::Metadata(error) => error.label(),
        }
    }
}

/// What the driver was started with.
pub(super) struct Setup<S> {
    pub config: BatchConfig,
    pub sink: Arc<S>,
    pub incarnation: String,
}

pub(super) struct Poller<S: Sink> {
    pub setup: Setup<S>,
    pub consumer: Consumer,
    /// Tells the ends of logs. Asked by the consumer itself, each answer would wait behind a fetch that has nothing to
    /// bring.
    pub log: Group,
    pub publisher: Publisher,
    pub machine: Machine<S::Row>,
    pub tasks: Tasks,
    pub ends: Ends,
    pub report: Report,
    /// Dead letters that the producer had no room for.
    pub unsent: Vec<Letter>,
    /// Some partition's position is not in its log any more; which one is still to be found out.
    pub suspect: bool,
    started: Instant,
}

impl<S: Sink> Poller<S> {
    pub(super) fn new(
        setup: Setup<S>,
        (consumer, log, publisher): (Consumer, Group, Publisher),
        runtime: runtime::Handle,
        ends: Ends,
    ) -> Self {
        let seed = u64::from(std::process::id());
        let machine = Machine::new(setup.config.limits.clone(), seed, setup.sink.tables());
        Self {
            setup,
            consumer,
            log,
            publisher,
            machine,
            tasks: Tasks::new(runtime),
            ends,
            report: Report::default(),
            unsent: Vec::new(),
            suspect: false,
            started: Instant::now(),
        }
    }

    /// Milliseconds since the driver's start.
    pub(super) fn now(&self) -> Millis {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment of a time that the core keeps.
    pub(super) fn instant(&self, at: Millis) -> Instant {
        self.started + Duration::from_millis(at)
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
        self.drop_all(&all);
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
        self.read()?;
        self.answers(Duration::ZERO)?;
        self.act()?;
        if self.suspect {
            self.find_out_of_range();
        }
        self.show_when_due();
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
        for _ in 0..BATCH.0 {
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
            if bytes >= BATCH.1 {
                break;
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn take(&mut self, record: Record) {
        let partition = Partition { topic: Arc::clone(&record.topic), index: record.partition };
        let current = self.setup.sink.version();
        if let Some(version) = self.machine.builder(&partition, record.offset, current) {
            let built = build(&*self.setup.sink, version, &record);
            let now = self.now();
            self.machine.record(Arc::new(record), built, version, now);
        }
    }
}
