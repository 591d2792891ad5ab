//! Where a word may stand with separators or repeats in it, told without following the trie.
//!
//! Such a word crosses a separator or a repeated character somewhere, from one of its characters to the next. So only where the
//! characters on both sides are neighbours in a word it is looked for: from as far before that place as all characters are linked.

use std::ops::Range;

use crate::fold::Folded;
use crate::words::neighbours::{Beside, Crossing, Neighbours};

/// Separators that are looked back over for one that is itself a character of a word.
const LOOK_BACK: usize = 8;

/// Adds the places at which a word may begin that has separators or repeats in it, as ranges in order.
pub(crate) fn add(neighbours: &Neighbours, folded: &Folded, starts: &mut Vec<Range<usize>>) {
    let (chars, separators) = (folded.chars(), folded.separators());
    let mut scan = Scan { neighbours, chars, separators, last: None, odd: false, run: 0 };
    each_odd_place(chars, separators, |at| {
        let Some(c) = scan.char(at) else { return };
        if !scan.come_to(at) || !scan.may_cross(at, c) {
            return;
        }
        let from = scan.linked_from(at, starts.last().map_or(0, |range| range.end));
        match starts.last_mut() {
            Some(range) if range.end >= from => range.end = at + 1,
            _ => starts.push(from..at + 1),
        }
    });
}

/// Places that are looked at together.
const TOGETHER: usize = u64::BITS as usize;

/// Visits the places that a separator stands before, and those in and beside a run of equal characters: few, in most texts. None of
/// the places is told from the others by a branch, since what stands in a text cannot be foretold.
fn each_odd_place(chars: &[char], separators: &[bool], mut visit: impl FnMut(usize)) {
    let (mut separated, mut repeats) = (0_u64, 0_u64);
    let mut before = None;
    for (chunk, (some, separators)) in chars.chunks(TOGETHER).zip(separators.chunks(TOGETHER)).enumerate() {
        let bits = |all: u64, (at, bit): (usize, bool)| all | u64::from(bit) << at;
        let separated_here = separators.iter().copied().enumerate().fold(0, bits);
        let equal = some.windows(2).map(|two| two.first() == two.last());
        let first = std::iter::once(before.is_some() && before == some.first());
        let repeats_here = first.chain(equal).enumerate().fold(0, bits);
        let next = chars.get((chunk + 1) * TOGETHER);
        let repeats_next = u64::from(next.is_some() && next == some.last());
        // A bit for each place: what is before it is one bit lower, what is behind it one higher.
        let top = TOGETHER - 1;
        let mut odd = separated_here << 1 | separated >> top;
        odd |= repeats_here | repeats_here << 1 | repeats >> top | repeats_here >> 1 | repeats_next << top;
        while odd != 0 {
            visit(chunk * TOGETHER + odd.trailing_zeros() as usize);
            odd &= odd - 1;
        }
        (separated, repeats, before) = (separated_here, repeats_here, some.last());
    }
}

struct Scan<'a> {
    neighbours: &'a Neighbours,
    chars: &'a [char],
    separators: &'a [bool],
    /// The character before the separators that end before this place, if they do.
    last: Option<usize>,
    /// One of these separators is a character of a word too.
    odd: bool,
    /// Where the run of equal characters begins that ends before this place, if this place does not continue it.
    run: usize,
}

impl Scan<'_> {
    fn char(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    fn is_separator(&self, at: usize) -> bool {
        self.separators.get(at).copied().unwrap_or(false)
    }

    /// Comes to the next place that a separator stands before or that is in or behind a run; all such places are come to, in order.
    /// There is nothing before the first place of a text.
    fn come_to(&mut self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let further = before.checked_sub(1);
        if further.is_none_or(|further| self.char(further) != self.char(before)) {
            self.run = before;
        }
        if self.is_separator(before) {
            if further.is_none_or(|further| !self.is_separator(further)) {
                (self.last, self.odd) = (further, false);
            }
            self.odd = self.odd || self.char(before).is_some_and(|c| self.neighbours.has(c));
        }
        true
    }

    /// Whether a word may cross to this place from one before it, not directly; or have repeats at one of its ends here.
    fn may_cross(&self, at: usize, c: char) -> bool {
        let Some((before, one)) = at.checked_sub(1).and_then(|before| Some((before, self.char(before)?)))
        else {
            return false;
        };
        self.neighbours.has_repeats() && self.may_repeat(at, c, one)
            || self.is_separator(before) && self.may_separate(at, c)
    }

    fn may_repeat(&self, at: usize, c: char, one: char) -> bool {
        let neighbours = self.neighbours;
        if one == c {
            // A run goes on, and a word is nothing but this character.
            return neighbours.is_run(c);
        }
        // A run ended before this place: a word goes on from its first character, or from its first ones.
        let long = self.run + 2 < at;
        if self.run + 1 < at
            && (neighbours.cross(self.crossing(self.run, one, at, c))
                || long && neighbours.follow(one, c) && neighbours.follow(one, one))
        {
            return true;
        }
        // A run begins, and a word ends in it.
        let run = |more: usize| self.char(at + more) == Some(c);
        run(1)
            && (neighbours.end(self.beside(at - 1, at.checked_sub(2)), one, c)
                || run(2) && neighbours.follow(one, c) && neighbours.follow(c, c))
    }

    /// Across separators: those that end before this place.
    fn may_separate(&self, at: usize, c: char) -> bool {
        if self.is_separator(at) && !self.neighbours.has(c) {
            return false;
        }
        // The same character again, after separators, repeats it.
        let repeats = |one: char| one == c && self.neighbours.has_repeats() && self.neighbours.has(c);
        if self.odd {
            let from = self.last.map_or(0, |last| last + 1);
            let crossed = self.chars.get(from..at - 1).unwrap_or_default();
            let may = |one: &char| repeats(*one) || self.neighbours.follow(*one, c);
            if crossed.len() > LOOK_BACK || crossed.iter().any(may) {
                return true;
            }
        }
        let Some((last, one)) = self.last.and_then(|last| Some((last, self.char(last)?))) else {
            return false;
        };
        repeats(one) || self.neighbours.cross(self.crossing(last, one, at, c))
    }

    /// From one character, or the run that it begins, to another one.
    fn crossing(&self, from: usize, one: char, to: usize, two: char) -> Crossing {
        let before = self.beside(from, from.checked_sub(1));
        Crossing { before, one, two, behind: self.beside(to, Some(to + 1)) }
    }

    fn beside(&self, at: usize, other: Option<usize>) -> Beside {
        match other.and_then(|other| Some((other, self.char(other)?))) {
            None => Beside::Nothing,
            Some((other, c))
                if self.is_separator(other) || self.is_separator(at) || self.char(at) == Some(c) =>
            {
                Beside::Unknown
            }
            Some((_, c)) => Beside::Character(c),
        }
    }

    /// The first place from which on all characters up to `at` may be linked in words, not before `least`.
    fn linked_from(&self, at: usize, least: usize) -> usize {
        let mut from = at.saturating_sub(1);
        while from > least {
            let (Some(one), Some(c)) = (self.char(from - 1), self.char(from)) else { break };
            let direct = !self.is_separator(from - 1) && !self.is_separator(from) && one != c;
            if direct && !self.neighbours.follow(one, c) {
                break;
            }
            from -= 1;
        }
        from.max(least.min(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::view::{View, Views};
    use crate::words::lexicon::Lexicon;
    use crate::words::marks::Marks;
    use crate::words::walk::{WalkBuffers, walk};
    use crate::words::{Found, Text};

    fn found(lexicon: &Lexicon, text: &str, in_stretches: bool) -> Vec<Found> {
        let folded = Folded::of(text);
        let mut marks = Marks::default();
        marks.refill(text, &folded);
        let mut starts: Vec<Range<usize>> = std::iter::once(0..folded.len()).collect();
        if in_stretches {
            lexicon.starts(&folded, &mut starts);
        }
        let mut found = Vec::new();
        let text = Text { chars: folded.chars(), marks: &marks };
        walk(lexicon, text, &starts, &mut WalkBuffers::default(), &mut found);
        found
    }

    fn lexicon(words: impl IntoIterator<Item = String>, views: u8) -> Option<Lexicon> {
        let words: Vec<String> =
            words.into_iter().map(|word| Folded::of(&word).chars().iter().collect()).collect();
        let all = [Views::of(View::Separators), Views::of(View::Repeats)];
        let of = |number: usize| match (usize::from(views) + number) % 4 {
            0 => all[0],
            1 => all[1],
            _ => all[0].with(all[1]),
        };
        Lexicon::new(&words, &(0..words.len()).map(of).collect::<Vec<_>>())
    }

    proptest! {
        #![proptest_config(mangle::cases(4_000))]

        #[test]
        fn nothing_is_passed_over_that_the_walk_from_every_place_finds(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "赌", "赌", "博", "博", "毒", "賭", "a", "b", "Ａ", "-", " ", " ", "，", "\u{3000}", "™", "1️⃣", "1",
                "👩\u{200d}👩\u{200d}👧", "👍🏽", "🇨🇳", "\u{200b}", "\u{301}", "㎏", "é", "赌博", "a b", "---", "\u{3164}",
            ]), 0..24),
            words in prop::collection::btree_set("[赌博毒ab]{1,4}|[ab][ +-][ab]|tm|a\\+\\+|1a|赌[👍👩]博|kg", 1..6),
            views in 0_u8..4,
        ) {
            let text = pieces.concat();
            if let Some(lexicon) = lexicon(words, views) {
                prop_assert!(lexicon.neighbours.is_some());
                prop_assert_eq!(found(&lexicon, &text, true), found(&lexicon, &text, false), "{}", text);
            }
        }
    }

    #[test]
    fn an_innocent_text_is_passed_over_as_a_whole() {
        let lexicon = lexicon(["赌博网站".to_owned(), "大麻".to_owned()], 2).unwrap();
        let mut starts = Vec::new();
        lexicon.starts(
            &Folded::of("今天天气真好，我们去公园吧！！！好的，，谢谢😂👍👍 ok 赌气的人"),
            &mut starts,
        );
        assert!(starts.is_empty(), "{starts:?}");
        lexicon.starts(&Folded::of("今天，我们赌-博网站见"), &mut starts);
        assert!(matches!(starts.as_slice(), [only] if *only == (5..8)), "{starts:?}");
    }
    #[test]
    fn a_keycap_is_a_character_that_separators_and_repeats_can_follow() {
        let lexicon = lexicon(["1a".to_owned()], 2).unwrap();
        let places: Vec<(u32, u32)> = found(&lexicon, "1\u{fe0f}\u{20e3}-1a", true)
            .iter()
            .map(|found| (found.start, found.end))
            .collect();
        assert_eq!(places, [(0, 4)]);
    }
}
