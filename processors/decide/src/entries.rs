//! State as entries of the topic `states`: what differs between two states, and the chained hash over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::state::{ControlState, KeptAnswer, STATE_VERSION, SeenBucket, WaitingMessage};
use serde::Serialize;

use crate::hash;
use crate::key::{self, EntryKey, Key};
use crate::state::State;

/// Entries that differ between two states of a conversation, sorted within their kind; a `None` value is a tombstone.
pub fn entries(key: &Key, before: Option<&State>, after: Option<&State>) -> Vec<(String, Option<Vec<u8>>)> {
    let conversation = key.as_str();
    let mut changed = Vec::new();
    let (was, is) = (before.map(|state| &state.core), after.map(|state| &state.core));
    if was != is {
        changed.push((conversation.to_owned(), is.map(json)));
    }
    let pieces = pieces(before, after, &mut 0).into_iter();
    changed.extend(pieces.map(|(key, value)| (format!("{conversation}{key}"), value)));
    changed
}

/// The control state's entry, stamped with this version.
pub fn control_entry(control: &ControlState) -> (String, Vec<u8>) {
    let stamped = ControlState { version: STATE_VERSION, ..control.clone() };
    (key::CONTROL.to_owned(), json(&stamped))
}

/// What a step changed of the entries besides the core.
#[derive(Debug)]
pub(crate) struct Changes {
    pieces: Vec<(String, Option<Vec<u8>>)>,
    /// Bytes that these entries had before.
    freed: usize,
}

impl Changes {
    /// What differs between two states.
    pub(crate) fn between(before: Option<&State>, after: &State) -> Self {
        let mut freed = 0;
        let pieces = pieces(before, Some(after), &mut freed);
        Self { pieces, freed }
    }

    /// Bytes of all entries besides the core after it, keys without the conversation included, of which there were `before`.
    pub(crate) fn stored(&self, before: usize) -> usize {
        let added = self.pieces.iter().filter_map(|(key, value)| Some(key.len() + value.as_ref()?.len()));
        (before + added.sum::<usize>()).saturating_sub(self.freed)
    }

    /// The digest after them, which was `before`.
    pub(crate) fn digest(&self, before: Option<&State>) -> String {
        let mut digest = before.map(|state| state.core.digest.clone()).unwrap_or_default();
        for (key, value) in &self.pieces {
            let kind: &[u8] = if value.is_some() { b"=" } else { b"-" };
            // The first separator is not part of what is hashed.
            let key = key.trim_start_matches('|').as_bytes();
            digest = hash::short(&[digest.as_bytes(), key, kind, value.as_deref().unwrap_or_default()]);
        }
        digest
    }
}

/// Every entry besides the core that differs, by what follows the conversation in its key. Adds to `freed` what these had before, in bytes.
fn pieces(
    before: Option<&State>,
    after: Option<&State>,
    freed: &mut usize,
) -> Vec<(String, Option<Vec<u8>>)> {
    let mut changed = Vec::new();
    let turn = |(lane, number): &(Arc<str>, u64)| EntryKey::Turn(lane.as_ref().into(), *number).to_string();
    let waiting =
        |(lane, number): &(Arc<str>, u64)| EntryKey::Waiting(lane.as_ref().into(), *number).to_string();
    let answer =
        |(lane, number): &(Arc<str>, u64)| EntryKey::Answer(lane.as_ref().into(), *number).to_string();
    let seen = |(start, number): &(i64, u32)| EntryKey::Seen(*start, *number).to_string();
    // In the order of their keys, as far as nothing is pending: so they are forgotten before they are read.
    *freed += diff(before.map(|s| &s.answers), after.map(|s| &s.answers), answer, &mut changed);
    *freed += diff(before.map(|s| &s.history), after.map(|s| &s.history), turn, &mut changed);
    *freed += placeholders(before, after, &mut changed);
    *freed += diff(before.map(|s| &s.waiting), after.map(|s| &s.waiting), waiting, &mut changed);
    *freed += diff(before.map(|s| &s.seen.0), after.map(|s| &s.seen.0), seen, &mut changed);
    changed
}

/// Adds the entry of the placeholders, if it differs. Where none was given there is no entry.
fn placeholders(
    before: Option<&State>,
    after: Option<&State>,
    changed: &mut Vec<(String, Option<Vec<u8>>)>,
) -> usize {
    let known = |state: Option<&State>| {
        state.map(|state| Arc::clone(&state.placeholders)).filter(|known| !known.is_blank())
    };
    let (before, after) = (known(before), known(after));
    if before == after {
        return 0;
    }
    let key = EntryKey::Placeholders.to_string();
    let freed = before.map_or(0, |known| key.len() + json(known.as_ref()).len());
    changed.push((key, after.map(|known| json(known.as_ref()))));
    freed
}

/// Adds the entries of two maps that differ, and gives the bytes that these had before. What two states share is the same object and need not
/// be compared.
fn diff<K: Ord, T: PartialEq + Stored>(
    before: Option<&Arc<BTreeMap<K, Arc<T>>>>,
    after: Option<&Arc<BTreeMap<K, Arc<T>>>>,
    key: impl Fn(&K) -> String,
    changed: &mut Vec<(String, Option<Vec<u8>>)>,
) -> usize {
    if let (Some(before), Some(after)) = (before, after)
        && Arc::ptr_eq(before, after)
    {
        return 0;
    }
    let mut freed = 0;
    let mut written = Vec::new();
    // Both are in order, so that one walk along both finds what only one of them has.
    let mut old = before.into_iter().flat_map(|map| map.iter()).peekable();
    let mut forget = |(k, old): (&K, &Arc<T>), changed: &mut Vec<_>| {
        let key = key(k);
        freed += key.len() + old.size();
        changed.push((key, None));
    };
    for (k, value) in after.into_iter().flat_map(|map| map.iter()) {
        while let Some(gone) = old.next_if(|(other, _)| *other < k) {
            forget(gone, changed);
        }
        let same = old.next_if(|(other, _)| *other == k).map(|(_, old)| old);
        if same.is_none_or(|old| !Arc::ptr_eq(old, value) && old != value) {
            written.push((k, same, value));
        }
    }
    old.for_each(|gone| forget(gone, changed));
    for (k, old, value) in written {
        let key = key(k);
        freed += old.map_or(0, |old| key.len() + old.size());
        changed.push((key, Some(value.written())));
    }
    freed
}

/// What an entry is made of.
pub(crate) trait Stored: Serialize + Sized {
    /// Its bytes as JSON.
    fn size(&self) -> usize {
        json(self).len()
    }

    /// It as JSON.
    fn written(&self) -> Vec<u8> {
        json(self)
    }
}

impl Stored for KeptAnswer {}
impl Stored for WaitingMessage {}

impl Stored for SeenBucket {
    /// Marks are many numbers, and change with every message: their digits are counted.
    fn size(&self) -> usize {
        let digits = |number: &u64| number.checked_ilog10().unwrap_or(0) as usize + 2;
        let ids: usize = self.ids.iter().map(digits).sum();
        // {"version":1,"ids":[]}, with a comma behind every number but the last.
        let frame =
            20 + self.version.checked_ilog10().unwrap_or(0) as usize + 1 + usize::from(self.ids.is_empty());
        frame + ids
    }
}

/// Canonical JSON of an entry: fields in order, maps sorted.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    // An entry holds no map with keys that are not text and no serializer that fails, so it always has a JSON form.
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_bucket_is_that_of_its_json() {
        for ids in [vec![], vec![0], vec![7, 10], vec![9, 99, 1_000, u64::MAX], vec![u64::MAX; 128]] {
            let bucket = SeenBucket { version: STATE_VERSION, ids };
            assert_eq!(bucket.size(), json(&bucket).len(), "{bucket:?}");
        }
    }
}
