//! The letters of syllables.

use std::collections::BTreeSet;

use crate::tables::Syllable;

const LETTERS: usize = 26;

/// A trie of the spellings of those syllables that occur in words.
#[derive(Debug)]
pub(crate) struct Spelling {
    nodes: Vec<SpellingNode>,
}

#[derive(Debug, Default, Clone)]
struct SpellingNode {
    next: [u16; LETTERS],
    syllables: Vec<Syllable>,
}

impl Spelling {
    /// The spellings of syllables: with `v` for ü, as in passports (`lyu`), and `lue` and `nue`, which mean nothing else.
    pub(crate) fn new(syllables: &BTreeSet<Syllable>) -> Self {
        let mut spelling = Self { nodes: vec![SpellingNode::default()] };
        for syllable in syllables {
            let written = syllable.as_str();
            spelling.add(written, *syllable);
            if written.starts_with("lv") || written.starts_with("nv") {
                spelling.add(&written.replace('v', "yu"), *syllable);
            }
            if let Some(with_u) = syllable.with_u().filter(|with_u| with_u.ends_with('e')) {
                spelling.add(with_u, *syllable);
            }
        }
        spelling
    }

    /// Whether there is nothing to spell.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.len() < 2
    }

    /// The node that follows one, 0 at first, by a letter.
    pub(crate) fn next(&self, node: u16, letter: char) -> Option<u16> {
        let next = self.nodes.get(usize::from(node))?.next.get(index(letter)?).copied()?;
        (next != 0).then_some(next)
    }

    /// The syllables that are whole at a node.
    pub(crate) fn whole(&self, node: u16) -> &[Syllable] {
        self.nodes.get(usize::from(node)).map_or(&[], |node| &node.syllables)
    }

    fn add(&mut self, written: &str, syllable: Syllable) {
        let mut node = 0_u16;
        for letter in written.chars() {
            node = match self.next(node, letter) {
                Some(next) => next,
                None => match self.grow(node, letter) {
                    Some(next) => next,
                    None => return,
                },
            };
        }
        if let Some(node) = self.nodes.get_mut(usize::from(node)) {
            node.syllables.push(syllable);
        }
    }

    fn grow(&mut self, node: u16, letter: char) -> Option<u16> {
        let fresh = u16::try_from(self.nodes.len()).ok()?;
        *self.nodes.get_mut(usize::from(node))?.next.get_mut(index(letter)?)? = fresh;
        self.nodes.push(SpellingNode::default());
        Some(fresh)
    }
}

fn index(letter: char) -> Option<usize> {
    letter.is_ascii_lowercase().then(|| letter as usize - 'a' as usize)
}
