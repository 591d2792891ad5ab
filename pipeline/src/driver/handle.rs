//! A handle on a running driver.

use std::thread::JoinHandle;
use std::time::Duration;

use super::{Board, Health, Status};
use crate::Stop;

/// How one kind of driver is told to end.
pub trait Control: Send + Sync {
    /// What it tells besides what all drivers do.
    type Status: Status;

    /// Asks it to end within `grace`, which it may exceed by one transaction. Does not wait for the end.
    fn stop(&self, how: Stop, grace: Duration);
}

/// A running driver. Dropped without [`Handle::stop`], it ends without grace.
#[derive(Debug)]
pub struct Handle<C: Control> {
    board: Board<C::Status>,
    control: C,
    threads: Vec<JoinHandle<()>>,
}

impl<C: Control> Handle<C> {
    pub(crate) fn new(board: Board<C::Status>, control: C, threads: Vec<JoinHandle<()>>) -> Self {
        Self { board, control, threads }
    }

    pub(crate) fn control(&self) -> &C {
        &self.control
    }

    /// How it is.
    pub fn health(&self) -> Health<C::Status> {
        let mut health = self.board.health();
        health.alive &= !self.threads.iter().any(JoinHandle::is_finished);
        health
    }

    /// Asks it to end and does not wait: several drivers end side by side, each to be waited for by [`Self::join`].
    pub fn ask(&self, how: Stop, grace: Duration) {
        self.control.stop(how, grace);
    }

    /// Ends it: what it has begun is finished and committed if that takes no longer than `grace`; the rest is read again
    /// by the next owner. Blocks until its clients are closed, so call it off the async workers.
    pub fn stop(self, how: Stop, grace: Duration) -> Health<C::Status> {
        self.ask(how, grace);
        self.join()
    }

    /// Waits until it has ended, by itself or as it was asked. Blocks.
    pub fn join(mut self) -> Health<C::Status> {
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                self.board.fail("its thread panicked".to_owned());
            }
        }
        self.health()
    }
}
