//! Where words may begin: most places of most texts are told from the first two characters, without the automaton.

/// How the words of a list begin. It may say yes where none begins, never no where one does.
#[derive(Debug)]
pub(crate) struct Beginnings {
    /// The first two characters of all words.
    two: Filter,
    /// Words of two characters.
    pairs: Filter,
    /// The first three characters of longer words.
    three: Filter,
    /// Words of one character.
    singles: Filter,
    has_singles: bool,
}

impl Beginnings {
    /// How these words begin.
    pub(crate) fn of(words: &[String]) -> Self {
        let filter = || Filter::with_room(words.len());
        let mut all = Self {
            two: filter(),
            pairs: filter(),
            three: filter(),
            singles: Filter::with_room(0),
            has_singles: false,
        };
        for word in words {
            let mut chars = word.chars();
            match (chars.next(), chars.next(), chars.next()) {
                (Some(one), None, _) => {
                    all.singles.add(of_two(one, '\0'));
                    all.has_singles = true;
                }
                (Some(one), Some(two), third) => {
                    let key = of_two(one, two);
                    all.two.add(key);
                    match third {
                        Some(three) => all.three.add(of_three(key, three)),
                        None => all.pairs.add(key),
                    }
                }
                (None, ..) => {}
            }
        }
        all
    }

    /// The first place, from one on, where a word may begin.
    pub(crate) fn next(&self, chars: &[char], from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            let rest = chars.get(from..).filter(|rest| !rest.is_empty())?;
            let may = |pair: &[char]| matches!(pair, [one, two] if self.may(*one, *two));
            let at = from + rest.windows(2).position(may).unwrap_or(rest.len() - 1);
            if self.at(chars, at) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// Whether a word may begin at a place.
    pub(crate) fn at(&self, chars: &[char], at: usize) -> bool {
        let Some(one) = chars.get(at) else { return false };
        if self.has_singles && self.singles.has(of_two(*one, '\0')) {
            return true;
        }
        let Some(two) = chars.get(at + 1) else { return false };
        let key = of_two(*one, *two);
        let longer = || chars.get(at + 2).is_some_and(|three| self.three.has(of_three(key, *three)));
        self.two.has(key) && (longer() || self.pairs.has(key))
    }

    fn may(&self, one: char, two: char) -> bool {
        self.two.has(of_two(one, two)) || self.has_singles && self.singles.has(of_two(one, '\0'))
    }
}

fn of_two(one: char, two: char) -> u64 {
    spread((u64::from(u32::from(one)) << 21) | u64::from(u32::from(two)))
}

fn of_three(two: u64, three: char) -> u64 {
    spread(two ^ (u64::from(u32::from(three)) + 1))
}

/// Spreads keys (Fibonacci hashing): the upper bits depend on all of the key.
const fn spread(key: u64) -> u64 {
    let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    key ^ (key >> 32)
}

/// A set of keys, two bits of one word for each (a blocked Bloom filter).
#[derive(Debug)]
struct Filter(Vec<u64>);

impl Filter {
    /// A filter that says wrongly yes to about one in fifty when it holds so many keys.
    fn with_room(keys: usize) -> Self {
        Self(vec![0; (keys / 4).next_power_of_two().clamp(16, 1 << 18)])
    }

    fn add(&mut self, key: u64) {
        let place = self.place(key);
        if let Some(word) = self.0.get_mut(place) {
            *word |= bits(key);
        }
    }

    fn has(&self, key: u64) -> bool {
        self.0.get(self.place(key)).is_some_and(|word| word & bits(key) == bits(key))
    }

    fn place(&self, key: u64) -> usize {
        (key >> 12) as usize & (self.0.len() - 1)
    }
}

const fn bits(key: u64) -> u64 {
    1 << (key & 63) | 1 << ((key >> 6) & 63)
}
