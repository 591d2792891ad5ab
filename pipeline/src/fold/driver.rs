//! Starting, watching and ending a fold driver.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::watch;

use super::shell::Shell;
use super::{Fold, FoldConfig, Health};
use crate::Stop;
use crate::kafka::{Consumer, Error, TransactionalProducer};

/// Why a driver ended by itself. All are for the supervisor: the process ends, or starts the driver anew.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// Kafka cannot be used any more, or a twin took over this instance's identity.
    #[error(transparent)]
    Kafka(#[from] Error),
    /// A dead letter cannot be written; going on would lose the record.
    #[error("write dead letter: {0}")]
    DeadLetter(String),
    /// No transaction could be committed for minutes.
    #[error("commit a transaction: {0}")]
    Stuck(String),
    /// Committed offsets are neither as before nor as planned.
    #[error("settle a transaction: another process commits offsets of this group")]
    Moved,
    /// The incarnation cannot be part of commit metadata.
    #[error("write commit metadata: {0}")]
    Mark(&'static str),
    /// The thread could not be started.
    #[error("start thread of the fold: {0}")]
    Thread(std::io::Error),
    /// The fold panicked.
    #[error("run the fold: it panicked")]
    Panicked,
}

impl DriverError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Kafka(error) => error.label(),
            Self::DeadLetter(_) => "dead_letter",
            Self::Stuck(_) => "stuck",
            Self::Moved => "moved",
            Self::Mark(_) => "mark",
            Self::Thread(_) => "thread",
            Self::Panicked => "panicked",
        }
    }
}

/// Starts fold drivers.
#[derive(Debug)]
pub struct FoldDriver;

impl FoldDriver {
    /// Runs `fold` on a thread of its own. `incarnation` is what the deployment's topics are stamped with.
    ///
    /// # Errors
    /// [`DriverError::Thread`]. Everything later ends the thread and comes out of [`Handle::join`].
    pub fn spawn<F: Fold>(config: FoldConfig, fold: F, incarnation: &str) -> Result<Handle, DriverError> {
        let health = Health::new();
        let (stop, stopped) = channel();
        let (alive, ended) = watch::channel(());
        let incarnation = incarnation.to_owned();
        let end = End { health: health.clone(), alive };
        let name = format!("fold-{}", config.instance.role());
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || {
                let end = end;
                let Some(clients) = connect(&config, &stopped)? else { return Ok(()) };
                Shell::new((config, incarnation), fold, clients, end.health.clone()).run(&stopped)
            })
            .map_err(DriverError::Thread)?;
        Ok(Handle { stop, health, ended, thread })
    }
}

/// Tells that the thread ended, also when it panicked.
struct End {
    health: Health,
    #[expect(dead_code, reason = "dropping it is the signal")]
    alive: watch::Sender<()>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.health.change(|report| report.alive = false);
    }
}

/// Joins the group and settles the previous incarnation's transaction, trying until it works or nobody wants it.
fn connect(
    config: &FoldConfig,
    stopped: &Receiver<Stop>,
) -> Result<Option<(Consumer, TransactionalProducer)>, DriverError> {
    loop {
        // The producer first: what a killed predecessor left open would make reading offsets wait.
        let producer = TransactionalProducer::new(&config.kafka, &config.instance);
        match producer.and_then(|producer| {
            Ok((Consumer::join(&config.kafka, &config.instance, &[&config.input])?, producer))
        }) {
            Ok(clients) => return Ok(Some(clients)),
            Err(error @ (Error::Fenced { .. } | Error::Client { .. })) => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "connect the fold to kafka"),
        }
        match stopped.recv_timeout(Duration::from_millis(500)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Stop::Restart | Stop::Leave) | Err(RecvTimeoutError::Disconnected) => {
                return Ok(None);
            }
        }
    }
}

/// A running driver. Dropping it stops the driver as [`Stop::Restart`] does, without waiting.
#[derive(Debug)]
pub struct Handle {
    stop: Sender<Stop>,
    health: Health,
    ended: watch::Receiver<()>,
    thread: JoinHandle<Result<(), DriverError>>,
}

impl Handle {
    /// The driver's health, to be kept and asked at any time.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Asks the driver to commit what it has and to end. Takes effect within a transaction's bound.
    pub fn stop(&self, mode: Stop) {
        if self.stop.send(mode).is_err() {
            tracing::debug!("stop the fold: it has ended already");
        }
    }

    /// A future that completes when the driver has ended, for whatever reason; then [`Self::join`] does not block.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ended = self.ended.clone();
        async move { while ended.changed().await.is_ok() {} }
    }

    /// Waits for the driver's end. Blocks.
    ///
    /// # Errors
    /// Why it ended by itself.
    pub fn join(self) -> Result<(), DriverError> {
        self.thread.join().unwrap_or(Err(DriverError::Panicked))
    }
}
