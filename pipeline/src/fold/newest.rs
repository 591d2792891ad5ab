//! The newest entry of every key of one partition of the state topic.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;
use hashbrown::hash_table::{Entry as Place, HashTable};

use super::Entry;

/// Bytes of a block; an entry that is larger has one of its own.
const BLOCK: usize = 4 << 20;
/// Block of an entry that a tombstone removed.
const NOWHERE: usize = usize::MAX;

/// Newest entries, in the order of their first versions: what was written together stays together. Every version is
/// copied once, to the end of a block; blocks are kept for the next partition.
#[derive(Default)]
pub(super) struct Newest {
    hasher: DefaultHashBuilder,
    /// Where an entry is in `slots`.
    index: HashTable<usize>,
    slots: Vec<Slot>,
    blocks: Blocks,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u64,
    block: usize,
    start: usize,
    key: usize,
    value: usize,
}

impl Newest {
    pub(super) fn take(&mut self, key: &[u8], value: Option<&[u8]>) {
        let hash = self.hasher.hash_one(key);
        let (slots, blocks) = (&self.slots, &self.blocks);
        let place = self.index.entry(hash, |at| slots[*at].is(blocks, hash, key), |at| slots[*at].hash);
        match (place, value) {
            (Place::Occupied(place), Some(value)) => {
                self.slots[*place.get()] = self.blocks.put(hash, (key, value));
            }
            (Place::Occupied(place), None) => self.slots[place.remove().0].block = NOWHERE,
            (Place::Vacant(place), Some(value)) => {
                place.insert(self.slots.len());
                self.slots.push(self.blocks.put(hash, (key, value)));
            }
            (Place::Vacant(_), None) => {}
        }
    }

    /// Removes one entry and returns its value.
    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let hash = self.hasher.hash_one(key);
        let found = self.index.find(hash, |at| self.slots[*at].is(&self.blocks, hash, key))?;
        let value = self.blocks.entry(&self.slots[*found])?.1.to_vec();
        self.take(key, None);
        Some(value)
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().filter_map(|slot| self.blocks.entry(slot))
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.index.clear();
        self.slots.clear();
        self.blocks.clear();
    }
}

impl Slot {
    fn is(&self, blocks: &Blocks, hash: u64, key: &[u8]) -> bool {
        self.hash == hash && blocks.entry(self).is_some_and(|(found, _)| found == key)
    }
}

#[derive(Default)]
struct Blocks {
    blocks: Vec<Vec<u8>>,
    /// Index of the block that is being filled.
    at: usize,
}

impl Blocks {
    fn put(&mut self, hash: u64, (key, value): Entry<'_>) -> Slot {
        let size = key.len() + value.len();
        while self.blocks.get(self.at).is_some_and(|block| block.capacity() - block.len() < size) {
            self.at += 1;
        }
        if self.at == self.blocks.len() {
            self.blocks.push(Vec::with_capacity(size.max(BLOCK)));
        }
        let block = &mut self.blocks[self.at];
        let start = block.len();
        block.extend_from_slice(key);
        block.extend_from_slice(value);
        Slot { hash, block: self.at, start, key: key.len(), value: value.len() }
    }

    fn entry(&self, slot: &Slot) -> Option<Entry<'_>> {
        let bytes = self.blocks.get(slot.block)?.get(slot.start..)?.get(..slot.key + slot.value)?;
        Some(bytes.split_at(slot.key))
    }

    fn clear(&mut self) {
        self.blocks.iter_mut().for_each(Vec::clear);
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_newest_version_of_each_entry_is_kept_and_a_tombstone_forgets() {
        let mut newest = Newest::default();
        for round in 0..2 {
            let stamp: Option<&[u8]> = Some(b"inc");
            for (key, value) in [
                (b"@inc".as_slice(), stamp),
                (b"b", Some(b"1")),
                (b"a", Some(b"1")),
                (b"c", Some(b"1")),
                (b"b", Some(b"22")),
                (b"c", None),
                (b"gone", None),
            ] {
                newest.take(key, value);
            }
            assert_eq!(newest.remove(b"@inc").as_deref(), stamp, "round {round}");
            assert_eq!(newest.remove(b"@inc"), None);
            let entries: Vec<Entry<'_>> = newest.entries().collect();
            assert_eq!(entries, [(b"b".as_slice(), b"22".as_slice()), (b"a", b"1")], "in their first order");
            newest.clear();
            assert_eq!(newest.entries().count(), 0);
        }
    }

    #[test]
    fn entries_of_any_size_are_kept_whole() {
        let mut newest = Newest::default();
        let sizes = [1, BLOCK - 2, 3, BLOCK + 1, 0, BLOCK / 2, BLOCK / 2, BLOCK * 3];
        for _ in 0..2 {
            newest.clear();
            for (key, size) in (0_u8..).zip(sizes) {
                newest.take(&[key], Some(&vec![key; size]));
            }
            for ((key, size), (found, value)) in (0_u8..).zip(sizes).zip(newest.entries()) {
                assert!(found == [key] && value.len() == size && value.iter().all(|byte| *byte == key));
            }
            assert_eq!(newest.entries().count(), sizes.len());
        }
    }

    proptest! {
        #[test]
        fn any_log_leaves_what_a_map_holds(log in proptest::collection::vec((0_u8..40, any::<Option<u16>>()), 0..400)) {
            let (mut newest, mut map) = (Newest::default(), BTreeMap::new());
            for (key, value) in log {
                let value = value.map(|value| value.to_string().into_bytes());
                newest.take(&[key], value.as_deref());
                match value {
                    Some(value) => drop(map.insert(vec![key], value)),
                    None => drop(map.remove([key].as_slice())),
                }
            }
            let found: BTreeMap<_, _> = newest.entries().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
            prop_assert_eq!((found.len(), found.len()), (newest.len(), newest.entries().count()));
            prop_assert_eq!(found, map);
        }
    }
}
