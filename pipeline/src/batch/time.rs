//! The driver's clock.

use std::time::{Duration, Instant};

/// Milliseconds on a clock that only goes forward; its zero is the driver's start.
pub(super) type Millis = u64;

/// A duration in whole milliseconds.
pub(super) fn millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Measures from the driver's start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub(super) fn now(self) -> Millis {
        millis(self.0.elapsed())
    }

    /// The moment of a time that the core keeps.
    pub(super) fn instant(self, at: Millis) -> Instant {
        self.0 + Duration::from_millis(at)
    }
}
