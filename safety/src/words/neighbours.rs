//! Which characters stand beside each other in words, so that separators and repeats of a text can be passed over between
//! characters of which no word has one behind the other.

use crate::view::{View, Views};
use crate::words::filter::{Filter, Key};

/// The neighbours in all words of a list.
#[derive(Debug)]
pub(crate) struct Neighbours {
    /// Two of a word.
    two: Filter,
    /// Words of one character, once or several times, and of two; the first two or three of longer ones, the last two or three, any four.
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
            more: Filter::with_room(4 * words().count() + count),
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
        if let [first, rest @ ..] = chars
            && rest.iter().all(|c| c == first)
        {
            self.more.add(Key::one(*first));
        }
        for two in chars.windows(2) {
            self.two.extend(key(two));
        }
        self.more.extend(key(chars).filter(|_| chars.len() == 2).map(Key::whole));
        for length in 2..4 {
            self.more.extend(chars.get(..length).and_then(key).map(Key::at_beginning));
            let last = chars.len().checked_sub(length).and_then(|from| chars.get(from..));
            self.more.extend(last.and_then(key).map(Key::at_end));
        }
        for four in chars.windows(4) {
            self.more.extend(key(four));
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

    /// Whether a word may be this character alone, once or several times.
    pub(crate) fn is_run(&self, c: char) -> bool {
        self.more.has(Key::one(c))
    }

    /// Whether a word may have these two, one behind the other.
    pub(crate) fn follow(&self, one: char, two: char) -> bool {
        self.two.has(Key::two(one, two))
    }

    /// Whether a word may end with these two, before which the other stands.
    pub(crate) fn end(&self, before: Beside, one: char, two: char) -> bool {
        self.cross(Crossing { before, one, two, behind: Beside::Nothing })
    }

    /// Whether a word may have the two characters of a crossing one behind the other.
    pub(crate) fn cross(&self, crossing: Crossing) -> bool {
        use Beside::{Character, Nothing, Unknown};
        let Crossing { before, one, two, behind } = crossing;
        let key = Key::two(one, two);
        if !self.two.has(key) {
            return false;
        }
        let whole = || self.more.has(key.whole());
        let begins = |next: char| self.more.has(key.and(next).at_beginning());
        let ends = |before: char| self.more.has(Key::two(before, one).and(two).at_end());
        match (before, behind) {
            (Unknown, Unknown) => true,
            (Unknown, Nothing) => self.more.has(key.at_end()),
            (Nothing, Unknown) => self.more.has(key.at_beginning()),
            // Of three in the middle of a word nothing is kept.
            (Unknown, Character(_)) | (Character(_), Unknown) => true,
            (Nothing, Nothing) => whole(),
            (Nothing, Character(next)) => whole() || begins(next),
            (Character(before), Nothing) => whole() || ends(before),
            (Character(before), Character(next)) => {
                let within = || self.more.has(Key::two(before, one).and(two).and(next));
                whole() || begins(next) || ends(before) || within()
            }
        }
    }
}

/// The key of two characters or more.
fn key(chars: &[char]) -> Option<Key> {
    let [one, two, rest @ ..] = chars else { return None };
    Some(rest.iter().fold(Key::two(*one, *two), |key, c| key.and(*c)))
}
