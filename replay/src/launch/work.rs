//! The work of a replay, partition by partition, on as many threads as it is given.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use conversation::States;
use pipeline::kafka::Publisher;
use schemas::ids::BundleHash;
use tokio::runtime::Handle;

use super::logs::open;
use crate::dataset::Chosen;
use crate::live::{Models, Unasked};
use crate::log::LogError;
use crate::range::{Manifest, Span};
use crate::results;
use crate::run::{Asked, Engine, Logs, Part, Progress, RunError, Tally, asked, recorded, states_before};
use crate::shadow::{self, Journal, Names, OwnError, ThereError, WriteError, Writer};
use crate::world::Line;

/// Why a replay cannot be launched or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// It cannot go on.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its topics cannot be had.
    #[error(transparent)]
    Own(#[from] OwnError),
    /// Its topics cannot be read.
    #[error(transparent)]
    There(#[from] ThereError),
    /// Its topics cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The line's topics cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The dead letters cannot be read.
    #[error(transparent)]
    Crashed(conversation::RefoldError),
    /// The states that it is to start from cannot be used.
    #[error("read the snapshot of partition {partition}: {what}")]
    States {
        /// The partition.
        partition: i32,
        /// What is wrong.
        what: String,
    },
}

impl LaunchError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Run(error) => error.label(),
            Self::Own(error) => error.label(),
            Self::There(error) => error.label(),
            Self::Write(error) => error.label(),
            Self::Log(error) => error.label(),
            Self::Crashed(error) => error.label(),
            Self::States { .. } => "states",
        }
    }
}

/// A replay that is ready to run.
pub struct Launch<'a, M> {
    /// What is replayed.
    pub manifest: &'a Manifest,
    /// The line.
    pub line: &'a Line,
    /// The candidate's bundle; none where production's own hold.
    pub candidate: Option<BundleHash>,
    /// The bundle that held where the range's first records do not tell.
    pub fallback: Option<BundleHash>,
    /// The turns whose results are wanted; all of them without.
    pub chosen: Option<&'a Chosen>,
    /// The names of its topics.
    pub names: &'a Names,
    /// Writes to them.
    pub publisher: &'a Arc<Publisher>,
    /// Who answers what the log does not.
    pub models: &'a M,
    /// Told how far it is.
    pub progress: &'a Progress,
    /// Partitions that are worked on at a time.
    pub threads: usize,
    /// An earlier run may have written something.
    pub is_resumed: bool,
    /// The states that a partition starts from.
    pub states: &'a (dyn Fn(Span) -> Result<States, LaunchError> + Sync),
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Ran {
    /// What was counted.
    pub tally: Tally,
    /// Why it ended before it was done, if it did.
    pub stopped: Option<Unasked>,
}

impl<M: Models> Launch<'_, M> {
    /// Does the work. Blocks; calls run on `runtime`.
    ///
    /// # Errors
    /// [`LaunchError`], the first that a partition meets; the others end what they are at.
    pub fn run(&self, runtime: &Handle) -> Result<Ran, LaunchError> {
        let spans: Vec<Span> =
            self.manifest.spans.iter().filter(|span| span.end > span.first).copied().collect();
        let threads = self.threads.clamp(1, spans.len().max(1));
        let ran = Mutex::new(Ok(Ran::default()));
        thread::scope(|scope| {
            // Opening waits for the brokers, and so it goes on ahead of the work, by one partition.
            let (open_ahead, opened) = sync_channel(0);
            let opened = Arc::new(Mutex::new(opened));
            for _ in 0..threads {
                let (opened, ran) = (Arc::clone(&opened), &ran);
                scope.spawn(move || self.work(&opened, ran, runtime));
            }
            drop(opened);
            scope.spawn(move || {
                let mut all = spans.into_iter().map(|span| (span, open(self.line, self.manifest, span)));
                all.all(|one| open_ahead.send(one).is_ok())
            });
        });
        ran.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's share.
    fn work(
        &self,
        opened: &Mutex<Receiver<Opened>>,
        ran: &Mutex<Result<Ran, LaunchError>>,
        runtime: &Handle,
    ) {
        let note = |done: Result<Ran, LaunchError>| {
            let mut ran = lock(ran);
            match (&mut *ran, done) {
                (Ok(ran), Ok(done)) => ran.add(done),
                (Ok(_), Err(error)) => *ran = Err(error),
                (Err(_), _) => {}
            }
        };
        let is_over = || matches!(&*lock(ran), Err(_) | Ok(Ran { stopped: Some(_), .. }));
        let mut behind: Option<Played> = None;
        loop {
            // Waiting takes long: meanwhile another thread may have ended it.
            let next = lock(opened).recv().ok().filter(|_| !is_over());
            let played = next.map(|(span, logs)| self.partition(span, logs?, runtime));
            // By now most of what was written of the partition before is acknowledged.
            if let Some(before) = behind.take() {
                note(before.settle());
            }
            match played {
                Some(Ok(played)) if played.ran.stopped.is_none() => behind = Some(played),
                Some(Ok(played)) => note(played.settle()),
                Some(Err(error)) => note(Err(error)),
                None => return,
            }
        }
    }

    fn partition(&self, span: Span, logs: Logs, runtime: &Handle) -> Result<Played, LaunchError> {
        let deployment = self.line.deployment();
        let kafka = &deployment.kafka;
        let (there, journal) = if self.is_resumed {
            let there = shadow::ids(kafka, self.names, span.partition)?;
            (there, shadow::journal(kafka, self.names, span.partition)?)
        } else {
            (HashMap::new(), Journal::new())
        };
        let states = (self.states)(span)?;
        let writer = Writer::new(Arc::clone(self.publisher), self.names, span.partition, there);
        let engine = Engine {
            manifest: self.manifest,
            line: self.line,
            candidate: self.candidate.clone(),
            fallback: self.fallback.clone(),
            chosen: self.chosen,
            progress: self.progress,
        };
        let part = Part { span, logs, states, sink: writer };
        let (tally, writer, stopped) = match self.manifest.arguments.models {
            results::Models::Recorded => {
                let (tally, writer) = recorded(&engine, part)?;
                (tally, writer, None)
            }
            results::Models::RecordedThenLive | results::Models::Live => {
                let run = asked(&engine, part, self.models, journal);
                let Asked { tally, sink, stopped } = runtime.block_on(run)?;
                (tally, sink, stopped)
            }
        };
        Ok(Played { ran: Ran { tally, stopped }, writer })
    }
}

/// The logs of a partition, or why they cannot be read.
type Opened = (Span, Result<Logs, LaunchError>);

/// A partition of which all is written and not yet acknowledged.
struct Played {
    ran: Ran,
    writer: Writer,
}

impl Played {
    /// Waits until it is.
    fn settle(mut self) -> Result<Ran, LaunchError> {
        self.writer.flush()?;
        Ok(self.ran)
    }
}

impl Ran {
    fn add(&mut self, other: Self) {
        self.tally.add(other.tally);
        self.stopped = self.stopped.or(other.stopped);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The states of a partition when its span begins, folded from the span's first warming record on. Blocks.
///
/// # Errors
/// [`LaunchError`].
pub fn states_at(engine: &Engine<'_>, span: Span) -> Result<States, LaunchError> {
    let logs = open(engine.line, engine.manifest, Span { end: span.first, ..span })?;
    Ok(states_before(engine, span, logs, States::default())?)
}
