//! Latencies of one run and their percentiles, exact: every value is kept.

use std::time::Duration;

/// Latencies, shortest first.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Values in any order.
    pub(crate) fn new(mut values: Vec<Duration>) -> Self {
        values.sort_unstable();
        Self(values)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that `percent` of all do not exceed, in milliseconds; NaN when there are none.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        // 99.9 percent of a thousand are 999, although 0.999 has no exact form.
        let rank = (percent / 100.0 * self.0.len() as f64 - 1e-6).ceil() as usize;
        let value = self.0.get(rank.clamp(1, self.0.len().max(1)) - 1);
        value.map_or(f64::NAN, |value| value.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() {
        let latencies = Latencies::new((1..=1_000).rev().map(Duration::from_millis).collect());
        let at = |percent| latencies.percentile(percent);
        assert_eq!([at(50.0), at(99.0), at(99.9), at(100.0)], [500.0, 990.0, 999.0, 1_000.0]);
        assert_eq!(Latencies::new(vec![Duration::from_millis(7)]).percentile(99.0), 7.0);
        assert!(Latencies::new(Vec::new()).percentile(50.0).is_nan());
    }
}
