//! Which characters stand beside each other in words, so that separators and repeats of a text can be passed over between
//! characters of which no word has one behind the other.

use crate::view::{View, Views};
use crate::words::filter::{Filter, Key};

/// The neighbours in all words of a list.
#[derive(Debug)]
pub(crate) struct Neighbours {
    /// Two of a word.
    two: Filter,
    /// Its first two and its last two in this role; three of it; the words of one character.
    more: Filter,
    chars: Filter,
    views: Views,
}

/// What stands on the far side of two characters.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Beside {
    /// Nothing: the text ends there.
    Nothing,
    /// This character, directly.
    Character(char),
    /// What may be passed over.
    Unknown,
}

/// Two characters of a text with something to be passed over between them, and what stands around.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossing {
    pub(crate) before: Beside,
    pub(crate) one: char,
    pub(crate) two: char,
    pub(crate) behind: Beside,
}

impl Neighbours {
    /// Those of words, each with the views that it is looked for through.
    pub(crate) fn of(words: &[(Views, Box<[char]>)]) -> Self {
        let words = || words.iter().filter(|(views, _)| !views.is_empty()).map(|(_, chars)| chars);
        let count: usize = words().map(|chars| chars.len()).sum();
        let mut all = Self {
            two: Filter::with_room(count / 2),
            more: Filter::with_room(count),
            chars: Filter::with_room(1 << 12),
            views: Views::NONE,
        };
        for chars in words() {
            all.add(chars);
        }
        all
    }

    /// The same for words through these views.
    pub(crate) fn through(self, views: Views) -> Self {
        Self { views, ..self }
    }

    fn add(&mut self, chars: &[char]) {
        for c in chars {
            self.chars.add(Key::one(*c));
        }
        if let [only] = chars {
            self.more.add(Key::one(*only));
        }
        let last = chars.len().saturating_sub(2);
        for (at, two) in chars.windows(2).enumerate() {
            let [one, two] = *two else { continue };
            let key = Key::two(one, two);
            self.two.add(key);
            if at == 0 {
                self.more.add(key.at_beginning());
            }
            if at == last {
                self.more.add(key.at_end());
            }
            if let Some(three) = chars.get(at + 2) {
                self.more.add(key.and(*three));
            }
        }
    }

    /// Whether repeated characters are passed over.
    pub(crate) fn has_repeats(&self) -> bool {
        self.views.has(View::Repeats)
    }

    /// Whether a word may have this character.
    pub(crate) fn has(&self, c: char) -> bool {
        self.chars.has(Key::one(c))
    }

    /// Whether a word may be this character alone.
    pub(crate) fn is_single(&self, c: char) -> bool {
        self.more.has(Key::one(c))
    }

    /// Whether a word may have these two, one behind the other.
    pub(crate) fn follow(&self, one: char, two: char) -> bool {
        self.two.has(Key::two(one, two))
    }

    /// Whether a word may end with these two.
    pub(crate) fn end(&self, one: char, two: char) -> bool {
        self.more.has(Key::two(one, two).at_end())
    }

    /// Whether a word may have the two characters of a crossing one behind the other.
    pub(crate) fn cross(&self, crossing: Crossing) -> bool {
        let Crossing { before, one, two, behind } = crossing;
        let key = Key::two(one, two);
        let begins = || self.more.has(key.at_beginning());
        let ends = || self.more.has(key.at_end());
        self.two.has(key)
            && match before {
                Beside::Unknown => true,
                Beside::Nothing => begins(),
                Beside::Character(c) => self.more.has(Key::two(c, one).and(two)) || begins(),
            }
            && match behind {
                Beside::Unknown => true,
                Beside::Nothing => ends(),
                Beside::Character(c) => self.more.has(key.and(c)) || ends(),
            }
    }
}
