//! Typed placeholders of a conversation: which person's datum each one stands for.
//!
//! The model reads `[PHONE_1]`, and the person who wrote the number gets it back in the answer. The map belongs into the state of the
//! conversation and to nobody else; its debug form has no datum.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::mask::{Masking, hidden_with};
use super::recogniser::Recogniser;
use super::restore::{Found, Restored, names_in, placeholders_in};
use super::value::normalised;

/// Most data that a conversation remembers.
pub const MOST_PLACEHOLDERS: usize = 256;
/// Most bytes of data and of writers' names that a conversation remembers.
pub const MOST_PLACEHOLDER_BYTES: usize = 32 * 1024;
/// Most bytes that restoring puts into one text; what goes beyond is not given back. A long datum that is named again and again would
/// make a text of any size.
const MOST_RESTORED_BYTES: usize = 64 * 1024;

/// The placeholders of a conversation. Whoever is longest not written again is forgotten first; a number is never given twice.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placeholders {
    entries: Vec<Entry>,
    /// The last number given for each word.
    given: BTreeMap<String, u64>,
}

/// A datum that stands behind a placeholder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Entry {
    writer: String,
    kind: Kind,
    number: u64,
    /// As its writer wrote it first.
    datum: String,
    /// The same in one form, by which it is found when it is written otherwise.
    value: String,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.writer.len() + self.datum.len() + self.value.len()
    }
}

impl Placeholders {
    /// The text of a writer with its personal data hidden. The same datum of the same writer has the same placeholder as before.
    pub fn hide(
        &mut self,
        recogniser: &mut Recogniser,
        writer: &str,
        text: &str,
        masking: Masking<'_>,
    ) -> String {
        let hidden =
            hidden_with(recogniser, text, masking, |kind, datum| self.placeholder(writer, kind, datum));
        hidden.unwrap_or_else(|| text.to_owned())
    }

    /// The text for a reader: placeholders for what this reader wrote are replaced by it. Others that were given in this conversation, to
    /// another writer or to what is forgotten, are replaced by their word: `[PHONE]`. What looks like a placeholder and never was one
    /// stays. Forms that models give a placeholder are understood: other case, brackets, width, spaces, line breaks, or no brackets.
    ///
    /// What is restored is seen by everybody who sees the text, so that a text for several people has no reader.
    pub fn restored(&self, reader: Option<&str>, text: &str) -> Restored {
        let mut restored = Restored::default();
        let (mut at, mut room) = (0, MOST_RESTORED_BYTES);
        let found = if self.given.is_empty() { Vec::new() } else { placeholders_in(text) };
        for Found { word, number, span } in found {
            if self.given.get(word).is_none_or(|given| number > *given) {
                continue;
            }
            restored.text.push_str(text.get(at..span.start).unwrap_or_default());
            at = span.end;
            let datum = self.datum(reader, word, number).filter(|datum| datum.len() <= room);
            room -= datum.map_or(0, str::len);
            restored.put(span, datum, word);
        }
        restored.text.push_str(text.get(at..).unwrap_or_default());
        restored
    }

    fn datum(&self, reader: Option<&str>, word: &str, number: u64) -> Option<&str> {
        let is_it = |entry: &&Entry| {
            entry.number == number
                && entry.kind.placeholder() == word
                && reader == Some(entry.writer.as_str())
        };
        self.entries.iter().find(is_it).map(|entry| entry.datum.as_str())
    }

    /// Forgets what none of these texts names by its placeholder, as [`Self::hide`] wrote it.
    pub fn keep_named<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        let named: BTreeSet<(&str, u64)> = texts.into_iter().flat_map(names_in).collect();
        self.entries.retain(|entry| named.contains(&(entry.kind.placeholder(), entry.number)));
    }

    /// How many data are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn placeholder(&mut self, writer: &str, kind: Kind, datum: &str) -> String {
        let value = normalised(kind, datum);
        let same = |entry: &Entry| entry.kind == kind && entry.writer == writer && entry.value == value;
        let known = self.entries.iter().position(same);
        let number = match known {
            Some(place) => {
                let entry = self.entries.remove(place);
                let number = entry.number;
                self.entries.push(entry);
                number
            }
            None => self.remember(writer, kind, datum, value),
        };
        format!("[{}_{number}]", kind.placeholder())
    }

    fn remember(&mut self, writer: &str, kind: Kind, datum: &str, value: String) -> u64 {
        let given = self.given.entry(kind.placeholder().to_owned()).or_default();
        *given = given.saturating_add(1);
        let number = *given;
        self.entries.push(Entry { writer: writer.to_owned(), kind, number, datum: datum.to_owned(), value });
        let mut bytes: usize = self.entries.iter().map(Entry::bytes).sum();
        let mut surplus = 0;
        for entry in &self.entries {
            if bytes <= MOST_PLACEHOLDER_BYTES && self.entries.len() - surplus <= MOST_PLACEHOLDERS {
                break;
            }
            bytes -= entry.bytes();
            surplus += 1;
        }
        self.entries.drain(..surplus);
        number
    }
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placeholders").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}
