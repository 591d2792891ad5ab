//! What a word is made of when it is looked for through views.

use crate::tables::Syllable;

/// One unit of a word: a folded character, or the syllable of an ideograph whose sound counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Unit(u32);

/// Syllables stand behind all characters.
const SYLLABLES: u32 = char::MAX as u32 + 1;

impl Unit {
    /// How many bits a unit has.
    pub(crate) const BITS: u32 = 21;

    /// A character.
    pub(crate) const fn character(c: char) -> Self {
        Self(c as u32)
    }

    /// A syllable.
    pub(crate) fn syllable(syllable: Syllable) -> Self {
        Self(SYLLABLES + u32::from(syllable.index()))
    }

    /// Its number, below 2 to the power of [`Self::BITS`].
    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}
