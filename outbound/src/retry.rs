//! Waits between attempts: exponential steps with full jitter.

use std::time::Duration;

use backoff::{ExponentialBackoff, backoff::Backoff as _};

/// The upper ends of the waits: `base`, doubled each time, never beyond `cap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The first upper end.
    pub base: Duration,
    /// The last upper end.
    pub cap: Duration,
}

/// Draws waits uniformly between zero and the next step, so that callers that failed together do not return
/// together.
#[derive(Debug)]
pub struct FullJitter {
    steps: ExponentialBackoff,
    random: fastrand::Rng,
}

impl Steps {
    /// The steps themselves, without jitter. The library's own randomness never draws a wait near zero, and its limit of
    /// elapsed time knows nothing of our deadlines, so both are switched off.
    fn start(self) -> ExponentialBackoff {
        ExponentialBackoff {
            current_interval: self.base,
            initial_interval: self.base,
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: self.cap,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        }
    }

    /// The step after `before` steps, without jitter.
    #[must_use]
    pub fn nth(self, before: u32) -> Duration {
        let mut steps = self.start();
        // Doubling reaches any cap long before; the bound keeps a long row of failures cheap.
        for _ in 0..before.min(64) {
            next(&mut steps);
        }
        next(&mut steps).min(self.cap)
    }
}

impl FullJitter {
    /// Waits along these steps, drawn from `random`.
    #[must_use]
    pub fn new(steps: Steps, random: fastrand::Rng) -> Self {
        Self { steps: steps.start(), random }
    }

    /// The next wait.
    pub fn draw(&mut self) -> Duration {
        let upper = next(&mut self.steps).min(self.steps.max_interval);
        upper.mul_f64(self.random.f64())
    }

    /// The next wait after leaving out some steps, for failures that pass slowly.
    pub fn draw_later(&mut self, left_out: u32) -> Duration {
        for _ in 0..left_out {
            next(&mut self.steps);
        }
        self.draw()
    }
}

fn next(steps: &mut ExponentialBackoff) -> Duration {
    steps.next_backoff().unwrap_or(steps.max_interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: Steps = Steps { base: Duration::from_millis(100), cap: Duration::from_secs(1) };

    #[test]
    fn steps_double_up_to_the_cap() {
        let millis: Vec<_> = (0..6).map(|n| STEPS.nth(n).as_millis()).collect();
        assert_eq!(millis, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(STEPS.nth(u32::MAX), STEPS.cap);
    }

    #[test]
    fn waits_fill_the_whole_range_from_zero_to_the_step() {
        let first_waits: Vec<_> =
            (0..2000).map(|seed| FullJitter::new(STEPS, fastrand::Rng::with_seed(seed)).draw()).collect();
        assert!(first_waits.iter().all(|wait| *wait <= STEPS.base));
        for tenth in 0..10 {
            let range = STEPS.base * tenth / 10..STEPS.base * (tenth + 1) / 10;
            let hits = first_waits.iter().filter(|wait| range.contains(wait)).count();
            assert!((120..=280).contains(&hits), "tenth {tenth}: {hits} of 2000");
        }
    }

    #[test]
    fn later_waits_are_drawn_from_longer_steps_never_beyond_the_cap() {
        let mut longest = [Duration::ZERO; 6];
        for seed in 0..500 {
            let mut jitter = FullJitter::new(STEPS, fastrand::Rng::with_seed(seed));
            longest.iter_mut().for_each(|longest| *longest = jitter.draw().max(*longest));
        }
        for (n, longest) in (0..).zip(longest) {
            assert!(longest <= STEPS.nth(n) && longest > STEPS.nth(n).mul_f64(0.9), "step {n}: {longest:?}");
        }
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let draw = |seed| {
            let mut jitter = FullJitter::new(STEPS, fastrand::Rng::with_seed(seed));
            [jitter.draw(), jitter.draw(), jitter.draw_later(2)]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
