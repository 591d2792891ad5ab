//! English words that are one slip away from a word of the vocabulary: a letter too many, too few, wrong, or two that changed places.

use std::collections::{BTreeMap, BTreeSet};

/// Shorter words have too many neighbours that mean something else.
const LEAST: usize = 6;

/// The words of the vocabulary, found by what is left of them without one letter.
#[derive(Default)]
pub(super) struct Spelling {
    words: BTreeSet<Vec<char>>,
    /// A word without one letter, and the word.
    rests: BTreeMap<Vec<char>, Vec<char>>,
}

impl Spelling {
    /// Learns the words of a cue.
    pub(super) fn learn(&mut self, cue: &[char]) {
        for word in cue.split(|c| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
            self.words.insert(word.to_vec());
            if word.len() >= LEAST {
                for rest in rests(word) {
                    self.rests.entry(rest).or_insert_with(|| word.to_vec());
                }
            }
        }
    }

    /// The text with its slips corrected.
    pub(super) fn correct(&self, text: Vec<char>) -> Vec<char> {
        if !text.iter().any(char::is_ascii_alphabetic) {
            return text;
        }
        let mut corrected = Vec::with_capacity(text.len() + 4);
        for run in text.chunk_by(|a, b| a.is_ascii_alphabetic() == b.is_ascii_alphabetic()) {
            let word = run.first().is_some_and(char::is_ascii_alphabetic);
            let meant = if word { self.meant(run) } else { None };
            corrected.extend_from_slice(meant.unwrap_or(run));
        }
        corrected
    }

    /// The word of the vocabulary that an unknown one stands for.
    fn meant(&self, word: &[char]) -> Option<&[char]> {
        if word.len() + 1 < LEAST || word.len() > 20 || self.words.contains(word) {
            return None;
        }
        let direct = self.rests.get(word);
        let more = || rests(word).find_map(|rest| self.words.get(&rest).filter(|rest| rest.len() >= LEAST));
        let changed = || rests(word).find_map(|rest| self.rests.get(&rest).filter(|meant| slip(word, meant)));
        direct.or_else(more).or_else(changed).filter(|meant| !inflected(word, meant)).map(Vec::as_slice)
    }
}

/// The word without each of its letters in turn.
fn rests(word: &[char]) -> impl Iterator<Item = Vec<char>> {
    (0..word.len()).map(|gone| {
        word.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, c)| *c).collect()
    })
}

/// Words of one length differ in one letter, or in two neighbours that changed places.
fn slip(word: &[char], meant: &[char]) -> bool {
    let pairs: Vec<(usize, char, char)> = word
        .iter()
        .zip(meant)
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(n, (a, b))| (n, *a, *b))
        .collect();
    word.len() == meant.len()
        && match pairs.as_slice() {
            [_] => true,
            [(n, a, b), (m, c, d)] => *m == n + 1 && a == d && b == c,
            _ => false,
        }
}

/// Another form of the word is no slip.
fn inflected(word: &[char], meant: &[char]) -> bool {
    let ends = |long: &[char], short: &[char]| long.strip_prefix(short).is_some();
    ends(word, meant) || ends(meant, word)
}
