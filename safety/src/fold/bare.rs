//! What is left of a text without its separators and repeats, folded straight from the source: no more is needed to pass a text over.

use super::table::{self, Fate};
use super::{is_said, table::Table};

/// The folded characters of a text without those that are no letter, ideograph or digit, and with each run of equal ones as one.
///
/// Where anything stands in the source is not kept, and no buffer is made ready for a text: they only grow, and what a text before
/// left in them is written over.
#[derive(Debug, Default)]
pub(crate) struct Bare {
    left: Vec<char>,
    count: usize,
    repeated: Vec<char>,
    repeats: usize,
}

impl Bare {
    /// Takes another text. Tells whether the fold can be relied on: no letter, ideograph or digit is a sign in the source, too, or has
    /// something behind it that falls away. Otherwise what is left is not all.
    pub(crate) fn refill(&mut self, text: &str) -> bool {
        // A character has a byte at least; the last place is written to and never kept.
        let room = text.len() + 1;
        if self.left.len() < room {
            self.left.resize(room, char::default());
            self.repeated.resize(room, char::default());
        }
        let table = table::table();
        let (left, repeated) = (self.left.as_mut_slice(), self.repeated.as_mut_slice());
        let (mut count, mut repeats) = (0, 0);
        let (mut last, mut before) = (char::default(), char::default());
        for c in text.chars() {
            let entry = table.entry(c);
            if entry >= table::CERTAIN {
                match what_is_not_plain(table, c, entry, before) {
                    Some(now) => before = now,
                    None => return false,
                }
                continue;
            }
            let folded = table::plain(c, entry);
            before = folded;
            // Nothing branches: what is not kept is written over by the next one.
            let (said, repeat) = (!table::is_sign(entry), folded == last);
            if let (Some(place), Some(again)) = (left.get_mut(count), repeated.get_mut(repeats)) {
                (*place, *again) = (folded, folded);
            }
            count += usize::from(said & !repeat);
            repeats += usize::from(said & repeat);
            last = if said { folded } else { last };
        }
        (self.count, self.repeats) = (count, repeats);
        true
    }

    /// The characters that are left.
    pub(crate) fn chars(&self) -> &[char] {
        self.left.get(..self.count).unwrap_or_default()
    }

    /// Puts those that follow themselves in order.
    pub(crate) fn sort_repeated(&mut self) {
        self.repeated.get_mut(..self.repeats).unwrap_or_default().sort_unstable();
    }

    /// Those that follow themselves, once for each time.
    pub(crate) fn repeated(&self) -> &[char] {
        self.repeated.get(..self.repeats).unwrap_or_default()
    }
}

/// The folded character that is the last one behind a character that is not plain, `before` which it was another one or none; `None`
/// when more comes of it than signs, or more is to be said of a letter, ideograph or digit before it.
#[cold]
fn what_is_not_plain(table: &'static Table, c: char, entry: u32, before: char) -> Option<char> {
    match table.fate(c, entry) {
        Fate::Several([]) | Fate::Mark(_) => (!is_said(before)).then_some(before),
        Fate::Several(all) => all.last().filter(|_| !all.iter().any(|c| is_said(*c))).copied(),
        Fate::One(_) | Fate::Joins(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::Folded;

    /// The same by way of the fold.
    fn expected(text: &str) -> (Vec<char>, Vec<char>) {
        let said: Vec<char> = Folded::of(text).chars().iter().copied().filter(|c| is_said(*c)).collect();
        let repeated = said.array_windows().filter(|[one, two]| one == two).map(|[_, two]| *two).collect();
        let mut left = said;
        left.dedup();
        (left, repeated)
    }

    #[test]
    fn signs_and_repeats_are_left_out() {
        let mut bare = Bare::default();
        for (text, left, repeated) in [
            ("賭，博……ＢＢ-b！", "赌博b", "bb"),
            ("❤\u{fe0f}爸 爸👨\u{200d}👩", "爸", "爸"),
            ("", "", ""),
            ("，。", "", ""),
        ] {
            assert!(bare.refill(text), "{text}");
            let both = (bare.chars().iter().collect::<String>(), bare.repeated().iter().collect::<String>());
            assert_eq!(both, (left.to_owned(), repeated.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_sign_and_a_letter_is_told() {
        let mut bare = Bare::default();
        for text in ["a™", "①", "㎏", "赌\u{200b}博", "1\u{fe0f}\u{20e3}", "か\u{3099}", "e\u{301}", "🇨🇳"]
        {
            assert!(!bare.refill(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(mangle::cases(2_000))]

        #[test]
        fn it_is_what_the_fold_leaves(texts in prop::collection::vec(mangle::unicode(), 1..4)) {
            let mut bare = Bare::default();
            for text in texts {
                if bare.refill(&text) {
                    prop_assert_eq!((bare.chars().to_vec(), bare.repeated().to_vec()), expected(&text), "{}", text);
                }
            }
        }
    }
}
