//! The retry budget of a target: repeated attempts are limited to a share of the first ones, plus a few a second, so that
//! retries never multiply an outage. A request that finds the budget used up waits.

use std::time::Duration;

use tokio::time::Instant;

/// Repeats saved up at most; also what a new budget starts with, so that a first call may fail a few times.
const SAVED: f64 = 10.0;

/// How much may be repeated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// Repeats per first attempt.
    pub share: f64,
    /// Repeats per second, however few the first attempts.
    pub floor_per_second: f64,
}

/// A bucket of repeats, filled by first attempts and, slowly, by time.
#[derive(Debug)]
pub struct Budget {
    allowance: Allowance,
    repeats: f64,
    filled: Instant,
}

impl Budget {
    /// A budget with a full bucket.
    #[must_use]
    pub const fn new(allowance: Allowance, now: Instant) -> Self {
        Self { allowance, repeats: SAVED, filled: now }
    }

    /// Notes a first attempt.
    pub fn first_attempt(&mut self, now: Instant) {
        self.fill(now);
        self.add(self.allowance.share);
    }

    /// When [`Budget::repeat`] may succeed, `now` or earlier for at once; `None` if time alone brings nothing.
    #[must_use]
    pub fn next_repeat(&self, now: Instant) -> Option<Instant> {
        let missing = 1.0 - self.repeats - self.floor(now);
        if missing <= 0.0 {
            return Some(now);
        }
        let wait = Duration::try_from_secs_f64(missing / self.allowance.floor_per_second).ok()?;
        // A wait that rounds to nothing would make its caller spin.
        Some(now + wait.max(Duration::from_millis(1)))
    }

    /// Takes one repeat; false when none is left.
    pub fn repeat(&mut self, now: Instant) -> bool {
        self.fill(now);
        let allowed = self.repeats >= 1.0;
        if allowed {
            self.repeats -= 1.0;
        }
        allowed
    }

    fn fill(&mut self, now: Instant) {
        self.add(self.floor(now));
        self.filled = self.filled.max(now);
    }

    fn floor(&self, now: Instant) -> f64 {
        let elapsed: Duration = now.saturating_duration_since(self.filled);
        elapsed.as_secs_f64() * self.allowance.floor_per_second
    }

    fn add(&mut self, repeats: f64) {
        self.repeats = (self.repeats + repeats).min(SAVED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeats(budget: &mut Budget, now: Instant) -> usize {
        (0..1000).take_while(|_| budget.repeat(now)).count()
    }

    #[test]
    fn repeats_are_a_share_of_first_attempts() {
        let now = Instant::now();
        let mut budget = Budget::new(Allowance { share: 0.25, floor_per_second: 0.0 }, now);
        assert_eq!(repeats(&mut budget, now), 10, "what a new budget starts with");
        (0..20).for_each(|_| budget.first_attempt(now));
        assert_eq!(budget.next_repeat(now), Some(now));
        assert_eq!(repeats(&mut budget, now), 5);
        assert_eq!(budget.next_repeat(now), None);
    }

    #[test]
    fn the_floor_lets_a_quiet_target_repeat() {
        let now = Instant::now();
        let mut budget = Budget::new(Allowance { share: 0.1, floor_per_second: 1.0 }, now);
        repeats(&mut budget, now);
        let next = budget.next_repeat(now).unwrap();
        assert!((next - now).abs_diff(Duration::from_secs(1)) < Duration::from_millis(1));
        let later = now + Duration::from_secs(3);
        assert_eq!(budget.next_repeat(later), Some(later));
        assert_eq!(repeats(&mut budget, later), 3);
    }

    #[test]
    fn a_quiet_day_saves_up_only_a_little() {
        let now = Instant::now();
        let mut budget = Budget::new(Allowance { share: 0.5, floor_per_second: 1.0 }, now);
        assert_eq!(repeats(&mut budget, now + Duration::from_secs(86_400)), 10);
        (0..1000).for_each(|_| budget.first_attempt(now));
        assert_eq!(repeats(&mut budget, now), 10);
    }
}
