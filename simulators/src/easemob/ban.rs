//! The ban of an app whose callback server keeps failing after sending.

use std::collections::VecDeque;

const WINDOW_MS: u64 = 30_000;
const FAILURES: usize = 90;
const DAY_MS: u64 = 24 * 3_600_000;
const STEPS_MIN: [u64; 5] = [5, 10, 15, 20, 25];

/// Failures of one app and the ban that they earn: 90 in 30 s ban for 5 minutes, and each further ban
/// within 24 hours lasts 5 minutes more, up to 25.
#[derive(Debug, Default)]
pub(crate) struct Ban {
    failures: VecDeque<u64>,
    begun: VecDeque<u64>,
    until_ms: u64,
}

impl Ban {
    /// Counts a failure; true when it starts a ban.
    pub(crate) fn failed(&mut self, now_ms: u64) -> bool {
        if self.active(now_ms) {
            return false;
        }
        self.failures.push_back(now_ms);
        while self.failures.front().is_some_and(|at| at + WINDOW_MS <= now_ms) {
            self.failures.pop_front();
        }
        if self.failures.len() < FAILURES {
            return false;
        }
        self.failures.clear();
        while self.begun.front().is_some_and(|at| at + DAY_MS <= now_ms) {
            self.begun.pop_front();
        }
        let step = self.begun.len().min(STEPS_MIN.len() - 1);
        self.begun.push_back(now_ms);
        self.until_ms = now_ms + STEPS_MIN.get(step).copied().unwrap_or(5) * 60_000;
        true
    }

    /// Whether callbacks are withheld now.
    pub(crate) fn active(&self, now_ms: u64) -> bool {
        now_ms < self.until_ms
    }

    /// When the last ban ends, in milliseconds since the epoch; 0 if there was none.
    pub(crate) fn until_ms(&self) -> u64 {
        self.until_ms
    }
}

#[cfg(test)]
mod tests {
    use super::Ban;

    fn earn(ban: &mut Ban, now_ms: u64) -> bool {
        (0..90).any(|_| ban.failed(now_ms))
    }

    #[test]
    fn ninety_failures_within_thirty_seconds_ban_for_five_minutes() {
        let mut ban = Ban::default();
        assert!(!(0..89).any(|i| ban.failed(i)));
        assert!(ban.failed(29_999));
        assert!(ban.active(29_999 + 299_999));
        assert!(!ban.active(29_999 + 300_000));
    }

    #[test]
    fn failures_that_are_spread_out_ban_nobody() {
        let mut ban = Ban::default();
        assert!(!(0..500).any(|i| ban.failed(i * 400)));
    }

    #[test]
    fn repeated_bans_of_a_day_grow_to_twenty_five_minutes_and_start_small_the_next_day() {
        let mut ban = Ban::default();
        let mut now = 0;
        for minutes in [5, 10, 15, 20, 25, 25] {
            assert!(earn(&mut ban, now));
            assert_eq!(ban.until_ms(), now + minutes * 60_000);
            now = ban.until_ms();
        }
        now += 48 * 3_600_000;
        assert!(earn(&mut ban, now));
        assert_eq!(ban.until_ms(), now + 300_000);
    }
}
