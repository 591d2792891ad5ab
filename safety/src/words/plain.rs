//! Words as they stand in the folded text.

use std::ops::Range;

use crate::view::Views;
use crate::words::Found;
use crate::words::beginnings::Beginnings;

/// Characters by which the index knows where words stand in the list.
const INDEXED: usize = 3;

/// A sorted list of words. Filters of how words begin pass over most places of a text; where one may begin, an index of the first
/// characters gives the few words that begin so, and each character that follows leaves fewer of them.
pub(crate) struct Plain {
    /// The characters of all words, one behind the other.
    chars: Vec<char>,
    /// Where each word begins in `chars`; one more at the end.
    begins: Vec<u32>,
    index: Index,
    beginnings: Beginnings,
}

impl Plain {
    /// A list of different words, sorted, none of them empty. What is found is named by the places in the list.
    pub(crate) fn new(words: &[String]) -> Self {
        let mut plain = Self {
            chars: Vec::with_capacity(words.iter().map(String::len).sum::<usize>() / 2),
            begins: Vec::with_capacity(words.len() + 1),
            index: Index::with_room(words.len()),
            beginnings: Beginnings::of(words),
        };
        plain.begins.push(0);
        for (word, number) in words.iter().zip(0_u32..) {
            let begin = plain.chars.len();
            plain.chars.extend(word.chars());
            plain.index.add(key(plain.chars.get(begin..).unwrap_or_default()), number);
            plain.begins.push(u32::try_from(plain.chars.len()).unwrap_or(u32::MAX));
        }
        plain.chars.shrink_to_fit();
        plain
    }

    /// Adds everything that stands in a folded text.
    pub(crate) fn find(&self, chars: &[char], found: &mut Vec<Found>) {
        self.beginnings.each(chars, |start| self.add(chars, start, found));
    }

    /// Adds everything that begins at one of these places of a folded text.
    pub(crate) fn find_from(&self, chars: &[char], starts: &[Range<usize>], found: &mut Vec<Found>) {
        starts.iter().flat_map(Range::clone).for_each(|start| self.add(chars, start, found));
    }

    /// Adds the places of a folded text at which a word begins that counts.
    pub(crate) fn add_places(&self, chars: &[char], counts: impl Fn(u32) -> bool, places: &mut Vec<u32>) {
        self.beginnings.each(chars, |start| {
            self.at(chars, start, |word, _| places.extend(counts(word).then_some(start as u32)));
        });
    }

    /// Whether there are no words.
    pub(crate) fn is_empty(&self) -> bool {
        self.begins.len() < 2
    }

    fn add(&self, chars: &[char], start: usize, found: &mut Vec<Found>) {
        self.at(chars, start, |text, length| {
            let (start, end) = (start as u32, (start + length) as u32);
            found.push(Found { start, end, text, views: Views::NONE });
        });
    }

    /// Tells every word that begins at a place of a text, and its length.
    fn at(&self, chars: &[char], start: usize, mut tell: impl FnMut(u32, usize)) {
        let rest = chars.get(start..).unwrap_or_default();
        for known in (1..=INDEXED).filter(|known| self.beginnings.may(rest, *known)) {
            let words = self.index.get(key(rest.get(..known).unwrap_or_default()));
            self.narrow(words, rest, known, &mut tell);
        }
    }

    /// Tells every word of a range with which a text begins, of which the first characters are known to be equal.
    fn narrow(&self, words: Range<u32>, text: &[char], known: usize, tell: &mut impl FnMut(u32, usize)) {
        let Range { start: mut from, end: mut to } = words;
        for length in known.. {
            if from >= to {
                return;
            }
            // A word that ends here comes before those that go on.
            if self.word(from).len() == length {
                tell(from, length);
                from += 1;
            }
            let Some(next) = text.get(length) else { return };
            let c = |word: u32| self.word(word).get(length);
            if to - from > 1 {
                from = first(from..to, |word| c(word) >= Some(next));
                to = first(from..to, |word| c(word) > Some(next));
            } else if from < to && c(from) != Some(next) {
                return;
            }
        }
    }

    /// All words.
    #[cfg(test)]
    pub(crate) fn words(&self) -> Vec<String> {
        (0..self.begins.len() as u32 - 1).map(|number| self.word(number).iter().collect()).collect()
    }

    fn word(&self, number: u32) -> &[char] {
        let at = |number: u32| self.begins.get(number as usize).copied().unwrap_or_default() as usize;
        self.chars.get(at(number)..at(number.saturating_add(1))).unwrap_or_default()
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plain").field("words", &(self.begins.len() - 1)).finish_non_exhaustive()
    }
}

/// The first number of a range that is far enough; those that are come last.
fn first(range: Range<u32>, is_far: impl Fn(u32) -> bool) -> u32 {
    let Range { start: mut from, end: mut to } = range;
    while from < to {
        let middle = from + (to - from) / 2;
        if is_far(middle) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

/// The first characters of a word, at most [`INDEXED`]. Never zero; the characters that a shorter word lacks are zero.
fn key(chars: &[char]) -> u64 {
    (0..INDEXED).fold(0, |key, at| key << 21 | chars.get(at).map_or(0, |c| u64::from(u32::from(*c)) + 1))
}

/// Which words begin with the same characters; open addressing.
#[derive(Debug)]
struct Index(Vec<(u64, u32, u32)>);

impl Index {
    fn with_room(keys: usize) -> Self {
        Self(vec![(0, 0, 0); (keys + keys / 2).next_power_of_two().max(16)])
    }

    /// Adds a word to those of its key, which it follows.
    fn add(&mut self, key: u64, word: u32) {
        let place = self.place(key);
        if let Some(entry) = self.0.get_mut(place) {
            let from = if entry.0 == key { entry.1 } else { word };
            *entry = (key, from, word + 1);
        }
    }

    fn get(&self, key: u64) -> Range<u32> {
        self.0.get(self.place(key)).filter(|entry| entry.0 == key).map_or(0..0, |entry| entry.1..entry.2)
    }

    /// Where a key is or goes. There is always room.
    fn place(&self, key: u64) -> usize {
        let mask = self.0.len() - 1;
        let spread = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut place = (spread ^ (spread >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) as usize >> 20 & mask;
        while self.0.get(place).is_some_and(|entry| entry.0 != 0 && entry.0 != key) {
            place = (place + 1) & mask;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(mangle::cases(500))]

        #[test]
        fn it_finds_what_the_reference_finds(text in "[ab赌博毒]{0,40}|[ab赌]{50,150}", words in prop::collection::btree_set("[ab赌博毒]{1,6}", 0..12)) {
            let words: Vec<String> = words.into_iter().collect();
            let reference = AhoCorasick::new(&words).unwrap();
            let place = |at: usize| text[..at].chars().count() as u32;
            let mut expected: Vec<Found> = reference
                .find_overlapping_iter(&text)
                .map(|hit| Found { start: place(hit.start()), end: place(hit.end()), text: hit.pattern().as_u32(), views: Views::NONE })
                .collect();
            let mut found = Vec::new();
            Plain::new(&words).find(&text.chars().collect::<Vec<_>>(), &mut found);
            expected.sort();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
