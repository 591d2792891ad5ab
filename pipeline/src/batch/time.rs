//! The driver's clock.

use std::time::{Duration, Instant};

/// Milliseconds on a clock that only goes forward; its zero is the driver's start.
pub(super) type Millis = u64;

/// Measures from the driver's start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub(super) fn now(self) -> Millis {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment of a time that the core keeps.
    pub(super) fn instant(self, at: Millis) -> Instant {
        self.0 + Duration::from_millis(at)
    }
}
