//! Words as they stand in the folded text.

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use crate::view::Views;
use crate::words::Found;
use crate::words::beginnings::Beginnings;

/// An automaton over all words: one pass finds every place where one stands, overlapping ones too.
pub(crate) struct Plain {
    /// `None` when there are no words.
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    /// Length of each word in characters.
    lengths: Vec<u32>,
    beginnings: Beginnings,
    /// Length of the longest word in characters.
    longest: usize,
}

impl Plain {
    /// An automaton over different words, none of them empty. What it finds is named by the places in the list.
    pub(crate) fn new(words: &[String]) -> Result<Self, String> {
        let length = |word: &String| u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
        let lengths: Vec<u32> = words.iter().map(length).collect();
        let longest = lengths.iter().max().map_or(0, |longest| *longest as usize);
        let automaton = if words.is_empty() {
            None
        } else {
            let named = words.iter().zip(0_u32..);
            let built = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(named);
            Some(built.map_err(|error| error.to_string())?)
        };
        Ok(Self { automaton, lengths, beginnings: Beginnings::of(words), longest })
    }

    /// Adds everything that stands in a folded text.
    pub(crate) fn find(&self, chars: &[char], found: &mut Vec<Found>) {
        let Some(automaton) = &self.automaton else { return };
        let mut at = 0;
        while let Some(start) = self.beginnings.next(chars, at) {
            at = self.run(automaton, chars, start, found);
        }
    }

    /// Adds what begins at a place and after it, as far as any word reaches that begins on the way; gives where that ends.
    fn run(
        &self,
        automaton: &CharwiseDoubleArrayAhoCorasick<u32>,
        chars: &[char],
        start: usize,
        found: &mut Vec<Found>,
    ) -> usize {
        let mut state = automaton.find_overlapping_stepper();
        let mut until = start + self.longest;
        let mut at = start;
        while let Some(c) = chars.get(at).filter(|_| at < until) {
            if self.beginnings.at(chars, at) {
                until = at + self.longest;
            }
            state.consume(*c);
            at += 1;
            let end = u32::try_from(at).unwrap_or(u32::MAX);
            for hit in state.matches() {
                let length = self.lengths.get(hit.value() as usize).copied().unwrap_or_default();
                found.push(Found {
                    start: end.saturating_sub(length),
                    end,
                    text: hit.value(),
                    views: Views::NONE,
                });
            }
        }
        at
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plain").field("words", &self.lengths.len()).finish_non_exhaustive()
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
        fn it_finds_what_the_reference_finds(text in "[ab赌博毒]{0,40}", words in prop::collection::btree_set("[ab赌博毒]{1,4}", 0..8)) {
            let words: Vec<String> = words.into_iter().collect();
            let reference = AhoCorasick::new(&words).unwrap();
            let place = |at: usize| text[..at].chars().count() as u32;
            let mut expected: Vec<Found> = reference
                .find_overlapping_iter(&text)
                .map(|hit| Found { start: place(hit.start()), end: place(hit.end()), text: hit.pattern().as_u32(), views: Views::NONE })
                .collect();
            let mut found = Vec::new();
            Plain::new(&words).unwrap().find(&text.chars().collect::<Vec<_>>(), &mut found);
            expected.sort();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
