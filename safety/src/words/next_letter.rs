//! Whether a piece of a text says a letter, told without looking at all of it: pieces may be as long as the text, and one may begin at
//! every place.

use std::ops::Range;

use crate::words::Text;
use crate::words::room::empty;

/// For each place of a text where the next letter or ideograph stands. It is found out when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct NextLetter {
    places: Vec<u32>,
}

impl NextLetter {
    /// Forgets the last text.
    pub(crate) fn reset(&mut self) {
        empty(&mut self.places);
    }

    /// Whether a letter of any script or an ideograph stands in a piece of the text.
    pub(crate) fn is_in(&mut self, text: Text<'_>, piece: Range<usize>) -> bool {
        if piece.is_empty() || text.marks.says_letter(piece.start) {
            return !piece.is_empty();
        }
        if self.places.is_empty() {
            self.fill(text);
        }
        self.places.get(piece.start).is_some_and(|next| (*next as usize) < piece.end)
    }

    fn fill(&mut self, text: Text<'_>) {
        let mut next = u32::MAX;
        self.places.extend((0..text.chars.len()).rev().map(|at| {
            if text.marks.says_letter(at) {
                next = at as u32;
            }
            next
        }));
        self.places.reverse();
    }
}
