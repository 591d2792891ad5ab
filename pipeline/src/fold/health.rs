//! What the rest of the process may know of a driver.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a driver is at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthReport {
    /// Its thread runs.
    pub alive: bool,
    /// Time since it last polled; more than a few seconds means that it hangs.
    pub poll_age: Duration,
    /// Partitions that are restored and folded.
    pub owned: BTreeSet<i32>,
    /// Partitions whose states are being read back.
    pub restoring: BTreeSet<i32>,
    /// Partitions that are assigned and not folded, with the reason.
    pub refused: BTreeMap<i32, &'static str>,
}

#[derive(Debug)]
struct State {
    report: HealthReport,
    polled: Instant,
}

/// A shared view on a driver's health. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Health(Arc<Mutex<State>>);

impl Health {
    pub(super) fn new() -> Self {
        let report = HealthReport {
            alive: true,
            poll_age: Duration::ZERO,
            owned: BTreeSet::new(),
            restoring: BTreeSet::new(),
            refused: BTreeMap::new(),
        };
        Self(Arc::new(Mutex::new(State { report, polled: Instant::now() })))
    }

    /// The driver's health now.
    pub fn report(&self) -> HealthReport {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        HealthReport { poll_age: state.polled.elapsed(), ..state.report.clone() }
    }

    pub(super) fn polled(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).polled = Instant::now();
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut HealthReport)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).report);
    }
}
