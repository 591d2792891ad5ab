//! What may stand between two characters of a word.

use crate::view::{View, Views};
use crate::words::Text;
use crate::words::marks::{BLANK, JOINED, SEPARATOR};

/// Most separators between two characters of a word.
const MOST: usize = 3;
/// A place that is reached across separators.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Separated {
    /// The place.
    pub(crate) to: usize,
    /// One of the separators looks blank.
    pub(crate) blank: bool,
}

/// The places behind one, two and three separators that begin at a place. An emoji of several code points is one separator.
pub(crate) fn separated(text: Text<'_>, from: usize) -> impl Iterator<Item = Separated> {
    let (mut at, mut count, mut blank) = (from, 0, false);
    std::iter::from_fn(move || {
        if count == MOST || text.marks.at(at) & SEPARATOR == 0 {
            return None;
        }
        count += 1;
        blank |= text.marks.at(at) & BLANK != 0;
        at += 1;
        while text.marks.at(at) & JOINED != 0 {
            at += 1;
        }
        Some(Separated { to: at, blank })
    })
}

/// Where the next repeat of a piece of the text begins, which is followed by others of its kind at once or across separators.
pub(crate) fn repeat(text: Text<'_>, piece: std::ops::Range<usize>, allowed: Views) -> Option<Separated> {
    if !allowed.has(View::Repeats) || piece.is_empty() {
        return None;
    }
    let again = |at: usize| text.chars.get(at..at + piece.len()) == text.chars.get(piece.clone());
    let at_once = Some(Separated { to: piece.end, blank: false });
    at_once.filter(|place| again(place.to)).or_else(|| {
        let mut gaps = separated(text, piece.end);
        gaps.find(|gap| allowed.has(View::Separators) && again(gap.to))
    })
}

/// Whether one writes syllables apart with what stands here: blanks or an apostrophe.
pub(crate) fn is_spacing(text: Text<'_>, from: usize, to: usize) -> bool {
    let between = text.chars.get(from..to).unwrap_or_default();
    let apostrophe = matches!(between, ['\'' | '’']);
    apostrophe || (from..to).all(|at| text.marks.at(at) & BLANK != 0)
}
