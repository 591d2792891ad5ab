//! What one would build from libraries: text normalised to NFKC and lower case by iterators, then one automaton of all words.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use anyhow::{Context, Result};
use unicode_normalization::UnicodeNormalization;

/// It finds words as they are, in any width and case: no traditional characters, no views.
pub(super) struct Peer {
    automaton: AhoCorasick,
    text: String,
}

impl Peer {
    /// A peer that looks for these words.
    ///
    /// # Errors
    /// When they do not fit into one automaton.
    pub(super) fn new(words: &[String]) -> Result<Self> {
        let words = words.iter().map(|word| normalised(word).collect::<String>());
        let mut automaton = AhoCorasick::builder();
        let automaton = automaton.kind(Some(AhoCorasickKind::ContiguousNFA)).build(words);
        Ok(Self { automaton: automaton.context("building the peer's automaton")?, text: String::new() })
    }

    /// How many words a text has; the buffer is kept from text to text.
    pub(super) fn hits(&mut self, text: &str) -> usize {
        self.text.clear();
        self.text.extend(normalised(text));
        self.automaton.find_overlapping_iter(&self.text).count()
    }

    /// Bytes of its automaton.
    pub(super) fn memory(&self) -> usize {
        self.automaton.memory_usage()
    }
}

fn normalised(text: &str) -> impl Iterator<Item = char> {
    text.nfkc().flat_map(char::to_lowercase)
}
