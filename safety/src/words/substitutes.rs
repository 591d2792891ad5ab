//! Which characters of words another character can stand for.

use std::collections::{BTreeMap, BTreeSet};

use crate::tables::{leet, lookalikes};
use crate::view::View;

/// Characters that stand for characters of words, by their looks or as leetspeak.
#[derive(Debug, Default)]
pub(crate) struct Substitutes {
    /// For each ASCII character what it can stand for.
    ascii: Vec<Vec<(char, View)>>,
    /// Characters of words by what they look like, themselves among it.
    by_look: BTreeMap<char, Vec<char>>,
    /// Characters of words that leetspeak may stand for.
    leet: BTreeSet<char>,
}

impl Substitutes {
    /// What can stand for these characters: `look` by their looks, `leet` as leetspeak.
    pub(crate) fn new(look: &BTreeSet<char>, leet: BTreeSet<char>) -> Self {
        let mut by_look: BTreeMap<char, Vec<char>> = BTreeMap::new();
        for c in look {
            for seen in looks(*c) {
                by_look.entry(seen).or_default().push(*c);
            }
        }
        let mut made = Self { ascii: Vec::new(), by_look, leet };
        if !made.is_empty() {
            made.ascii = ('\0'..='\x7f').map(|c| made.compute(c)).collect();
        }
        made
    }

    /// Whether nothing stands for anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_look.is_empty() && self.leet.is_empty()
    }

    /// What a character can stand for besides itself.
    pub(crate) fn each(&self, c: char, mut visit: impl FnMut(char, View)) {
        if self.is_empty() {
            return;
        }
        if c.is_ascii() {
            for (meant, view) in self.ascii.get(c as usize).into_iter().flatten() {
                visit(*meant, *view);
            }
        } else if !lookalikes(c).is_empty() || !leet(c).is_empty() || self.by_look.contains_key(&c) {
            for (meant, view) in self.compute(c) {
                visit(meant, view);
            }
        }
    }

    /// What characters of words a character stands for that looks like this one.
    pub(crate) fn looking(&self, look: char) -> impl Iterator<Item = char> {
        self.by_look.get(&look).into_iter().flatten().copied()
    }

    fn compute(&self, c: char) -> Vec<(char, View)> {
        let mut meant: Vec<(char, View)> = looks(c)
            .filter_map(|seen| self.by_look.get(&seen))
            .flatten()
            .map(|meant| (*meant, View::Lookalike))
            .chain(leet(c).iter().filter(|meant| self.leet.contains(meant)).map(|meant| (*meant, View::Leet)))
            .filter(|(meant, _)| *meant != c)
            .collect();
        meant.sort_unstable();
        meant.dedup();
        meant
    }
}

fn looks(c: char) -> impl Iterator<Item = char> {
    std::iter::once(c).chain(lookalikes(c).iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_letters_of_other_scripts_stand_for_letters_of_words() {
        let of = |c: char| {
            let made = Substitutes::new(&"pol".chars().collect(), ['a'].into());
            let mut all = Vec::new();
            made.each(c, |meant, view| all.push((meant, view)));
            all
        };
        assert_eq!(of('0'), [('o', View::Lookalike)]);
        assert_eq!(of('1'), [('l', View::Lookalike)]);
        assert_eq!(of('i'), [('l', View::Lookalike)]);
        assert_eq!(of('4'), [('a', View::Leet)]);
        assert!(of('o').is_empty() && of('z').is_empty());
    }
}
