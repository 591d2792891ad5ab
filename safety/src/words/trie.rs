//! Words as sequences of units, in one trie.

use crate::words::unit::Unit;

/// The root.
pub(crate) const ROOT: u32 = 0;
/// Marks the number of a node at which a word ends.
const ENDS: u32 = 1 << 31;

/// A trie over sequences of units. Its edges are in one hash table; a filter of pairs says cheaply that no word begins with two units.
#[derive(Debug)]
pub(crate) struct Trie {
    edges: Edges,
    pairs: Filter,
    units: Filter,
    /// Words by the node at which they end, sorted.
    ends: Vec<(u32, u32)>,
    nodes: u32,
    /// Whether a word is one unit long.
    has_singles: bool,
}

/// A node, and whether a word ends there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node(u32);

impl Node {
    /// Whether a word ends here.
    pub(crate) const fn ends(self) -> bool {
        self.0 & ENDS != 0
    }

    /// Its number, which no other node has.
    pub(crate) const fn number(self) -> u32 {
        self.0 & !ENDS
    }
}

impl Trie {
    /// A trie of sequences, each with the number of its word.
    pub(crate) fn new(sequences: &[(Vec<Unit>, u32)]) -> Self {
        let total = sequences.iter().map(|(units, _)| units.len()).sum::<usize>();
        let mut trie = Self {
            edges: Edges::with_room(total),
            pairs: Filter::with_room(sequences.len() * 16),
            units: Filter(vec![0; 1 << (Unit::BITS - 6)]),
            ends: Vec::with_capacity(sequences.len()),
            nodes: 0,
            has_singles: false,
        };
        for (units, word) in sequences {
            trie.add(units, *word);
        }
        trie.ends.sort_unstable();
        trie.ends.dedup();
        trie
    }

    fn add(&mut self, units: &[Unit], word: u32) {
        let Some(last) = units.len().checked_sub(1) else { return };
        let mut node = ROOT;
        for (at, unit) in units.iter().enumerate() {
            self.units.add(unit.number());
            let place = self.edges.place(key(node, *unit));
            let mut child = self.edges.value(place);
            if child == 0 {
                self.nodes += 1;
                child = self.nodes;
            }
            if at == last {
                child |= ENDS;
            }
            self.edges.set(place, key(node, *unit), child);
            node = child & !ENDS;
        }
        self.ends.push((node, word));
        match units {
            [_] => self.has_singles = true,
            [first, second, ..] => self.pairs.add(pair(*first, *second)),
            [] => {}
        }
    }

    /// Whether any word has this unit.
    pub(crate) fn has_unit(&self, unit: Unit) -> bool {
        self.units.has(unit.number())
    }

    /// Whether a word may begin with these units.
    pub(crate) fn may_begin(&self, first: Unit, second: Unit) -> bool {
        self.pairs.has(pair(first, second))
    }

    /// Whether there are words of one unit.
    pub(crate) const fn has_singles(&self) -> bool {
        self.has_singles
    }

    /// The node of the first unit.
    pub(crate) fn first(&self, unit: Unit) -> Option<Node> {
        self.edges.get(key(ROOT, unit)).map(Node)
    }

    /// The node that follows.
    pub(crate) fn next(&self, node: Node, unit: Unit) -> Option<Node> {
        self.edges.get(key(node.number(), unit)).map(Node)
    }

    /// The words that end at a node.
    pub(crate) fn ending(&self, node: Node) -> impl Iterator<Item = u32> {
        let from = self.ends.partition_point(|(at, _)| *at < node.number());
        let here = move |end: &&(u32, u32)| end.0 == node.number();
        self.ends.get(from..).unwrap_or_default().iter().take_while(here).map(|(_, word)| *word)
    }
}

/// Never zero, which marks an empty place.
fn key(node: u32, unit: Unit) -> u64 {
    ((u64::from(node) << Unit::BITS) | u64::from(unit.number())) + 1
}

fn pair(first: Unit, second: Unit) -> u32 {
    let both = (u64::from(first.number()) << 32) | u64::from(second.number());
    (spread(both) >> 32) as u32
}

/// Spreads keys over the table (Fibonacci hashing, one more round for the low bits).
const fn spread(key: u64) -> u64 {
    let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (key ^ (key >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Edges by key, open addressing.
#[derive(Debug)]
struct Edges {
    places: Vec<(u64, u32)>,
}

impl Edges {
    fn with_room(edges: usize) -> Self {
        Self { places: vec![(0, 0); (edges * 2).next_power_of_two().max(16)] }
    }

    /// Where a key is or goes. There is always room: the table has twice as many places as there are edges.
    fn place(&self, key: u64) -> usize {
        let mask = self.places.len() - 1;
        let mut place = (spread(key) >> 20) as usize & mask;
        while self.places.get(place).is_some_and(|(there, _)| *there != 0 && *there != key) {
            place = (place + 1) & mask;
        }
        place
    }

    fn value(&self, place: usize) -> u32 {
        self.places.get(place).map_or(0, |(_, value)| *value)
    }

    fn set(&mut self, place: usize, key: u64, value: u32) {
        if let Some(free) = self.places.get_mut(place) {
            *free = (key, free.1 & ENDS | value);
        }
    }

    fn get(&self, key: u64) -> Option<u32> {
        Some(self.value(self.place(key))).filter(|value| *value != 0)
    }
}

/// A set of numbers that may say yes too often, never no.
#[derive(Debug)]
struct Filter(Vec<u64>);

impl Filter {
    fn with_room(bits: usize) -> Self {
        Self(vec![0; (bits / 64).next_power_of_two().clamp(16, 1 << 18)])
    }

    fn add(&mut self, number: u32) {
        let place = self.place(number);
        if let Some(word) = self.0.get_mut(place) {
            *word |= 1 << (number % 64);
        }
    }

    fn has(&self, number: u32) -> bool {
        self.0.get(self.place(number)).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    fn place(&self, number: u32) -> usize {
        (number / 64) as usize & (self.0.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<Unit> {
        text.chars().map(Unit::character).collect()
    }

    #[test]
    fn words_are_found_by_their_units_and_nothing_else_is() {
        let trie = Trie::new(&[(units("ab"), 1), (units("abc"), 2), (units("ab"), 3), (units("x"), 4)]);
        let b = trie.first(Unit::character('a')).and_then(|a| trie.next(a, Unit::character('b'))).unwrap();
        assert!(b.ends() && !trie.first(Unit::character('a')).unwrap().ends());
        assert_eq!(trie.ending(b).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(trie.next(b, Unit::character('x')), None);
        assert!(trie.may_begin(Unit::character('a'), Unit::character('b')) && trie.has_singles());
        assert!(trie.has_unit(Unit::character('c')) && !trie.has_unit(Unit::character('d')));
    }
}
