//! Seeded randomness, so that a run can be repeated.

use fastrand::Rng;

/// Generator of pseudo-random numbers. Equal seeds give equal sequences.
#[derive(Clone, Debug)]
pub(crate) struct Random(Rng);

impl Random {
    /// A generator for `seed`, kept apart from others of the same seed by `stream`.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut streams = Rng::with_seed(stream);
        Self(Rng::with_seed(seed ^ streams.u64(..)))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number with standard normal distribution (Box-Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        // From 0 to 1; the logarithm of 0 is infinite, that of 1 is not.
        let radius = (-2.0 * (1.0 - self.0.f64()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.0.f64()).cos()
    }

    /// Text in the form of a version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            0x8000 | (low >> 50),
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn equal_seeds_give_equal_sequences_and_streams_differ() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(8, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
    }

    #[test]
    fn normal_numbers_centre_on_zero_and_spread_by_one() {
        let mut random = Random::new(3, 0);
        let drawn: Vec<f64> = (0..10_000).map(|_| random.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 10_000.0;
        let variance = drawn.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.1, "mean {mean}, variance {variance}");
    }

    #[test]
    fn a_uuid_has_the_form_of_version_four() {
        let uuid = Random::new(1, 1).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes().get(14), Some(&b'4'));
        assert!(matches!(uuid.as_bytes().get(19), Some(b'8' | b'9' | b'a' | b'b')));
    }
}
