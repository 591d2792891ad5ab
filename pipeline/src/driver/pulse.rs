//! How a thread that hangs is told from one that waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One thread's sign of life. Clones are the same pulse.
#[derive(Debug, Clone)]
pub(crate) struct Pulse {
    started: Instant,
    /// Milliseconds from the start to the last beat.
    beaten: Arc<AtomicU64>,
}

impl Pulse {
    /// Begins with a beat.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), beaten: Arc::default() }
    }

    /// The thread is alive.
    pub(crate) fn beat(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.beaten.store(now, Ordering::Relaxed);
    }

    /// Time since the last beat.
    pub(crate) fn silence(&self) -> Duration {
        let beaten = Duration::from_millis(self.beaten.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(beaten)
    }
}
