//! The only source of chance: everything that a schedule does is a function of its seed.

use std::ops::{Deref, DerefMut};

use common::random::SplitMix64;

/// [`SplitMix64`], with what schedules ask for besides.
#[derive(Debug, Clone)]
pub struct Random(SplitMix64);

impl Random {
    /// A source that is a function of its seed. Seeds that people quote are small and in a row, so they are spread first.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d))
    }

    /// Some index below `length`.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    /// Milliseconds below `bound`.
    pub fn millis(&mut self, bound: u64) -> i64 {
        i64::try_from(self.below(bound)).unwrap()
    }
}

impl Deref for Random {
    type Target = SplitMix64;

    fn deref(&self) -> &SplitMix64 {
        &self.0
    }
}

impl DerefMut for Random {
    fn deref_mut(&mut self) -> &mut SplitMix64 {
        &mut self.0
    }
}
