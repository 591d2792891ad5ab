//! Open-loop pace: each piece of work is due at a time that does not depend on how the ones before it went.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Shortest rest between two looks at the clock.
const REST: Duration = Duration::from_micros(100);

/// When each piece of work is due.
#[derive(Clone, Copy)]
pub(crate) struct Schedule {
    start: Instant,
    per_second: f64,
    /// How many pieces there are.
    pub(crate) count: u64,
}

impl Schedule {
    /// Work at an even rate for a time, from `start` on.
    pub(crate) fn new(start: Instant, per_second: f64, length: Duration) -> Self {
        Self { start, per_second, count: (per_second * length.as_secs_f64()).round() as u64 }
    }

    /// When piece `number` is due, counted from 0. Its latency counts from here, however late it was begun.
    pub(crate) fn due(&self, number: u64) -> Instant {
        self.start + Duration::from_secs_f64(number as f64 / self.per_second)
    }

    /// Calls `begin` for each piece when it is due, and for all that are due when it was late. Blocks until the last.
    pub(crate) fn keep(&self, mut begin: impl FnMut(u64, Instant)) {
        for number in 0..self.count {
            let due = self.due(number);
            loop {
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                sleep(left.max(REST));
            }
            begin(number, due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_due_evenly_and_none_of_it_waits_for_what_was_late() {
        let start = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let schedule = Schedule::new(start, 200.0, Duration::from_secs(2));
        assert_eq!(schedule.count, 400);
        assert_eq!(schedule.due(1) - schedule.due(0), Duration::from_millis(5));
        let mut begun = Vec::new();
        schedule.keep(|number, due| begun.push((number, due - start)));
        assert_eq!(begun.len(), 400);
        assert_eq!(begun[399], (399, Duration::from_millis(1_995)), "what was due is told, not what is now");
        assert!(start.elapsed() < Duration::from_secs(12), "the past is not waited for");
    }

    #[test]
    fn nothing_is_begun_before_it_is_due() {
        let schedule = Schedule::new(Instant::now(), 1_000.0, Duration::from_millis(20));
        schedule.keep(|_, due| assert!(Instant::now() >= due));
    }
}
