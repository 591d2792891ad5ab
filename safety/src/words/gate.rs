//! The cheapest question about neighbouring characters: one bit for each.

/// Bits for each key.
const BITS: usize = 32;
/// Fibonacci hashing.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A set of keys, one bit for each. One key in thirty or so that was never added passes too; a [`super::filter::Filter`] knows better,
/// and needs three times as long.
#[derive(Debug)]
pub(crate) struct Gate {
    words: Vec<u64>,
}

impl Gate {
    /// A gate for so many keys.
    pub(crate) fn with_room(keys: usize) -> Self {
        let words = (keys * BITS / 64).next_power_of_two().clamp(16, 1 << 18);
        Self { words: vec![0; words] }
    }

    /// Adds a key.
    pub(crate) fn open(&mut self, key: Look) {
        let place = self.place(key);
        if let Some(word) = self.words.get_mut(place) {
            *word |= 1 << (key.bit());
        }
    }

    fn place(&self, key: Look) -> usize {
        (key.0 >> 40) as usize & (self.words.len() - 1)
    }

    /// Whether a key passes.
    #[inline]
    pub(crate) fn lets(&self, key: Look) -> bool {
        self.words.get(self.place(key)).is_some_and(|word| word >> (key.bit()) & 1 != 0)
    }
}

/// Two or three characters that stand one after the other, as a number of which the upper bits depend on all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look(u64);

impl Look {
    const fn bit(self) -> u64 {
        self.0 >> 34 & 63
    }

    /// Two characters.
    #[inline]
    pub(crate) fn at(one: char, two: char) -> Self {
        Self((u64::from(u32::from(one)) << 21 | u64::from(u32::from(two))).wrapping_mul(SPREAD))
    }

    /// These and another one behind them.
    #[inline]
    pub(crate) fn and(self, three: char) -> Self {
        Self((self.0 ^ u64::from(u32::from(three))).wrapping_mul(SPREAD))
    }
}
