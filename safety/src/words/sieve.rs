//! Whether a text may have any word at all, as it is or with separators and repeats in it: told in one pass, for most texts.
//!
//! Without its separators, and with each run of equal characters as one, a text has every word in it that it had, if the same is done to
//! the words. So what is left of the text is looked through once, for the words and for what separators and repeats make of them.

use std::collections::BTreeSet;

use crate::fold::Folded;
use crate::tables::{CharClass, class};
use crate::words::filter::{Filter, Key};
use crate::words::plain::Plain;

/// What is left of all words.
#[derive(Debug)]
pub(crate) struct Sieve {
    /// Of words in which no character follows itself.
    left: Plain,
    /// Of the other words, and the characters that follow themselves in them: a text that has none of these twice has no such word.
    doubled: Plain,
    doubles: Characters,
    /// The characters of words that are one character several times.
    runs: Characters,
    /// Words of which nothing is left: signs.
    signs: Plain,
    has_signs: bool,
}

impl Sieve {
    /// What is left of these words.
    pub(crate) fn of(words: &[String]) -> Self {
        let [mut left, mut doubled, mut signs] = [const { BTreeSet::new() }; 3];
        let [mut doubles, mut runs] = [const { BTreeSet::new() }; 2];
        for word in words {
            let said: Vec<char> = word.chars().filter(|c| says(*c)).collect();
            let twice = said.windows(2).filter(|two| two.first() == two.last()).flatten();
            let mut chars = said.clone();
            chars.dedup();
            match chars.as_slice() {
                [] => _ = signs.insert(word.clone()),
                chars if chars.len() == said.len() => _ = left.insert(chars.iter().collect()),
                [only] => _ = runs.insert(*only),
                chars => {
                    doubles.extend(twice);
                    doubled.insert(chars.iter().collect());
                }
            }
        }
        let plain = |words: BTreeSet<String>| Plain::new(&words.into_iter().collect::<Vec<_>>());
        Self {
            has_signs: !signs.is_empty(),
            left: plain(left),
            doubled: plain(doubled),
            doubles: Characters::of(&doubles),
            runs: Characters::of(&runs),
            signs: plain(signs),
        }
    }

    /// Whether a folded text may have a word. Yes may be wrong, no never is. `left` is a buffer.
    pub(crate) fn may_have(&self, folded: &Folded, left: &mut Vec<char>) -> bool {
        if folded.has_doubtful() {
            return true;
        }
        let repeats = squeeze(folded, left);
        self.left.has_any(left)
            || repeats && self.may_have_repeats(folded, left)
            || self.has_signs && self.signs.has_any(folded.chars())
    }

    /// The same of words in which characters follow themselves.
    fn may_have_repeats(&self, folded: &Folded, left: &[char]) -> bool {
        if self.runs.is_empty() && self.doubles.is_empty() {
            return false;
        }
        let chars = folded.chars().iter().zip(folded.separators());
        let mut said = chars.filter(|(_, separator)| !**separator).map(|(c, _)| *c);
        let mut last = said.next();
        let mut doubled = false;
        for c in said {
            if last.replace(c) == Some(c) {
                if self.runs.has(c) {
                    return true;
                }
                doubled |= self.doubles.has(c);
            }
        }
        doubled && self.doubled.has_any(left)
    }
}

/// Leaves separators and repeats of a folded text out. Tells whether a character followed itself.
fn squeeze(folded: &Folded, left: &mut Vec<char>) -> bool {
    let (chars, separators) = (folded.chars(), folded.separators());
    left.clear();
    left.resize(chars.len() + 1, char::default());
    let (mut count, mut last, mut repeats) = (0, char::default(), false);
    for (c, separator) in chars.iter().zip(separators) {
        // What is left out is written over by the next one.
        if let Some(place) = left.get_mut(count) {
            *place = *c;
        }
        let repeated = *c == last;
        count += usize::from(!separator & !repeated);
        repeats |= !separator & repeated;
        last = if *separator { last } else { *c };
    }
    left.truncate(count);
    repeats
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
        let words: Vec<String> = words.iter().map(|word| Folded::of(word).chars().iter().collect()).collect();
        Sieve::of(&words).may_have(&Folded::of(text), &mut Vec::new())
    }

    #[test]
    fn a_text_without_any_word_falls_through() {
        let words = ["赌博网站", "大麻", "哈哈", "历历史", "a b", "🔞", "C++"];
        for text in [
            "今天天气真好，我们去公园吧！！！好的，，谢谢😂👍👍",
            "哈",
            "赌气的人 博物馆",
            "",
            "ba",
            "历史，历史",
        ] {
            assert!(!may_have(&words, text), "{text}");
        }
        for text in
            ["赌-博。网站", "大大麻", "哈，哈", "哈哈哈", "历 历史", "ab", "🔞", "c++", "赌博\u{200b}网ⓐ站"]
        {
            assert!(may_have(&words, text), "{text}");
        }
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
