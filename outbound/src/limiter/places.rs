//! The limit of calls that run at a time.

use std::time::Duration;

use super::counted::Usual;

/// What is taken for the time of a call before one has ended.
const UNKNOWN: f64 = 10.0;

/// Of fewer places none is kept.
const FEW: f64 = 4.0;

#[derive(Debug)]
pub(super) struct Places {
    /// For all instances together.
    most: Option<u32>,
    running: u32,
    /// How long calls usually run, in seconds.
    usual: Usual,
}

impl Places {
    pub(super) fn new(most: Option<u32>) -> Self {
        Self { most, running: 0, usual: Usual::default() }
    }

    pub(super) const fn running(&self) -> u32 {
        self.running
    }

    /// Whether no call may start, if a part of the places is `kept` for others.
    pub(super) fn is_full(&self, share: f64, kept: f64) -> bool {
        self.bound(share).is_some_and(|most| {
            let kept = if most >= FEW { (most * kept).ceil() } else { 0.0 };
            f64::from(self.running) >= most - kept
        })
    }

    pub(super) fn take(&mut self) {
        self.running += 1;
    }

    pub(super) fn free(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// How long a call ran.
    pub(super) fn note(&mut self, time: Duration) {
        self.usual.note(time.as_secs_f64());
    }

    /// After how many seconds somebody with so many before him may expect a place, if calls take as long as usual.
    pub(super) fn wait(&self, share: f64, ahead: usize) -> f64 {
        let Some(most) = self.bound(share) else { return 0.0 };
        let too_many = f64::from(self.running) + ahead as f64 + 1.0 - most;
        too_many.max(0.0) * self.usual.get().unwrap_or(UNKNOWN) / most
    }

    /// A share is one call at least: an instance that owns anything must be able to go on.
    fn bound(&self, share: f64) -> Option<f64> {
        self.most.map(|most| (f64::from(most) * share).floor().max(1.0))
    }
}
