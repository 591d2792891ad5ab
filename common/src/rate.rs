//! Shares of small samples.

use serde::Serialize;

/// Quantile of the normal distribution that leaves 2.5 % at each side.
const Z: f64 = 1.959_963_984_540_054;

/// How many of a sample, with the interval in which the true share lies with 95 %: Wilson's score interval without correction for
/// continuity. E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
/// Statistical Association 22 (1927), 209-212.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// Of how many.
    pub of: u32,
    /// The share.
    pub rate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Rate {
    /// The share of a sample; `None` when it is empty.
    pub fn of(count: u32, of: u32) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let (n, rate) = (f64::from(of), f64::from(count) / f64::from(of));
        let widened = 1.0 + Z * Z / n;
        let middle = (rate + Z * Z / (2.0 * n)) / widened;
        let half = Z / widened * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        let end = |value: f64| rounded(value.clamp(0.0, 1.0));
        Some(Self { count, of, rate: rounded(rate), low: end(middle - half), high: end(middle + half) })
    }
}

/// To four places: more is not known of any sample.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), 857-872, table I,
    /// method 3.
    #[test]
    fn intervals_are_those_of_the_published_table() {
        for (count, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let rate = Rate::of(count, of).unwrap();
            assert_eq!((rate.low, rate.high), (low, high), "{count}/{of}");
        }
    }

    #[test]
    fn a_share_lies_in_its_interval_and_an_empty_sample_has_none() {
        assert_eq!(Rate::of(0, 0), None);
        for of in 1..200 {
            for count in 0..=of {
                let Rate { rate, low, high, .. } = Rate::of(count, of).unwrap();
                assert!((0.0..=rate).contains(&low) && (rate..=1.0).contains(&high), "{count}/{of}");
            }
        }
    }
}
