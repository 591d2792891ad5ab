//! Keys of the topic `states`, written and read.
//!
//! A conversation's core stands under the conversation's text form. Everything else of it stands under that form and `|h|<lane>|<number>`
//! for a turn of history, `|w|<lane>|<number>` for a waiting message, `|a|<lane>|<number>` for an answer that may be taken back,
//! `|p||0` for what stands behind its placeholders, `|s|<start>|<number>` for a bucket of seen messages. A conversation holds no `|`, and a lane's name is escaped as a conversation's ids
//! are.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::ids::BadId;
use schemas::key::{escaped, unescaped};

/// Key of the control state; no conversation begins like this.
pub(crate) const CONTROL: &str = "@control";
/// Between the pieces of a key.
const SEPARATOR: char = '|';
const HISTORY: &str = "h";
const WAITING: &str = "w";
const ANSWER: &str = "a";
const PLACEHOLDERS: &str = "p";
const SEEN: &str = "s";

/// Names the state of one conversation. It has the conversation's text form at hand, and is compared by it.
#[derive(Clone)]
pub struct Key(Arc<Named>);

struct Named {
    text: Box<str>,
    conversation: Conversation,
}

impl Key {
    /// Reads a text form.
    ///
    /// # Errors
    /// [`BadId`] when it is no conversation's.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        Ok(Self(Arc::new(Named { text: text.into(), conversation: text.parse()? })))
    }

    /// The conversation.
    pub fn conversation(&self) -> &Conversation {
        &self.0.conversation
    }

    /// Its text form.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl From<Conversation> for Key {
    fn from(conversation: Conversation) -> Self {
        Self(Arc::new(Named { text: conversation.text().into(), conversation }))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.as_str()).finish()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

/// By the bytes of the text forms: timers that are due at one time fire in this order, so a log depends on it.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.text.cmp(&other.0.text)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Cuts the key of an entry into the conversation's text form and what follows it, which [`EntryKey::parse`] reads.
pub(crate) fn split(key: &str) -> (&str, &str) {
    key.split_at(key.find(SEPARATOR).unwrap_or(key.len()))
}

/// What follows the conversation in the key of an entry besides the core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryKey<'a> {
    /// A turn of history: its lane and its number.
    Turn(Cow<'a, str>, u64),
    /// A waiting message: its lane and its number.
    Waiting(Cow<'a, str>, u64),
    /// An answer that may be taken back: its lane and its number.
    Answer(Cow<'a, str>, u64),
    /// What stands behind the placeholders of the conversation.
    Placeholders,
    /// A bucket of seen messages: when it begins, and its number at that time.
    Seen(Millis, u32),
}

impl<'a> EntryKey<'a> {
    /// Reads what [`fmt::Display`] writes.
    pub(crate) fn parse(key: &'a str) -> Option<Self> {
        let mut pieces = key.strip_prefix(SEPARATOR)?.split(SEPARATOR);
        let (kind, place, number) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let read = match kind {
            HISTORY => Self::Turn(unescaped(place)?, number.parse().ok()?),
            WAITING => Self::Waiting(unescaped(place)?, number.parse().ok()?),
            ANSWER => Self::Answer(unescaped(place)?, number.parse().ok()?),
            PLACEHOLDERS if (place, number) == ("", "0") => Self::Placeholders,
            SEEN => Self::Seen(place.parse().ok()?, number.parse().ok()?),
            _ => return None,
        };
        pieces.next().is_none().then_some(read)
    }
}

impl fmt::Display for EntryKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn(lane, number) => write!(f, "|{HISTORY}|{}|{number:010}", escaped(lane)),
            Self::Waiting(lane, number) => write!(f, "|{WAITING}|{}|{number:010}", escaped(lane)),
            Self::Answer(lane, number) => write!(f, "|{ANSWER}|{}|{number:010}", escaped(lane)),
            Self::Placeholders => write!(f, "|{PLACEHOLDERS}||0"),
            Self::Seen(start, number) => write!(f, "|{SEEN}|{start:015}|{number:05}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (key, text) in [
            (EntryKey::Turn("".into(), 4), "|h||0000000004"),
            (EntryKey::Turn("a|b@c".into(), 4), "|h|a%7Cb%40c|0000000004"),
            (EntryKey::Waiting("alice".into(), 0), "|w|alice|0000000000"),
            (EntryKey::Answer("bob".into(), 3), "|a|bob|0000000003"),
            (EntryKey::Placeholders, "|p||0"),
            (EntryKey::Seen(1_750_000_000_000, 7), "|s|001750000000000|00007"),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(EntryKey::parse(text), Some(key));
        }
        for unknown in
            ["", "|", "h||1", "|x||1", "|h|1", "|h||a", "|h||1|2", "|p||1", "|p|a|0", "|s|a|1", "|h|a b|1"]
        {
            assert_eq!(EntryKey::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn keys_have_the_order_of_their_text_forms() {
        let (one, other) = (Key::parse("a#b/group/4").unwrap(), Key::parse("a#b/chatroom/9").unwrap());
        assert!(other < one, "as text, not as kinds of chat");
        assert_eq!(Key::from(one.conversation().clone()), one);
        assert_eq!(split("a#b/group/4|h||1"), ("a#b/group/4", "|h||1"));
    }
}
