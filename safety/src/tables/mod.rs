//! Facts about characters: how ideographs are read, what they are made of, and what a character looks like.
//!
//! Every table is about folded characters ([`crate::Folded`]). They are built by `safety/tables/build.py`, which names the source and the
//! licence of each, and parsed when they are first asked for.

mod components;
mod looks;
pub(crate) mod pages;
mod readings;
mod syllable;
#[cfg(test)]
mod tests;

pub use components::components;
pub use looks::{leet, lookalike, lookalikes};
pub(crate) use looks::{may_begin_written, written_lookalike};
pub use readings::{readings, word_readings};
pub use syllable::Syllable;

/// What kind of character a character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CharClass {
    /// An ideograph, 〇 and 々 among them.
    Ideograph,
    /// A letter of any script, or a mark that is part of a word; kana and Hangul too.
    Letter,
    /// A decimal digit.
    Digit,
    /// A character that looks blank or is not seen: spaces, line breaks, fillers, format characters.
    Blank,
    /// Punctuation, symbols, emoji and the rest.
    Other,
}

/// The class of a character.
pub fn class(c: char) -> CharClass {
    crate::fold::class(c)
}
