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
    let mut before = ('\0', false);
    for (at, (c, separator)) in chars.iter().zip(separators).enumerate() {
        // Most places of most texts: two different characters, neither of which is a separator or repeated.
        let repeated = before.0 == *c && at > 0;
        let is_plain = !before.1 && !repeated && scan.run + 1 >= at && scan.chars.get(at + 1) != Some(c);
        if !is_plain && scan.may_cross(at, *c) {
            let from = scan.linked_from(at, starts.last().map_or(0, |range| range.end));
            match starts.last_mut() {
                Some(range) if range.end >= from => range.end = at + 1,
                _ => starts.push(from..at + 1),
            }
        }
        if !repeated {
            scan.run = at;
        }
        if *separator {
            if !before.1 {
                (scan.last, scan.odd) = (at.checked_sub(1), false);
            }
            scan.odd = scan.odd || neighbours.has(*c);
        }
        before = (*c, *separator);
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
        if one == c {
            // A run goes on.
            return self.neighbours.is_single(c) || self.run + 1 < at && self.neighbours.follow(c, c);
        }
        // A run ended before this place: a word goes on from its first character.
        let ended = self.run + 1 < at && self.neighbours.cross(self.crossing(self.run, one, at, c));
        // A run begins, and a word ends in it.
        ended || self.char(at + 1) == Some(c) && self.neighbours.end(one, c)
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
