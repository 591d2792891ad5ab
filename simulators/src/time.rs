//! Wall-clock time as both stand-ins show it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    whole_ms(since)
}

/// A duration in whole milliseconds.
pub(crate) fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A duration in milliseconds with microseconds as decimals.
pub(crate) fn fractional_ms(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1_000.0
}
