//! Where words may begin: most places of most texts are told from the first characters, without the list.

use crate::words::filter::{Filter, Key};

/// Characters from the beginning of a word that are told from others.
const TOLD: usize = 4;
/// Places that are looked at together.
const TOGETHER: usize = u64::BITS as usize;

/// How the words of a list begin. It may say yes where none begins, never no where one does.
#[derive(Debug)]
pub(crate) struct Beginnings {
    /// The first two characters of all words that have so many.
    two: Filter,
    /// Words of one character.
    singles: Filter,
    has_singles: bool,
    /// Words of two characters; words of three; the first four of longer ones.
    more: Filter,
}

impl Beginnings {
    /// How these words begin.
    pub(crate) fn of(words: &[String]) -> Self {
        let mut all = Self {
            two: Filter::with_room(words.len()),
            singles: Filter::with_room(1 << 10),
            has_singles: false,
            more: Filter::with_room(2 * words.len()),
        };
        for word in words {
            let mut chars = [char::default(); TOLD];
            let length = word.chars().zip(&mut chars).map(|(c, place)| *place = c).count();
            let key = Key::two(chars[0], chars[1]);
            match length {
                0 => continue,
                1 => {
                    all.singles.add(Key::one(chars[0]));
                    all.has_singles = true;
                    continue;
                }
                2 => all.more.add(key.whole()),
                3 => all.more.add(key.and(chars[2]).whole()),
                _ => all.more.add(key.and(chars[2]).and(chars[3])),
            }
            all.two.add(key);
        }
        all
    }

    /// Visits every place where a word may begin, in order, until the visitor has enough.
    pub(crate) fn each(&self, chars: &[char], mut visit: impl FnMut(usize) -> bool) {
        let mut from = 0;
        while from < chars.len() {
            let rest = chars.get(from..).unwrap_or_default();
            let mut may = self.may_begin(rest);
            while may != 0 {
                if visit(from + may.trailing_zeros() as usize) {
                    return;
                }
                may &= may - 1;
            }
            from += TOGETHER;
        }
    }

    /// A bit for each of the first places of a text. Nothing branches from place to place: what stands in a text cannot be foretold.
    fn may_begin(&self, chars: &[char]) -> u64 {
        let may = |two: &[char]| match two {
            [one, two] => self.two.has(Key::two(*one, *two)),
            _ => false,
        };
        let pairs = chars.windows(2).take(TOGETHER).enumerate();
        let found = pairs.fold(0, |all, (at, two)| all | u64::from(may(two)) << at);
        if !self.has_singles {
            return found;
        }
        let singles = chars.iter().take(TOGETHER).enumerate();
        singles.fold(found, |all, (at, one)| all | u64::from(self.may_be_single(*one)) << at)
    }

    /// How long the words may be that stand at the beginning of a text.
    pub(crate) fn lengths(&self, text: &[char]) -> Lengths {
        let mut lengths = Lengths::default();
        let [one, rest @ ..] = text else { return lengths };
        lengths.one = self.may_be_single(*one);
        let [two, rest @ ..] = rest else { return lengths };
        let key = Key::two(*one, *two);
        lengths.two = self.more.has(key.whole());
        let [three, rest @ ..] = rest else { return lengths };
        let key = key.and(*three);
        lengths.more = self.more.has(key.whole()) || rest.first().is_some_and(|c| self.more.has(key.and(*c)));
        lengths
    }

    fn may_be_single(&self, c: char) -> bool {
        self.has_singles && self.singles.has(Key::one(c))
    }
}

/// How long the words may be that begin at a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// One character.
    pub(crate) one: bool,
    /// Two.
    pub(crate) two: bool,
    /// Three or more.
    pub(crate) more: bool,
}
