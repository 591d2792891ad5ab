//! Typed placeholders of a conversation: which person's datum each one stands for.
//!
//! The model reads `[PHONE_1]`, and the person who wrote the number gets it back in the answer. The map belongs into the state of the
//! conversation and to nobody else; its debug form has no datum.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::mask::{Style, Styles, ends_kept, hashed, replaced, stars};
use super::recogniser::Recogniser;
use super::restore::{Found, placeholders_in};
use super::value::normalised;

/// Most data that a conversation remembers.
pub const MOST_PLACEHOLDERS: usize = 256;
/// Most bytes of data and of writers' names that a conversation remembers.
pub const MOST_PLACEHOLDER_BYTES: usize = 32 * 1024;
/// How often a text is looked through: hiding one datum can show that its neighbour is one.
const ROUNDS: usize = 4;

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

/// How data are hidden: the styles of a direction, and the key of hashes.
#[derive(Clone, Copy)]
pub struct Masking<'a> {
    /// The style of each kind.
    pub styles: &'a Styles,
    /// The key of [`Style::Hash`].
    pub key: &'a [u8],
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
        let mut hidden = text.to_owned();
        for round in 0..ROUNDS {
            let found = recogniser.recognise(&hidden);
            if !found.iter().any(|datum| masking.styles.hides(datum.kind)) {
                break;
            }
            let last = round + 1 == ROUNDS;
            hidden = replaced(&hidden, &found, |kind, datum| match masking.styles.of(kind) {
                Style::Off => None,
                Style::Stars => Some(stars(datum)),
                Style::KeepEnds | Style::Hash | Style::Placeholder if last => Some(stars(datum)),
                Style::KeepEnds => Some(ends_kept(kind, datum)),
                Style::Hash => Some(hashed(kind, datum, masking.key)),
                Style::Placeholder => Some(self.placeholder(writer, kind, datum)),
            });
        }
        hidden
    }

    /// The text for a reader: placeholders for what this reader wrote are replaced by it, all others stay. Forms that models give a
    /// placeholder are understood: other case, brackets, width, spaces, line breaks, or no brackets.
    ///
    /// What is restored is seen by everybody who sees the text, so that a text for several people has no reader.
    pub fn restore(&self, reader: &str, text: &str) -> String {
        if self.entries.is_empty() {
            return text.to_owned();
        }
        let mut restored = String::with_capacity(text.len());
        let mut at = 0;
        for Found { word, number, span } in placeholders_in(text) {
            let known = self.entries.iter().find(|entry| {
                entry.number == number && entry.kind.placeholder() == word && entry.writer == reader
            });
            if let (Some(entry), Some(before)) = (known, text.get(at..span.start)) {
                restored.push_str(before);
                restored.push_str(&entry.datum);
                at = span.end;
            }
        }
        restored.push_str(text.get(at..).unwrap_or_default());
        restored
    }

    /// How many data are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets what a writer wrote.
    pub fn forget(&mut self, writer: &str) {
        self.entries.retain(|entry| entry.writer != writer);
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

impl fmt::Debug for Masking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masking").field("styles", self.styles).finish_non_exhaustive()
    }
}
