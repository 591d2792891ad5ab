//! Polling with a bound.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const STEP: Duration = Duration::from_millis(20);

/// Asks until there is an answer.
pub(crate) fn until<T>(what: &str, bound: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < bound, "waited {} s for {what}", bound.as_secs());
        thread::sleep(STEP);
    }
}

pub(crate) fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// Milliseconds since the epoch.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
