//! Folding: one form for all the ways to write the same text.
//!
//! Two texts that a reader takes for the same fold to the same characters: full and half width, compatibility forms, case,
//! traditional and simplified, variants of ideographs, letters and digits in circles, squares and other scripts, accents.
//! What is not seen falls away. Each character comes from a table, and where its source stands is kept beside it, so that what is
//! found in the folded text can be shown in the source.

mod bare;
mod join;
mod table;

use std::ops::Range;

use table::Fate;

use crate::tables::CharClass;

pub(crate) use bare::Bare;

/// Characters for which room is made at once.
const ROOM: usize = 96;

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
        let text = text.get(..text.floor_char_boundary(u32::MAX as usize)).unwrap_or(text);
        let table = table::table();
        let mut start = 0;
        while start < text.len() {
            start = self.refill_plain(text, start);
            // The piece ended before its room did: with a character that is not plain.
            let next = text.get(start..).and_then(|rest| rest.chars().next());
            let Some(c) = next else { return };
            let entry = table.entry(c);
            if entry >= table::PLAIN {
                let end = start + c.len_utf8();
                self.push(table.fate(c, entry), (start as u32, end as u32));
                start = end;
            }
        }
    }

    /// Folds plain characters from a byte on, as many as there is room for; gives back the byte behind them. Room is made for all of
    /// them at once, so that nothing but their table decides what is done.
    fn refill_plain(&mut self, text: &str, start: usize) -> usize {
        let rest = text.get(start..).unwrap_or_default();
        let (before, room) = (self.chars.len(), rest.len().min(ROOM));
        self.chars.resize(before + room, '\0');
        self.spans.resize(before + room, (0, 0));
        self.separators.resize(before + room, false);
        let chars = self.chars.get_mut(before..).unwrap_or_default().iter_mut();
        let spans = self.spans.get_mut(before..).unwrap_or_default().iter_mut();
        let separators = self.separators.get_mut(before..).unwrap_or_default().iter_mut();
        let table = table::table();
        let (mut count, mut end) = (before, start);
        for (((c, folded), span), separator) in rest.chars().zip(chars).zip(spans).zip(separators) {
            let entry = table.entry(c);
            if entry >= table::PLAIN {
                break;
            }
            *folded = table::plain(c, entry);
            let from = end;
            end += c.len_utf8();
            *span = (from as u32, end as u32);
            *separator = table::is_sign(entry);
            count += 1;
        }
        self.chars.truncate(count);
        self.spans.truncate(count);
        self.separators.truncate(count);
        end
    }

    /// What is not one plain character. It may be more than what it becomes says, and so may be what it falls away behind.
    #[cold]
    fn push(&mut self, fate: Fate, span: (u32, u32)) {
        let stands_alone = matches!(fate, Fate::One(_) | Fate::Several([_, ..]));
        if !stands_alone && let Some(separator) = self.separators.last_mut() {
            *separator = true;
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

/// Whether a character is a letter, ideograph or digit.
fn is_said(c: char) -> bool {
    matches!(class(c), CharClass::Ideograph | CharClass::Letter | CharClass::Digit)
}

/// Whether marks that are letters of some script can belong to this character: letters from Hebrew on do, but no kana.
fn carries_marks(c: char) -> bool {
    c as u32 >= 0x590 && !matches!(c, '\u{3040}'..='\u{30ff}') && class(c) == CharClass::Letter
}

#[cfg(test)]
mod tests;
