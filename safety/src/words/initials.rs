//! Words by the first letters of their readings.

use std::collections::BTreeMap;

use crate::view::{View, Views};
use crate::words::border::in_longer_name;
use crate::words::gaps::separated;
use crate::words::{Found, Text};

/// Most letters that stand apart and are read as one word.
const LONGEST_APART: usize = 32;

/// The initials of all words that are looked for by them.
#[derive(Debug, Default)]
pub(crate) struct Initials {
    words: BTreeMap<Vec<char>, Vec<u32>>,
    /// A bit for each length that occurs.
    lengths: u64,
}

impl Initials {
    /// Adds a word's initials. One letter says nothing and is left out.
    pub(crate) fn add(&mut self, initials: Vec<char>, word: u32) {
        let bit = length_bit(initials.len());
        if initials.len() < 2 || bit == 0 {
            return;
        }
        self.lengths |= bit;
        let words = self.words.entry(initials).or_default();
        if words.last() != Some(&word) {
            words.push(word);
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.lengths == 0
    }

    /// Adds every token that is a word's initials.
    pub(crate) fn find(&self, text: Text<'_>, found: &mut Vec<Found>) {
        let run = |at: usize| text.marks.in_run(at);
        let mut at = 0;
        while at < text.chars.len() {
            if !run(at) {
                at += 1;
                continue;
            }
            let start = at;
            while run(at) {
                at += 1;
            }
            if self.lengths & length_bit(at - start) != 0 {
                self.token(text, start..at, found);
            }
            if at == start + 1 && text.marks.is_letter(start) {
                at = self.apart(text, start, found);
            }
        }
    }

    /// Letters that each stand alone, with separators between them: `d.x.q.z`. Fewer than three of them are no word in disguise. Gives
    /// back where they end.
    fn apart(&self, text: Text<'_>, start: usize, found: &mut Vec<Found>) -> usize {
        let alone = |at: usize| text.marks.is_letter(at) && !text.marks.in_run(at + 1);
        let (mut letters, mut end) = (Vec::new(), start);
        while alone(end) && letters.len() < LONGEST_APART {
            letters.extend(text.chars.get(end));
            end += 1;
            match separated(text, end).find(|gap| text.marks.in_run(gap.to)) {
                Some(gap) if alone(gap.to) => end = gap.to,
                _ => break,
            }
        }
        if letters.len() > 2
            && let Some(words) = self.words.get(&letters)
        {
            let views = Views::of(View::Initials).with(Views::of(View::Separators));
            let found_at = |word: &u32| Found { start: start as u32, end: end as u32, text: *word, views };
            found.extend(words.iter().map(found_at));
        }
        end
    }

    fn token(&self, text: Text<'_>, place: std::ops::Range<usize>, found: &mut Vec<Found>) {
        let words = text.chars.get(place.clone()).and_then(|token| self.words.get(token));
        let Some(words) = words.filter(|_| !in_longer_name(text, place.start, place.end)) else { return };
        let (start, end) = (place.start as u32, place.end as u32);
        found.extend(words.iter().map(|word| Found {
            start,
            end,
            text: *word,
            views: Views::of(View::Initials),
        }));
    }
}

fn length_bit(length: usize) -> u64 {
    if length < 64 { 1 << length } else { 0 }
}
