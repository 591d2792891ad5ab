//! Sets of neighbouring characters that answer fast, and now and then wrongly say yes.

/// A set of keys, three bits of one word for each (a blocked Bloom filter). It may say yes too often, never no.
#[derive(Debug)]
pub(crate) struct Filter(Vec<u64>);

impl Filter {
    /// A filter that says wrongly yes to less than one in a hundred when it holds so many keys.
    pub(crate) fn with_room(keys: usize) -> Self {
        Self(vec![0; (keys / 4).next_power_of_two().clamp(16, 1 << 18)])
    }

    /// Adds a key.
    pub(crate) fn add(&mut self, key: Key) {
        let place = self.place(key);
        if let Some(word) = self.0.get_mut(place) {
            *word |= bits(key);
        }
    }

    /// Adds keys.
    pub(crate) fn extend(&mut self, keys: impl IntoIterator<Item = Key>) {
        keys.into_iter().for_each(|key| self.add(key));
    }

    /// Whether a key may have been added.
    #[inline]
    pub(crate) fn has(&self, key: Key) -> bool {
        self.0.get(self.place(key)).is_some_and(|word| word & bits(key) == bits(key))
    }

    fn place(&self, key: Key) -> usize {
        (key.0 >> 18) as usize & (self.0.len() - 1)
    }
}

const fn bits(key: Key) -> u64 {
    1 << (key.0 & 63) | 1 << ((key.0 >> 6) & 63) | 1 << ((key.0 >> 12) & 63)
}

/// Characters that stand one after the other, as a number of which every bit depends on all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    /// One character.
    pub(crate) fn one(c: char) -> Self {
        Self(spread(number(c) << 42))
    }

    /// A character at a node of a trie.
    pub(crate) fn at_node(node: u32, c: char) -> Self {
        Self(spread(u64::from(node) << 21 | number(c)))
    }

    /// Two characters.
    #[inline]
    pub(crate) fn two(one: char, two: char) -> Self {
        Self(spread(number(one) << 21 | number(two)))
    }

    /// These characters and another one behind them.
    #[inline]
    pub(crate) fn and(self, c: char) -> Self {
        Self(spread(self.0 ^ (number(c) + 1)))
    }

    /// The same characters where they are the last ones.
    pub(crate) fn at_end(self) -> Self {
        Self(spread(self.0 ^ (1 << 40)))
    }

    /// The same characters where they are the first ones.
    pub(crate) fn at_beginning(self) -> Self {
        Self(spread(self.0 ^ (1 << 41)))
    }

    /// The same characters where they are all.
    pub(crate) fn whole(self) -> Self {
        Self(spread(self.0 ^ (1 << 42)))
    }
}

fn number(c: char) -> u64 {
    u64::from(u32::from(c))
}

/// Fibonacci hashing; the lower bits depend on the upper ones too.
const fn spread(key: u64) -> u64 {
    let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    key ^ (key >> 32)
}
