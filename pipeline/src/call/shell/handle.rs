//! What others see of a running driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::shared::Shared;
use crate::Stop;
use crate::call::Status;
use crate::call::core::Event;

/// A thread that is silent for longer than this hangs.
const SILENCE_MS: u64 = 15_000;

/// How the driver is; at most a second old.
#[derive(Debug, Clone)]
pub struct Health {
    /// Its threads run, the poller polls and the core answers.
    pub alive: bool,
    /// Why it ended by itself, if it did.
    pub failure: Option<String>,
    /// Counts, in all and by partition.
    pub status: Status,
}

impl Health {
    /// Nothing needs an operator.
    pub fn is_healthy(&self) -> bool {
        self.alive && self.status.partitions.values().all(|partition| partition.refused.is_none())
    }
}

/// A running driver. Dropped without [`Handle::stop`], it ends where it stands, as in a crash.
pub struct Handle {
    pub(super) shared: Arc<Shared>,
    pub(super) events: Sender<Event>,
    pub(super) leave: Arc<AtomicBool>,
    pub(super) threads: Vec<JoinHandle<()>>,
}

impl Handle {
    /// How it is.
    pub fn health(&self) -> Health {
        let (polled, spoken) = self.shared.silence();
        let running = !self.threads.iter().any(JoinHandle::is_finished);
        let alive = running && !self.shared.is_over() && polled.max(spoken) < SILENCE_MS;
        Health { alive, failure: self.shared.failure(), status: self.shared.status() }
    }

    /// Stops admitting, lets running calls end within `grace` while committing goes on, makes a last plan and closes
    /// the clients. Blocks until then, so call it off the async workers.
    pub fn stop(mut self, how: Stop, grace: Duration) -> Health {
        self.leave.store(how == Stop::Leave, Ordering::Release);
        if self.events.blocking_send(Event::Stop { grace }).is_err() {
            self.shared.finish();
        }
        self.join();
        self.health()
    }

    /// Ends as a crash does: nothing is committed, the group is not told.
    #[cfg(feature = "broker-tests")]
    pub fn kill(mut self) {
        self.shared.finish();
        self.join();
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                self.shared.fail("a thread panicked".into());
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.finish();
    }
}
