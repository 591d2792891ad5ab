//! What an endpoint says that it still allows. Its own count sees calls that others make with the same key.

use std::time::Duration;

use tokio::time::Instant;

use super::counted::Told;
use super::window::NEVER;

/// The time after which all is left again, where the endpoint does not tell.
const USUAL_RESET: Duration = Duration::from_secs(60);

/// This instance's part of what was told, carried forward: it fills evenly, as vendors' buckets do. Where a vendor counts whole
/// minutes this is a little too hopeful at their end, and a refusal corrects it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Balance {
    most: f64,
    left: f64,
    /// What comes back within a second.
    refill: f64,
    at: Instant,
}

impl Balance {
    /// `None` when nothing is missing, or nothing can be told from it.
    pub(super) fn new(told: Told, share: f64, now: Instant) -> Option<Self> {
        let Told { limit, remaining, reset, .. } = told;
        let is_sound = limit.is_finite() && limit > 0.0 && (0.0..limit).contains(&remaining);
        let reset = reset.unwrap_or(USUAL_RESET).as_secs_f64();
        if !is_sound || reset <= 0.0 || share <= 0.0 {
            return None;
        }
        // Without a time, what is missing now says nothing about the rate; the whole limit comes back within the usual time.
        let missing = if told.reset.is_some() { limit - remaining } else { limit };
        Some(Self { most: limit * share, left: remaining * share, refill: missing / reset * share, at: now })
    }

    /// When so much is left; `now` or earlier for at once. What is more than the limit waits for the whole of it, and nobody
    /// waits longer than the `longest` pause for what was only told.
    pub(super) fn ready_at(&self, weight: f64, longest: Duration) -> Instant {
        let missing = weight.min(self.most) - self.left;
        if missing <= 0.0 {
            return self.at;
        }
        let wait = Duration::try_from_secs_f64(missing / self.refill).unwrap_or(NEVER);
        // A wait that rounds to nothing would make its caller spin.
        self.at + wait.max(Duration::from_millis(1)).min(longest)
    }

    pub(super) fn start(&mut self, now: Instant, weight: f64) {
        self.left = self.left_at(now) - weight;
        self.at = now;
    }

    /// Whether it is full again: from then on nothing is known.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.left_at(now) >= self.most
    }

    fn left_at(&self, now: Instant) -> f64 {
        self.left + now.saturating_duration_since(self.at).as_secs_f64() * self.refill
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Counted;

    const LONGEST: Duration = Duration::from_secs(60);

    fn told(limit: f64, remaining: f64, reset: Option<u64>) -> Told {
        Told { counted: Counted::Calls, limit, remaining, reset: reset.map(Duration::from_secs) }
    }

    #[test]
    fn what_is_left_may_start_at_once_and_the_rest_as_it_comes_back() {
        let now = Instant::now();
        // Sixty a minute, of which fifty-eight are gone.
        let mut balance = Balance::new(told(60.0, 2.0, Some(58)), 1.0, now).unwrap();
        assert!(balance.ready_at(2.0, LONGEST) <= now);
        assert_eq!(balance.ready_at(3.0, LONGEST) - now, Duration::from_secs(1));
        balance.start(now, 2.0);
        assert_eq!(balance.ready_at(1.0, LONGEST) - now, Duration::from_secs(1));
        assert_eq!(balance.ready_at(600.0, LONGEST) - now, Duration::from_secs(60), "more than the limit");
        let rest = balance.ready_at(600.0, Duration::from_secs(5)) - now;
        assert_eq!(rest, Duration::from_secs(5), "what was told may be wrong");
        assert!(!balance.is_over(now + Duration::from_secs(59)));
        assert!(balance.is_over(now + Duration::from_secs(61)));
    }

    #[test]
    fn an_instance_takes_its_share_of_what_is_left_and_of_what_comes_back() {
        let now = Instant::now();
        let balance = Balance::new(told(60.0, 8.0, Some(52)), 0.25, now).unwrap();
        assert!(balance.ready_at(2.0, LONGEST) <= now);
        assert_eq!(balance.ready_at(3.0, LONGEST) - now, Duration::from_secs(4));
    }

    #[test]
    fn without_a_time_the_limit_comes_back_within_a_minute() {
        let now = Instant::now();
        let balance = Balance::new(told(300.0, 0.0, None), 1.0, now).unwrap();
        assert_eq!(balance.ready_at(5.0, LONGEST) - now, Duration::from_secs(1));
    }

    #[test]
    fn what_makes_no_sense_or_lacks_nothing_bounds_nothing() {
        let now = Instant::now();
        let cases = [
            (0.0, 0.0),
            (-1.0, 0.0),
            (10.0, 10.0),
            (10.0, 11.0),
            (10.0, -1.0),
            (f64::NAN, 1.0),
            (10.0, f64::NAN),
        ];
        for (limit, remaining) in cases {
            assert!(Balance::new(told(limit, remaining, Some(9)), 1.0, now).is_none(), "{limit} {remaining}");
        }
        assert!(Balance::new(told(10.0, 1.0, Some(0)), 1.0, now).is_none());
    }
}
