//! Folding: one form for all the ways to write the same text.
//!
//! Two texts that a reader takes for the same fold to the same characters: full and half width, compatibility forms, case,
//! traditional and simplified, variants of ideographs, letters and digits in circles, squares and other scripts, accents.
//! What is not seen falls away. Each character comes from a table, and where its source stands is kept beside it, so that what is
//! found in the folded text can be shown in the source.

mod join;
mod table;

use std::ops::Range;

use table::Fate;

use crate::tables::CharClass;

/// A text folded for matching: its characters and, for each, where its source stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    chars: Vec<char>,
    /// Where the source of each character begins and ends, in bytes.
    spans: Vec<(u32, u32)>,
    /// Whether each character may be a separator.
    separators: Vec<bool>,
}

impl Folded {
    /// Folds a text.
    pub fn of(text: &str) -> Self {
        let mut folded = Self::default();
        folded.refill(text);
        folded
    }

    /// Folds another text into the same buffers. Of a text longer than 4 GiB only the beginning is folded.
    pub fn refill(&mut self, text: &str) {
        self.chars.clear();
        self.spans.clear();
        self.separators.clear();
        // No text has more characters than bytes, so that growth is out of the way.
        self.chars.reserve(text.len());
        self.spans.reserve(text.len());
        self.separators.reserve(text.len());
        let table = table::table();
        let mut start = 0_u32;
        for c in text.chars() {
            let Some(end) = start.checked_add(c.len_utf8() as u32) else { return };
            let entry = table.entry(c);
            if entry < table::PLAIN {
                self.chars.push(table::plain(c, entry));
                self.spans.push((start, end));
                self.separators.push(table::is_sign(entry));
            } else {
                self.push(table.fate(c, entry), (start, end));
            }
            start = end;
        }
    }

    /// What is not one plain character. It may be more than what it becomes says, and so may be what it falls away behind.
    #[cold]
    fn push(&mut self, fate: Fate, span: (u32, u32)) {
        if let Some(last) = self.separators.last_mut() {
            *last = true;
        }
        match fate {
            Fate::One(c) => self.push_one(c, span),
            Fate::Several(all) => {
                let table = table::table();
                for c in all {
                    self.push(table.fate(*c, table.entry(*c)), span);
                }
            }
            Fate::Joins(c) => {
                let whole = self.chars.last().and_then(|last| join::join(*last, c));
                if let (Some(whole), Some(last), Some(old)) =
                    (whole, self.chars.last_mut(), self.spans.last_mut())
                {
                    *last = whole;
                    old.1 = span.1;
                } else if !join::is_voicing(c) {
                    self.push_one(c, span);
                }
            }
            Fate::Mark(c) => {
                if self.chars.last().is_some_and(|last| carries_marks(*last)) {
                    self.push_one(c, span);
                }
            }
        }
    }

    fn push_one(&mut self, c: char, span: (u32, u32)) {
        self.chars.push(c);
        self.spans.push(span);
        self.separators.push(true);
    }

    /// The characters.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// For each character whether it may be no letter, ideograph or digit in the source, or more than one plain character of the
    /// source belongs to it. Yes may be wrong, no never is.
    pub(crate) fn separators(&self) -> &[bool] {
        &self.separators
    }

    /// How many characters there are.
    pub fn len(&self) -> usize {
        self.chars.len()
    }

    /// Whether nothing is left of the text.
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// Where a range of characters stands in the source, in bytes: with what fell away between its characters, without what fell
    /// away around them. An empty range, or one that reaches beyond the text, is empty.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        let spans = self.spans.get(range).unwrap_or_default();
        match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => first.0 as usize..last.1 as usize,
            _ => 0..0,
        }
    }
}

/// Folds one character: to none, one or several characters; `㎏` to `kg`, `⑩` to `10`, `（` to `(`. What it does to its neighbour
/// (a mark, a Hangul vowel) only the fold of a text can say: alone it stays.
pub fn fold_char(c: char) -> impl Iterator<Item = char> {
    let table = table::table();
    let (one, several) = match table.fate(c, table.entry(c)) {
        Fate::One(c) | Fate::Joins(c) | Fate::Mark(c) => (Some(c), &[][..]),
        Fate::Several(all) => (None, all),
    };
    one.into_iter().chain(several.iter().copied())
}

/// The class of a character.
pub(crate) fn class(c: char) -> CharClass {
    table::table().class(c)
}

/// Whether marks that are letters of some script can belong to this character: letters from Hebrew on do, but no kana.
fn carries_marks(c: char) -> bool {
    c as u32 >= 0x590 && !matches!(c, '\u{3040}'..='\u{30ff}') && class(c) == CharClass::Letter
}

#[cfg(test)]
mod tests;
