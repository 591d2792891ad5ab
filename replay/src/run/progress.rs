//! How far a replay is, for whoever looks meanwhile.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use schemas::money::Money;

use crate::compare::Costs;

/// How far a replay is. All parts of it add to one.
#[derive(Debug, Default)]
pub struct Progress {
    /// Offsets that are to be read.
    total: AtomicI64,
    /// Offsets that were read.
    done: AtomicI64,
    events: AtomicU64,
    turns: AtomicU64,
    live: Mutex<Costs>,
}

impl Progress {
    /// Of so many offsets.
    pub fn of(total: i64) -> Self {
        Self { total: AtomicI64::new(total.max(0)), ..Self::default() }
    }

    /// So many offsets were passed.
    pub fn pass(&self, offsets: i64) {
        self.done.fetch_add(offsets, Ordering::Relaxed);
    }

    /// So many records were folded.
    pub fn fold(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    /// So many turns were compared.
    pub fn turns(&self, turns: u64) {
        self.turns.fetch_add(turns, Ordering::Relaxed);
    }

    /// So much was spent on models.
    pub fn spend(&self, costs: &Costs) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).plus(costs);
    }

    /// Records that were folded.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Turns that were compared.
    pub fn compared(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// The part that is done, in thousandths.
    pub fn thousandths(&self) -> u64 {
        let (total, done) = (self.total.load(Ordering::Relaxed), self.done.load(Ordering::Relaxed));
        if total == 0 {
            return 1_000;
        }
        u64::try_from(done.saturating_mul(1_000) / total).unwrap_or_default().min(1_000)
    }

    /// What models cost so far.
    pub fn spent(&self) -> Vec<Money> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).amounts()
    }
}
