//! Where a driver's threads show how it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Health, Pulse, Status};

/// A thread that is silent for longer than this hangs.
const SILENCE: Duration = Duration::from_secs(15);

/// What is shown of a driver. Cheap to clone; clones show the same.
#[derive(Debug, Clone)]
pub(crate) struct Board<S> {
    shown: Arc<Mutex<Health<S>>>,
    pulses: Arc<[Pulse]>,
}

impl<S: Status> Board<S> {
    /// A driver that has begun and owns nothing yet. `pulses` are those of its threads.
    pub(crate) fn new(pulses: impl Into<Arc<[Pulse]>>) -> Self {
        let shown = Health { alive: true, ..Health::default() };
        Self { shown: Arc::new(Mutex::new(shown)), pulses: pulses.into() }
    }

    /// The same for a driver with one thread, and that thread's pulse.
    pub(crate) fn of_one_thread() -> (Self, Pulse) {
        let pulse = Pulse::new();
        (Self::new([pulse.clone()]), pulse)
    }

    /// How the driver is now.
    pub(crate) fn health(&self) -> Health<S> {
        let mut health = self.lock().clone();
        health.alive &= self.pulses.iter().all(|pulse| pulse.silence() < SILENCE);
        health
    }

    /// Part of what is shown, without a copy of the whole.
    pub(crate) fn read<T>(&self, part: impl FnOnce(&Health<S>) -> T) -> T {
        part(&self.lock())
    }

    /// Changes what is shown.
    pub(crate) fn show(&self, change: impl FnOnce(&mut Health<S>)) {
        change(&mut self.lock());
    }

    /// The driver ends by itself; the first reason stays.
    pub(crate) fn fail(&self, reason: String) {
        self.lock().failure.get_or_insert(reason);
    }

    fn lock(&self) -> MutexGuard<'_, Health<S>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives as long as a driver's thread: however that ends, the board says so.
#[derive(Debug)]
pub(crate) struct Ending<S: Status>(pub(crate) Board<S>);

impl<S: Status> Drop for Ending<S> {
    fn drop(&mut self) {
        self.0.show(|health| health.alive = false);
        if thread::panicking() {
            self.0.fail("its thread panicked".to_owned());
        }
    }
}
