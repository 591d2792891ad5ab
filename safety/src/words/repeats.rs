//! Where a piece of the text stands again.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::view::{View, Views};
use crate::words::Text;
use crate::words::gaps::{Separated, separated};

/// Runs that are compared before more is found out than was asked for.
const FEW: usize = 64;

/// What is known of repeats in a text.
///
/// Many pieces that end at one place are compared with what follows there: one may begin at every place of a run, or of a separator of
/// many characters. They take time by their length together, and not each.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    /// By places with which a piece was compared for long.
    equal: BTreeMap<usize, Equal>,
    /// Characters that were compared in the last text, those of a run as one.
    compared: usize,
}

/// How much of what stands before a place is equal to what follows it.
#[derive(Debug)]
struct Equal {
    /// The first place of which it is known.
    from: usize,
    /// For each place how many characters are equal, no more than lie between.
    lengths: Vec<usize>,
}

impl Repeats {
    /// Forgets the last text.
    pub(crate) fn reset(&mut self) {
        self.equal.clear();
        self.compared = 0;
    }

    /// How many characters were compared, those of a run as one.
    #[cfg(test)]
    pub(crate) fn compared(&self) -> usize {
        self.compared
    }

    /// Where the next repeat of a piece begins, which is followed by others of its kind at once or across separators.
    pub(crate) fn next(&mut self, text: Text<'_>, piece: Range<usize>, allowed: Views) -> Option<Separated> {
        if !allowed.has(View::Repeats) || piece.is_empty() {
            return None;
        }
        if self.stands_again(text, piece.clone(), piece.end) {
            return Some(Separated { to: piece.end, blank: false, spacing: false });
        }
        if !allowed.has(View::Separators) {
            return None;
        }
        separated(text, piece.end).find(|gap| self.stands_again(text, piece.clone(), gap.to))
    }

    /// Whether what a piece of the text holds also stands at another place, behind it. One character of a run of equal ones speaks for
    /// all of them.
    fn stands_again(&mut self, text: Text<'_>, piece: Range<usize>, at: usize) -> bool {
        let (mut own, mut other) = (piece.start, at);
        for _ in 0..FEW {
            if own >= piece.end {
                return true;
            }
            self.compared += 1;
            if text.chars.get(own) != text.chars.get(other) {
                return false;
            }
            let own_run = text.marks.run_end(own).min(piece.end) - own;
            let other_run = text.marks.run_end(other) - other;
            let equal = own_run.min(other_run).max(1);
            own += equal;
            other += equal;
        }
        self.equal(text.chars, piece.start, at) >= piece.len()
    }

    /// How many characters from one place on are equal to those from another on, which is behind it; no more than lie between.
    fn equal(&mut self, chars: &[char], start: usize, at: usize) -> usize {
        let length = |equal: &Equal| equal.lengths.get(start.checked_sub(equal.from)?).copied();
        if let Some(known) = self.equal.get(&at).and_then(length) {
            return known;
        }
        // Places further ahead are asked about as well, if only a few of them.
        let from = start.saturating_sub(at.saturating_sub(start));
        let equal = Equal { from, lengths: equal_lengths(chars, from, at, &mut self.compared) };
        let found = length(&equal).unwrap_or_default();
        self.equal.insert(at, equal);
        found
    }
}

/// For each place of `from..at` how many characters from there on are equal to those from `at` on, no more than lie between: the Z
/// algorithm, over what follows `at` and, behind it, what stands before it.
fn equal_lengths(chars: &[char], from: usize, at: usize, compared: &mut usize) -> Vec<usize> {
    let before = chars.get(from..at).unwrap_or_default();
    let behind = chars.get(at..).unwrap_or_default();
    let behind = behind.get(..before.len()).unwrap_or(behind);
    let joined = [behind, before].concat();
    let mut lengths = vec![0; joined.len()];
    // The piece that reaches furthest of those that are equal to the beginning.
    let mut furthest = 0..0;
    for place in 1..joined.len() {
        let again = lengths.get(place - furthest.start).copied().unwrap_or_default();
        let mut length = furthest.end.saturating_sub(place).min(again);
        *compared += 1;
        while length < behind.len() && joined.get(length) == joined.get(place + length) {
            *compared += 1;
            length += 1;
        }
        if place + length > furthest.end {
            furthest = place..place + length;
        }
        if let Some(here) = lengths.get_mut(place) {
            *here = length;
        }
    }
    lengths.split_off(behind.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::Folded;
    use crate::words::marks::Marks;

    proptest! {
        #![proptest_config(mangle::cases(1_500))]

        #[test]
        fn a_piece_stands_again_where_it_does_character_by_character(
            runs in prop::collection::vec((prop::sample::select(vec!["l", "i", ".", "八"]), 1_usize..5), 1..7),
            times in prop::sample::select(vec![1_usize, 1, 40]),
            pieces in prop::collection::vec((0_usize..400, 0_usize..400, 0_usize..4), 1..20),
        ) {
            let text: String = runs.iter().map(|(character, count)| character.repeat(*count)).collect();
            let text = text.repeat(times);
            let folded = Folded::of(&text);
            let mut marks = Marks::default();
            marks.refill(&text, &folded);
            let chars = folded.chars();
            let mut repeats = Repeats::default();
            for (start, length, gap) in pieces {
                let start = start % chars.len();
                let piece = start..(start + length).min(chars.len());
                let at = piece.end + gap;
                let expected = chars.get(at..at + piece.len()) == chars.get(piece.clone());
                let text = Text { chars, marks: &marks };
                let stands = repeats.stands_again(text, piece.clone(), at);
                prop_assert!(piece.is_empty() || stands == expected, "{:?} {:?} {}", chars, piece, at);
            }
        }
    }
}
