//! Waiting times between the attempts of one block.

/// Milliseconds on a clock that only goes forward; its zero is the driver's start.
pub(super) type Millis = u64;

/// A small random source (SplitMix64): only spread is asked of it.
#[derive(Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    /// A source that is a function of its seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Full jitter: anything from 1 to `base` doubled per earlier attempt, at most `cap`, in milliseconds.
    pub(super) fn delay(&mut self, attempt: u32, base: Millis, cap: Millis) -> Millis {
        let ceiling = base.saturating_mul(1 << attempt.min(20)).clamp(1, cap.max(1));
        1 + self.next() % ceiling
    }
}

#[cfg(test)]
mod tests {
    use super::Jitter;

    #[test]
    fn delays_grow_up_to_the_cap_and_are_never_zero() {
        let mut jitter = Jitter::new(7);
        for attempt in 0..200 {
            let ceiling = 100u64.saturating_mul(1 << attempt.min(20)).min(10_000);
            let delay = jitter.delay(attempt, 100, 10_000);
            assert!((1..=ceiling).contains(&delay), "attempt {attempt}: {delay}");
        }
        let spread: std::collections::BTreeSet<_> = (0..100).map(|_| jitter.delay(9, 100, 10_000)).collect();
        assert!(spread.len() > 90, "only {} different delays", spread.len());
    }
}
