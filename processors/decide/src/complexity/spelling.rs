//! English words that are one slip away from a word of the vocabulary: a letter too many, too few, wrong, or two that changed places.

use std::collections::BTreeMap;

/// Shorter words have too many neighbours that mean something else.
const LEAST: usize = 5;
/// In words that are not longer than the shortest only letters that changed places are a slip: another letter makes another word.
const SURE: usize = LEAST + 1;

/// The words of the vocabulary, found by the hash of what is left of them without one letter.
#[derive(Default)]
pub(super) struct Spelling {
    words: Vec<Vec<char>>,
    /// The place of a word.
    known: BTreeMap<u64, usize>,
    /// The place of the word that has one letter more.
    rests: BTreeMap<u64, usize>,
}

impl Spelling {
    /// Learns the words of a cue.
    pub(super) fn learn(&mut self, cue: &[char]) {
        for word in cue.split(|c| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
            let place = self.words.len();
            if self.known.contains_key(&hash(word, None)) {
                continue;
            }
            self.known.insert(hash(word, None), place);
            self.words.push(word.to_vec());
            for gone in (0..word.len()).filter(|_| word.len() >= LEAST) {
                self.rests.entry(hash(word, Some(gone))).or_insert(place);
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
        let whole = hash(word, None);
        if word.len() + 1 < LEAST || word.len() > 20 || self.known.contains_key(&whole) {
            return None;
        }
        let shorter = (0..word.len()).flat_map(|gone| {
            let rest = hash(word, Some(gone));
            [self.known.get(&rest), self.rests.get(&rest)]
        });
        std::iter::once(self.rests.get(&whole))
            .chain(shorter)
            .flatten()
            .filter_map(|place| self.words.get(*place))
            .map(Vec::as_slice)
            .find(|meant| meant.len() >= LEAST && slip(word, meant) && is_sure(word, meant))
    }
}

/// Long enough, or of the same letters.
fn is_sure(word: &[char], meant: &[char]) -> bool {
    let sorted = |word: &[char]| {
        let mut letters = word.to_vec();
        letters.sort_unstable();
        letters
    };
    meant.len() >= SURE || sorted(word) == sorted(meant)
}

/// The hash of a word without one of its letters.
fn hash(word: &[char], gone: Option<usize>) -> u64 {
    word.iter().enumerate().filter(|(n, _)| Some(*n) != gone).fold(0xcbf2_9ce4_8422_2325, |hash, (_, c)| {
        (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One letter lies between the words, or two neighbours that changed places. Another ending is another form of the word and no slip.
fn slip(word: &[char], meant: &[char]) -> bool {
    let same = word.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (Some(word), Some(meant)) = (word.get(same..), meant.get(same..)) else { return false };
    match (word, meant) {
        ([], _) | (_, []) => false,
        ([_, rest @ ..], meant) if rest == meant => true,
        (word, [_, rest @ ..]) if rest == word => true,
        ([_, word @ ..], [_, meant @ ..]) if word == meant => true,
        ([a, b, word @ ..], [c, d, meant @ ..]) => a == d && b == c && word == meant,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(text: &str) -> String {
        let mut spelling = Spelling::default();
        spelling.learn(&"prove translate architecture plan".chars().collect::<Vec<_>>());
        spelling.correct(text.chars().collect()).iter().collect()
    }

    #[test]
    fn one_slip_is_corrected() {
        for slipped in ["tanslate", "trasnlate", "trannslate", "trunslate"] {
            assert_eq!(corrected(slipped), "translate", "{slipped}");
        }
    }

    #[test]
    fn other_words_stay() {
        assert_eq!(corrected("rpove that"), "prove that");
        for word in
            ["prone", "pove", "proove", "plane", "translates", "translat", "trnaslatex", "请 translate 这句"]
        {
            assert_eq!(corrected(word), word);
        }
    }
}
