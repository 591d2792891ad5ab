//! Ideographs of words by their two parts.

use std::collections::BTreeSet;

use crate::tables::components;

/// Which ideographs of words two characters are the parts of.
#[derive(Debug, Default)]
pub(crate) struct Splits {
    /// Left part, right part, whole; sorted.
    all: Vec<(char, char, char)>,
    /// A bit for each left part, by the low bits of its number.
    lefts: Vec<u64>,
}

const BITS: usize = 1 << 12;

impl Splits {
    /// The parts of these ideographs.
    pub(crate) fn new(wholes: &BTreeSet<char>) -> Self {
        let parts = |whole: &char| {
            components(*whole).iter().map(|(left, right)| (*left, *right, *whole)).collect::<Vec<_>>()
        };
        let mut all: Vec<(char, char, char)> = wholes.iter().flat_map(parts).collect();
        all.sort_unstable();
        all.dedup();
        let mut lefts = if all.is_empty() { Vec::new() } else { vec![0; BITS / 64] };
        for (left, _, _) in &all {
            if let Some(word) = lefts.get_mut(bit(*left) / 64) {
                *word |= 1_u64 << (bit(*left) % 64);
            }
        }
        Self { all, lefts }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a character may be a left part.
    pub(crate) fn begins(&self, c: char) -> bool {
        self.lefts.get(bit(c) / 64).is_some_and(|word| word & (1 << (bit(c) % 64)) != 0)
    }

    /// The ideographs that have these parts.
    pub(crate) fn wholes(&self, left: char, right: char) -> impl Iterator<Item = char> {
        let from = self.all.partition_point(|(l, r, _)| (*l, *r) < (left, right));
        let these = move |parts: &&(char, char, char)| (parts.0, parts.1) == (left, right);
        self.all.get(from..).unwrap_or_default().iter().take_while(these).map(|(_, _, whole)| *whole)
    }
}

fn bit(c: char) -> usize {
    c as usize % BITS
}
