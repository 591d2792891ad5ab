//! How far an engine looks.

use crate::rule::Border;
use crate::stream::UNBOUNDED_REACH;
use crate::view::{View, Views};

/// Characters of one separator: an emoji of several code points counts once.
const SEPARATOR: usize = 12;
/// Separators between two characters.
const SEPARATORS: usize = 3;
/// Letters of the longest syllable, and its tone.
const SYLLABLE: usize = 7;
/// Characters that a segmentation and the words around a number may look at.
const SURROUNDINGS: usize = 32;
/// Characters of the longest personal data with its words around: addresses and keys.
pub(super) const DETECTOR: usize = 256;

/// The longest reach of all words of an engine, in characters.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Reach(usize);

impl Reach {
    /// Adds a word of so many characters.
    pub(super) fn word(&mut self, length: usize, views: Views, border: Border) {
        let letters = if views.has(View::Pinyin) {
            SYLLABLE
        } else if views.has(View::Split) {
            2
        } else {
            1
        };
        let between = if views.has(View::Separators) { SEPARATORS * SEPARATOR } else { 0 };
        let repeats = if views.has(View::Repeats) { 2 } else { 1 };
        let border = if border == Border::Seg { SURROUNDINGS } else { 2 };
        self.add((length * letters * (1 + between) * repeats).min(UNBOUNDED_REACH.max(length)) + border);
    }

    /// Adds something that looks so far.
    pub(super) fn add(&mut self, characters: usize) {
        self.0 = self.0.max(characters);
    }

    /// It in characters, at least one.
    pub(super) fn characters(self) -> usize {
        self.0.max(1)
    }
}
