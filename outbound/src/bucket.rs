//! A token bucket whose share of the rate can change. Pure; time is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// What all instances together may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Tokens per second.
    pub per_second: f64,
    /// Tokens that may be taken at once after a quiet time.
    pub burst: f64,
}

/// The tokens of one instance.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    share: f64,
    tokens: f64,
    filled: Instant,
}

/// Nothing will come: the share is zero.
const NEVER: Duration = Duration::from_secs(86_400);

impl Bucket {
    /// A full bucket that owns the whole rate.
    #[must_use]
    pub const fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, share: 1.0, tokens: rate.burst, filled: now }
    }

    /// From now on only this share of the rate, from 0 to 1 (values outside are brought inside).
    pub fn set_share(&mut self, now: Instant, share: f64) {
        self.fill(now);
        self.share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.tokens = self.tokens.min(self.capacity());
    }

    /// Takes `n` tokens, or says how long to wait before asking again. More than the bucket holds may be taken
    /// when it is full; the debt is paid by the waits of those who follow.
    ///
    /// # Errors
    /// The wait, when too few tokens are there.
    pub fn take(&mut self, now: Instant, n: u32) -> Result<(), Duration> {
        self.fill(now);
        let needed = f64::from(n).min(self.capacity());
        if self.share > 0.0 && self.tokens >= needed {
            self.tokens -= f64::from(n);
            return Ok(());
        }
        let per_second = self.rate.per_second * self.share;
        let missing = (needed - self.tokens) / per_second;
        let wait = Duration::try_from_secs_f64(missing).unwrap_or(NEVER).min(NEVER);
        // A wait that rounds to nothing would make its caller spin.
        Err(wait.max(Duration::from_millis(1)))
    }

    fn capacity(&self) -> f64 {
        self.rate.burst * self.share
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        let filled = self.tokens + elapsed * self.rate.per_second * self.share;
        self.tokens = filled.min(self.capacity());
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10.0, burst: 5.0 };

    /// Tokens taken one by one in a stretch of time by somebody who always wants more.
    fn taken(bucket: &mut Bucket, from: Instant, time: Duration) -> u32 {
        let mut now = from;
        let mut count = 0;
        while now < from + time {
            match bucket.take(now, 1) {
                Ok(()) => count += 1,
                Err(wait) => now += wait,
            }
        }
        count
    }

    #[test]
    fn a_burst_then_the_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::new(RATE, now);
        assert_eq!(taken(&mut bucket, now, Duration::from_millis(1)), 5);
        let counted = taken(&mut bucket, now, Duration::from_secs(10));
        assert!((99..=101).contains(&counted), "{counted}");
    }

    #[test]
    fn a_share_scales_rate_and_burst_and_can_change() {
        let now = Instant::now();
        let mut bucket = Bucket::new(RATE, now);
        bucket.set_share(now, 0.2);
        assert_eq!(taken(&mut bucket, now, Duration::from_millis(1)), 1);
        let counted = taken(&mut bucket, now, Duration::from_secs(10));
        assert!((19..=21).contains(&counted), "{counted}");
        let later = now + Duration::from_secs(10);
        bucket.set_share(later, 1.0);
        let counted = taken(&mut bucket, later, Duration::from_secs(10));
        assert!((99..=101).contains(&counted), "{counted}");
    }

    #[test]
    fn a_share_of_nothing_gives_nothing() {
        let now = Instant::now();
        let mut bucket = Bucket::new(RATE, now);
        for share in [0.0, -1.0, f64::NAN] {
            bucket.set_share(now, share);
            assert_eq!(bucket.take(now, 1), Err(NEVER), "{share}");
        }
    }

    #[test]
    fn more_than_the_burst_is_taken_from_a_full_bucket_and_paid_for_afterwards() {
        let now = Instant::now();
        let mut bucket = Bucket::new(RATE, now);
        assert_eq!(bucket.take(now, 25), Ok(()));
        let wait = bucket.take(now, 1).unwrap_err();
        assert!(wait.abs_diff(Duration::from_millis(2100)) < Duration::from_millis(2), "{wait:?}");
    }

    #[test]
    fn a_tiny_share_still_lets_single_tokens_through_at_its_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::new(RATE, now);
        bucket.set_share(now, 0.01);
        let counted = taken(&mut bucket, now, Duration::from_secs(100));
        assert!((10..=11).contains(&counted), "{counted}");
    }
}
