//! Where words may begin: most places of most texts are told from the first characters, without the list.

use crate::words::filter::{Filter, Key};

/// How the words of a list begin. It may say yes where none begins, never no where one does.
#[derive(Debug)]
pub(crate) struct Beginnings {
    /// Words of one character.
    singles: Filter,
    has_singles: bool,
    /// Words of two characters.
    pairs: Filter,
    /// The first three characters of longer words.
    three: Filter,
    /// Words of three characters, and the first four of longer ones: what is asked where `three` says yes.
    four: Filter,
}

impl Beginnings {
    /// How these words begin.
    pub(crate) fn of(words: &[String]) -> Self {
        let of_length =
            |wanted: usize| words.iter().filter(move |word| word.chars().take(3).count() == wanted);
        let room = |length: usize| Filter::with_room(of_length(length).count());
        let mut all =
            Self { singles: room(1), has_singles: false, pairs: room(2), three: room(3), four: room(3) };
        for word in words {
            let mut chars = word.chars();
            match (chars.next(), chars.next(), chars.next()) {
                (Some(one), Some(two), Some(three)) => {
                    let key = Key::two(one, two).and(three);
                    all.three.add(key);
                    all.four.add(chars.next().map_or(key.whole(), |four| key.and(four)));
                }
                (Some(one), Some(two), None) => all.pairs.add(Key::two(one, two)),
                (Some(one), None, _) => {
                    all.singles.add(Key::one(one));
                    all.has_singles = true;
                }
                (None, ..) => {}
            }
        }
        all
    }

    /// The first place, from one on, where a word may begin.
    pub(crate) fn next(&self, chars: &[char], from: usize) -> Option<usize> {
        let rest = chars.get(from..)?;
        // Nothing branches between the filters: what stands in a text cannot be foretold.
        let may = |three: &[char]| match three {
            [one, two, three] => {
                let key = Key::two(*one, *two);
                self.pairs.has(key) | self.three.has(key.and(*three)) || self.may_be_single(*one)
            }
            _ => false,
        };
        let last = || {
            let from = rest.len().saturating_sub(2);
            (from..rest.len())
                .find(|at| (1..3).any(|length| self.may(rest.get(*at..).unwrap_or_default(), length)))
        };
        rest.windows(3).position(may).or_else(last).map(|at| from + at)
    }

    /// Whether a word may stand at the beginning of a text that is so long, or begins with so many characters when these are three.
    pub(crate) fn may(&self, text: &[char], length: usize) -> bool {
        match (length, text) {
            (1, [one, ..]) => self.may_be_single(*one),
            (2, [one, two, ..]) => self.pairs.has(Key::two(*one, *two)),
            (3, [one, two, three, rest @ ..]) => {
                let key = Key::two(*one, *two).and(*three);
                let longer = || rest.first().is_some_and(|four| self.four.has(key.and(*four)));
                self.three.has(key) && (self.four.has(key.whole()) || longer())
            }
            _ => false,
        }
    }

    fn may_be_single(&self, c: char) -> bool {
        self.has_singles && self.singles.has(Key::one(c))
    }
}
