//! Words that are looked for around a number, found by their first and their last character.

use super::plain::Plain;

/// A list of words in lower case.
pub(super) struct Words {
    /// The words by their first character.
    forward: Vec<Vec<char>>,
    /// The words by their last character.
    backward: Vec<Vec<char>>,
}

impl Words {
    /// The words of a list, which bars separate.
    pub(super) fn of(list: &str) -> Self {
        let words = list.split('|').map(|word| word.trim().chars().collect::<Vec<char>>());
        let mut forward: Vec<Vec<char>> = words.filter(|word| !word.is_empty()).collect();
        let mut backward = forward.clone();
        forward.sort_unstable();
        backward.sort_unstable_by_key(|word| word.last().copied());
        Self { forward, backward }
    }

    /// Whether a word stands at a position and ends before `limit`.
    pub(super) fn stand_at(&self, plain: &Plain, start: usize, limit: usize) -> bool {
        let first = Some(plain.lower(start));
        let from = self.forward.partition_point(|word| word.first().copied() < first);
        let words = self.forward.iter().skip(from).take_while(|word| word.first().copied() == first);
        words.into_iter().any(|word| start + word.len() <= limit && is_word(plain, start, word))
    }

    /// Where the longest of the words begins that ends at a position.
    pub(super) fn start_before(&self, plain: &Plain, end: usize) -> Option<usize> {
        let last = Some(plain.lower(end.checked_sub(1)?));
        let from = self.backward.partition_point(|word| word.last().copied() < last);
        let words = self.backward.iter().skip(from).take_while(|word| word.last().copied() == last);
        let starts =
            words.filter_map(|word| end.checked_sub(word.len()).filter(|start| is_word(plain, *start, word)));
        starts.min()
    }
}

/// Whether a word stands at a position; one of letters has borders at both ends.
fn is_word(plain: &Plain, start: usize, word: &[char]) -> bool {
    let end = start + word.len();
    word.iter().enumerate().all(|(n, c)| plain.lower(start + n) == *c)
        && !joins(plain, start, plain.at(start))
        && !joins(plain, end, plain.before(end))
}

/// Whether the letters left and right of a position belong to one word. `userPhone` is two words.
fn joins(plain: &Plain, at: usize, inner: char) -> bool {
    let (left, right) = (plain.before(at), plain.at(at));
    let camel = left.is_ascii_lowercase() && right.is_ascii_uppercase();
    inner.is_ascii_alphabetic() && left.is_ascii_alphabetic() && right.is_ascii_alphabetic() && !camel
}
