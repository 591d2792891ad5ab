//! Waiting times between the attempts of one block.

use common::random::SplitMix64;

use super::time::Millis;

/// Full jitter: anything from 1 to `base` doubled per earlier attempt, at most `cap`, in milliseconds.
pub(super) fn delay(random: &mut SplitMix64, attempt: u32, base: Millis, cap: Millis) -> Millis {
    let ceiling = base.saturating_mul(1 << attempt.min(20)).clamp(1, cap.max(1));
    1 + random.below(ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_the_cap_and_are_never_zero() {
        let mut random = SplitMix64::new(7);
        for attempt in 0..200 {
            let ceiling = 100u64.saturating_mul(1 << attempt.min(20)).min(10_000);
            let delay = delay(&mut random, attempt, 100, 10_000);
            assert!((1..=ceiling).contains(&delay), "attempt {attempt}: {delay}");
        }
        let spread: std::collections::BTreeSet<_> =
            (0..100).map(|_| delay(&mut random, 9, 100, 10_000)).collect();
        assert!(spread.len() > 90, "only {} different delays", spread.len());
    }
}
