//! Starts a fold driver.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::handle::{Control, Handle};
use super::shell::{Clients, Setup, Shell};
use super::{Fold, FoldConfig};
use crate::Stop;
use crate::driver::{Board, Ending};
use crate::kafka::{Consumer, Error, TransactionalProducer, with_causes};

/// Why a driver ends by itself. All are for the supervisor: the process ends, or starts the driver anew.
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
    /// [`DriverError::Thread`]. Everything later ends the thread and is told by [`crate::driver::Health::failure`].
    pub fn spawn<F: Fold>(config: FoldConfig, fold: F, incarnation: &str) -> Result<Handle, DriverError> {
        let (board, pulse) = Board::of_one_thread();
        let (stop, stopped) = channel();
        let setup = Setup { config, incarnation: incarnation.to_owned(), fold, board: board.clone(), pulse };
        let thread = thread::Builder::new()
            .name(format!("fold-{}", setup.config.instance.role()))
            .spawn(move || {
                let ending = Ending(setup.board.clone());
                if let Err(error) = run(setup, &stopped) {
                    ending.0.fail(with_causes(&error));
                }
            })
            .map_err(DriverError::Thread)?;
        Ok(Handle::new(board, Control(stop), vec![thread]))
    }
}

fn run<F: Fold>(setup: Setup<F>, stopped: &Receiver<Stop>) -> Result<(), DriverError> {
    match connect(&setup.config, stopped)? {
        Some(clients) => Shell::new(setup, clients).run(stopped),
        None => Ok(()),
    }
}

/// Joins the group and settles the previous incarnation's transaction, trying until it works or nobody wants it.
fn connect(config: &FoldConfig, stopped: &Receiver<Stop>) -> Result<Option<Clients>, DriverError> {
    loop {
        // The producer first: what a killed predecessor left open would make reading offsets wait.
        let producer = TransactionalProducer::new(&config.kafka, &config.instance);
        match producer.and_then(|producer| {
            let consumer = Consumer::join(&config.kafka, &config.instance, &[&config.input])?;
            Ok(Clients { consumer, producer })
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
