//! Where chance comes from.

use common::random::SplitMix64;
use sha2::{Digest, Sha256};

/// Where chance comes from: the manifest's id and what the chance is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The seed of a manifest.
    pub fn of(manifest: &str) -> Self {
        Self(0).of_part(manifest)
    }

    /// The seed of a part, so that what is drawn for one figure does not move when another one is added.
    #[must_use]
    pub fn of_part(self, part: &str) -> Self {
        let digest = Sha256::new().chain_update(self.0.to_be_bytes()).chain_update(part).finalize();
        Self(digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte)))
    }

    /// A source of chance.
    pub fn source(self) -> SplitMix64 {
        SplitMix64::new(self.0)
    }

    /// 16 hex digits.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_give_equal_chance_and_others_another() {
        let draw = |seed: Seed| seed.source().number();
        assert_eq!(draw(Seed::of("m").of_part("cost")), draw(Seed::of("m").of_part("cost")));
        assert_ne!(draw(Seed::of("m").of_part("cost")), draw(Seed::of("m").of_part("p95")));
        assert_ne!(draw(Seed::of("m")), draw(Seed::of("n")));
        assert_eq!(Seed::of("m").hex().len(), 16);
    }
}
