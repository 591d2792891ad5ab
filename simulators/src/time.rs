//! Wall-clock time as both stand-ins show it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A duration in milliseconds with microseconds as decimals.
pub(crate) fn fractional_ms(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1_000.0
}
