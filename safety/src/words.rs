//! Looking for words: as they stand in the folded text, and through the views that rules ask for.
//!
//! [`sieve`] passes most texts over, and says of others where words may begin. [`plain`] looks up which words stand at such a place; of a whole text,
//! [`gate`] and [`beginnings`] tell most places without the list. The
//! views share a second pass: [`trie`] has the words as sequences of units, [`steps`] says which units a place of the text can stand for,
//! and [`walk`] follows the trie along them. So disguises combine without a case of their own for each combination. Words that only
//! separators and repeats can disguise are in a lexicon of their own: where the sieve cannot tell, it passes over all of a text but a few
//! [`stretches`]. [`initials`] looks at tokens. [`next_letter`] says of a hit, however long, whether it is made of signs alone. [`room`] says
//! how much of their buffers is kept.

pub(crate) mod beginnings;
pub(crate) mod border;
pub(crate) mod filter;
pub(crate) mod gaps;
pub(crate) mod gate;
pub(crate) mod initials;
pub(crate) mod lexicon;
pub(crate) mod marks;
pub(crate) mod neighbours;
pub(crate) mod next_letter;
pub(crate) mod plain;
pub(crate) mod repeats;
pub(crate) mod room;
pub(crate) mod segment;
pub(crate) mod sieve;
pub(crate) mod spelling;
pub(crate) mod splits;
pub(crate) mod steps;
pub(crate) mod stretches;
pub(crate) mod substitutes;
pub(crate) mod trie;
pub(crate) mod unit;
pub(crate) mod visited;
pub(crate) mod walk;

use crate::view::Views;
use crate::words::marks::Marks;

/// The text of a word that stands somewhere in the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Place of the first character.
    pub(crate) start: u32,
    /// Place after the last one.
    pub(crate) end: u32,
    /// Which of the folded texts of all words.
    pub(crate) text: u32,
    /// Through which views it is seen.
    pub(crate) views: Views,
}

/// A folded text with the marks of its characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) chars: &'a [char],
    pub(crate) marks: &'a Marks,
}
