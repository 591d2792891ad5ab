//! Whether a text may have any word at all, as it is or with separators and repeats in it, and where: told in one pass.
//!
//! Without its separators, and with each run of equal characters as one, a text has every word in it that it had, if the same is done to
//! the words. So what is left of the text is looked through once, for the words and for what separators and repeats make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::fold::{Bare, Folded, fold_char};
use crate::tables::{CharClass, class};
use crate::words::filter::{Filter, Key};
use crate::words::plain::Plain;

/// What is left of all words.
#[derive(Debug)]
pub(crate) struct Sieve {
    /// Of words in which no character follows itself; without what is left of them as they are, which the list of all words has.
    left: Plain,
    /// Of words in which one does.
    doubled: Plain,
    /// The characters that follow themselves in these, for each of `doubled`: a text that has none of them twice has none of its words.
    doubles: Vec<Box<[char]>>,
    /// All of these.
    all_doubles: Characters,
    /// The characters of words that are one character several times.
    runs: Characters,
    /// One character of each word of which nothing is left: of signs.
    signs: Characters,
}

impl Sieve {
    /// What is left of these words, which are sorted.
    pub(crate) fn of(words: &[String]) -> Self {
        let mut left = BTreeSet::new();
        let mut doubled = BTreeMap::<String, BTreeSet<char>>::new();
        let [mut runs, mut signs] = [const { BTreeSet::new() }; 2];
        for word in words {
            let said: Vec<char> = word.chars().filter(|c| says(*c)).collect();
            let twice = said.array_windows().filter(|[one, two]| one == two).map(|[one, _]| *one);
            let mut chars = said.clone();
            chars.dedup();
            match chars.as_slice() {
                // Symbols are rarer in texts than punctuation, and come behind it.
                [] => signs.extend(word.chars().max()),
                chars if chars.len() == said.len() => _ = left.insert(chars.iter().collect()),
                [only] => _ = runs.insert(*only),
                chars => doubled.entry(chars.iter().collect()).or_default().extend(twice),
            }
        }
        let all_doubles = Characters::of(&doubled.values().flatten().copied().collect());
        let doubles = doubled.values().map(|chars| chars.iter().copied().collect()).collect();
        left.retain(|left| words.binary_search(left).is_err());
        Self {
            left: Plain::new(&Vec::from_iter(left)),
            doubled: Plain::new(&Vec::from_iter(doubled.into_keys())),
            doubles,
            all_doubles,
            runs: Characters::of(&runs),
            signs: Characters::of(&signs),
        }
    }

    /// What a text may have of the words, of which `plain` is the list. `bare` and `places` are buffers.
    pub(crate) fn sift(&self, plain: &Plain, text: &str, bare: &mut Bare, places: &mut Vec<u32>) -> Sifted {
        if !bare.refill(text) || self.may_have_run(bare.repeated()) || self.may_have_signs(text) {
            return Sifted::Unknown;
        }
        places.clear();
        plain.add_places(bare.chars(), |_| true, places);
        if !self.left.is_empty() {
            self.left.add_places(bare.chars(), |_| true, places);
        }
        if self.may_have_double(bare.repeated()) {
            // There may be as many as places of words, and each of these asks for them.
            bare.sort_repeated();
            self.doubled.add_places(bare.chars(), |word| self.is_doubled(word, bare.repeated()), places);
        }
        if places.is_empty() {
            return Sifted::Nothing;
        }
        places.sort_unstable();
        places.dedup();
        Sifted::Places
    }

    /// Whether a character that a word has twice in a row is among these, which are sorted.
    fn is_doubled(&self, word: u32, repeated: &[char]) -> bool {
        let doubles = self.doubles.get(word as usize);
        doubles.is_some_and(|doubles| doubles.iter().any(|c| repeated.binary_search(c).is_ok()))
    }

    fn may_have_double(&self, repeated: &[char]) -> bool {
        !self.all_doubles.is_empty() && repeated.iter().any(|c| self.all_doubles.has(*c))
    }

    fn may_have_run(&self, repeated: &[char]) -> bool {
        !self.runs.is_empty() && repeated.iter().any(|c| self.runs.has(*c))
    }

    fn may_have_signs(&self, text: &str) -> bool {
        !self.signs.is_empty() && text.chars().flat_map(fold_char).any(|c| self.signs.has(c))
    }
}

/// What a text may have of the words of a sieve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sifted {
    /// No word, as it is or with separators and repeats in it.
    Nothing,
    /// Such words, whose beginnings are at certain places of what is left of the text, and at no other ones.
    Places,
    /// Anything.
    Unknown,
}

/// Where words may begin in a folded text that begin at these places, in order, of what is left of it: anywhere in the run of equal
/// characters that is one character there, and in the signs before it.
pub(crate) fn add_starts(folded: &Folded, places: &[u32], starts: &mut Vec<Range<usize>>) {
    let chars = folded.chars().iter().zip(folded.separators()).enumerate();
    let mut said = chars.filter(|(_, (_, separator))| !**separator).map(|(at, (c, _))| (at, *c)).peekable();
    let mut places = places.iter().copied().peekable();
    let (mut run, mut from) = (0, 0);
    while let (Some(place), Some((at, c))) = (places.peek().copied(), said.next()) {
        let mut end = at + 1;
        while let Some((next, _)) = said.next_if(|(_, next)| *next == c) {
            end = next + 1;
        }
        if place == run {
            starts.push(from..end);
            places.next();
        }
        (run, from) = (run + 1, end);
    }
}

/// A set of characters.
#[derive(Debug)]
struct Characters {
    filter: Filter,
    is_empty: bool,
}

impl Characters {
    fn of(chars: &BTreeSet<char>) -> Self {
        let mut filter = Filter::with_room(chars.len());
        filter.extend(chars.iter().map(|c| Key::one(*c)));
        Self { filter, is_empty: chars.is_empty() }
    }

    fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Whether a character may be in it.
    fn has(&self, c: char) -> bool {
        self.filter.has(Key::one(c))
    }
}

/// Whether a folded character is a letter, ideograph or digit.
fn says(c: char) -> bool {
    matches!(class(c), CharClass::Ideograph | CharClass::Letter | CharClass::Digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn may_have(words: &[&str], text: &str) -> bool {
        let words: BTreeSet<String> =
            words.iter().map(|word| Folded::of(word).chars().iter().collect()).collect();
        let words = Vec::from_iter(words);
        let mut places = Vec::new();
        let sifted = Sieve::of(&words).sift(&Plain::new(&words), text, &mut Bare::default(), &mut places);
        sifted != Sifted::Nothing
    }

    #[test]
    fn a_text_without_any_word_falls_through() {
        let words = ["赌博网站", "大麻", "哈哈", "历历史", "a b", "🔞", "!♂♀", "C++"];
        for text in [
            "今天天气真好，我们去公园吧！！！好的，，谢谢😂👍👍",
            "哈",
            "赌气的人 博物馆",
            "",
            "ba",
            "历史，历史",
            "谢谢，历史",
        ] {
            assert!(!may_have(&words, text), "{text}");
        }
        for text in [
            "赌-博。网站",
            "大大麻",
            "哈，哈",
            "哈哈哈",
            "历 历史",
            "ab",
            "🔞",
            "♂♂-♀",
            "c++",
            "赌博\u{200b}网ⓐ站",
        ] {
            assert!(may_have(&words, text), "{text}");
        }
    }

    #[test]
    fn a_word_begins_in_its_first_run_or_in_the_signs_before_it() {
        let folded = Folded::of("，甲甲-甲，，乙乙丙");
        let mut starts = Vec::new();
        add_starts(&folded, &[0, 2], &mut starts);
        assert_eq!(starts, [0..5, 9..10]);
        starts.clear();
        add_starts(&folded, &[1], &mut starts);
        assert!(matches!(starts.as_slice(), [only] if *only == (5..9)));
    }

    proptest! {
        #![proptest_config(mangle::cases(2_000))]

        #[test]
        fn a_word_is_never_passed_over_whatever_separates_and_repeats_it(
            word in "[赌博毒ab1+ ]{0,3}[赌博毒a]",
            around in "[赌博毒ab1, -]{0,4}",
            between in prop::sample::select(vec!["", "-", " ", "，", "™", "👍🏽", "\u{200b}", "\u{3164}"]),
            repeats in 1_usize..3,
        ) {
            let each = |c: char| format!("{}{between}", c.to_string().repeat(repeats));
            let text = format!("{around}{}{around}", word.chars().map(each).collect::<String>());
            prop_assert!(may_have(&[&word], &text), "{}", text);
        }
    }
}
