//! What may stand between two characters of a word.

use std::ops::Range;

use crate::view::{View, Views};
use crate::words::Text;
use crate::words::marks::{BLANK, SEPARATOR};

/// Most separators between two characters of a word.
const MOST: usize = 3;

/// A place that is reached across separators.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Separated {
    /// The place.
    pub(crate) to: usize,
    /// One of the separators looks blank.
    pub(crate) blank: bool,
    /// The separators are what one writes syllables apart with: blanks or an apostrophe.
    pub(crate) spacing: bool,
}

/// The places behind one, two and three separators that begin at a place. An emoji of several code points is one separator.
pub(crate) fn separated(text: Text<'_>, from: usize) -> impl Iterator<Item = Separated> {
    let (mut at, mut count) = (from, 0);
    let (mut blank, mut all_blank) = (false, true);
    std::iter::from_fn(move || {
        if count == MOST || text.marks.at(at) & SEPARATOR == 0 {
            return None;
        }
        count += 1;
        let looks_blank = text.marks.at(at) & BLANK != 0;
        let rest = text.marks.rest_of_separator(at + 1);
        at = rest.end;
        blank |= looks_blank;
        all_blank &= looks_blank && rest.is_blank;
        Some(Separated { to: at, blank, spacing: all_blank || is_apostrophe(text, from..at) })
    })
}

/// Where the next repeat of a piece of the text begins, which is followed by others of its kind at once or across separators.
/// `compared` counts the characters that are compared for it.
pub(crate) fn repeat(
    text: Text<'_>,
    piece: Range<usize>,
    allowed: Views,
    compared: &mut usize,
) -> Option<Separated> {
    if !allowed.has(View::Repeats) || piece.is_empty() {
        return None;
    }
    if stands_again(text, piece.clone(), piece.end, compared) {
        return Some(Separated { to: piece.end, blank: false, spacing: false });
    }
    if !allowed.has(View::Separators) {
        return None;
    }
    separated(text, piece.end).find(|gap| stands_again(text, piece.clone(), gap.to, compared))
}

/// Whether what a piece of the text holds also stands at another place. One character of a run of equal ones speaks for all of them:
/// a piece may be as long as a run, and one begins at every place of it.
fn stands_again(text: Text<'_>, piece: Range<usize>, at: usize, compared: &mut usize) -> bool {
    let (mut own, mut other) = (piece.start, at);
    while own < piece.end {
        *compared += 1;
        if text.chars.get(own) != text.chars.get(other) {
            return false;
        }
        let own_run = text.marks.run_end(own).min(piece.end) - own;
        let other_run = text.marks.run_end(other) - other;
        let equal = own_run.min(other_run).max(1);
        own += equal;
        other += equal;
    }
    true
}

fn is_apostrophe(text: Text<'_>, piece: Range<usize>) -> bool {
    matches!(text.chars.get(piece), Some(['\'' | '’']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::Folded;
    use crate::words::marks::{JOINED, Marks};

    /// The places behind separators, with every character looked at: all joined ones, and whether those that were passed are blank.
    fn separated_slowly(text: Text<'_>, from: usize) -> Vec<(usize, bool, bool)> {
        let (mut at, mut blank, mut places) = (from, false, Vec::new());
        while places.len() < MOST && text.marks.at(at) & SEPARATOR != 0 {
            blank |= text.marks.at(at) & BLANK != 0;
            at += 1;
            while text.marks.at(at) & JOINED != 0 {
                at += 1;
            }
            let all_blank = (from..at).all(|at| text.marks.at(at) & BLANK != 0);
            places.push((at, blank, all_blank || is_apostrophe(text, from..at)));
        }
        places
    }

    proptest! {
        #![proptest_config(mangle::cases(1_500))]

        #[test]
        fn what_is_joined_is_passed_at_once_as_it_is_character_by_character(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "l", "1", ".", "'", " ", "\r\n", "\u{2003}", "\u{200d}", "\u{200d}", "\u{1f3fd}", "👩", "👩", "️⃣", "🇨", "™", "㎏", "八", "u",
            ]), 0..16),
        ) {
            let text = pieces.concat();
            let (folded, mut marks) = (Folded::of(&text), Marks::default());
            // What another text left is not to be seen.
            let before = "👩\u{200d}👩 👩\u{1f3fd}";
            marks.refill(before, &Folded::of(before));
            marks.refill(&text, &folded);
            let marked = Text { chars: folded.chars(), marks: &marks };
            for from in 0..folded.len() + 2 {
                let places = separated(marked, from).map(|gap| (gap.to, gap.blank, gap.spacing));
                prop_assert_eq!(places.collect::<Vec<_>>(), separated_slowly(marked, from), "{:?} {}", &text, from);
            }
        }

        #[test]
        fn run_by_run_a_piece_stands_where_it_does_character_by_character(
            runs in prop::collection::vec((prop::sample::select(vec!["l", "i", ".", "八"]), 1_usize..5), 1..7),
            start in 0_usize..12,
            length in 0_usize..12,
        ) {
            let text: String = runs.iter().map(|(character, count)| character.repeat(*count)).collect();
            let folded = Folded::of(&text);
            let mut marks = Marks::default();
            marks.refill(&text, &folded);
            let chars = folded.chars();
            let piece = start.min(chars.len())..(start + length).min(chars.len());
            for at in 0..chars.len() + 2 {
                let expected = chars.get(at..at + piece.len()) == chars.get(piece.clone());
                let text = Text { chars, marks: &marks };
                let stands = stands_again(text, piece.clone(), at, &mut 0);
                prop_assert!(piece.is_empty() || stands == expected, "{:?} {:?} {}", chars, piece, at);
            }
        }
    }
}
