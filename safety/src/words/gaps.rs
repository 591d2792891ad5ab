//! What may stand between two characters of a word.

use std::ops::Range;

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
    }
}
