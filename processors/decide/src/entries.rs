//! State as entries of the topic `states`: what differs between two states, and the chained hash over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::state::{ControlState, STATE_VERSION};
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
    let pieces = pieces(before, after).into_iter();
    changed.extend(pieces.map(|(key, value)| (format!("{conversation}{key}"), value)));
    changed
}

/// The control state's entry, stamped with this version.
pub fn control_entry(control: &ControlState) -> (String, Vec<u8>) {
    let stamped = ControlState { version: STATE_VERSION, ..control.clone() };
    (key::CONTROL.to_owned(), json(&stamped))
}

/// The digest after every entry besides the core has changed as it did between two states.
pub(crate) fn digest(before: Option<&State>, after: &State) -> String {
    let mut digest = before.map(|state| state.core.digest.clone()).unwrap_or_default();
    for (key, value) in pieces(before, Some(after)) {
        let kind: &[u8] = if value.is_some() { b"=" } else { b"-" };
        // The first separator is not part of what is hashed.
        let key = key.trim_start_matches('|').as_bytes();
        digest = hash::short(&[digest.as_bytes(), key, kind, value.as_deref().unwrap_or_default()]);
    }
    digest
}

/// Every entry besides the core that differs, by what follows the conversation in its key.
fn pieces(before: Option<&State>, after: Option<&State>) -> Vec<(String, Option<Vec<u8>>)> {
    let mut changed = Vec::new();
    let turn = |(lane, number): &(Arc<str>, u64)| EntryKey::Turn(lane.as_ref().into(), *number).to_string();
    let waiting =
        |(lane, number): &(Arc<str>, u64)| EntryKey::Waiting(lane.as_ref().into(), *number).to_string();
    let answer =
        |(lane, number): &(Arc<str>, u64)| EntryKey::Answer(lane.as_ref().into(), *number).to_string();
    let seen = |(start, number): &(i64, u32)| EntryKey::Seen(*start, *number).to_string();
    // In the order of their keys, as far as nothing is pending: so they are forgotten before they are read.
    diff(before.map(|s| &s.answers), after.map(|s| &s.answers), answer, &mut changed);
    diff(before.map(|s| &s.history), after.map(|s| &s.history), turn, &mut changed);
    changed.extend(placeholders(before, after));
    diff(before.map(|s| &s.waiting), after.map(|s| &s.waiting), waiting, &mut changed);
    diff(before.map(|s| &s.seen.0), after.map(|s| &s.seen.0), seen, &mut changed);
    changed
}

/// The entry of the placeholders, if it differs. Where none was given there is no entry.
fn placeholders(before: Option<&State>, after: Option<&State>) -> Option<(String, Option<Vec<u8>>)> {
    let known = |state: Option<&State>| {
        state.map(|state| Arc::clone(&state.placeholders)).filter(|known| !known.is_blank())
    };
    let (before, after) = (known(before), known(after));
    (before != after).then(|| (EntryKey::Placeholders.to_string(), after.map(|known| json(known.as_ref()))))
}

/// Adds the entries of two maps that differ. What two states share is the same object and need not be compared.
fn diff<K: Ord, T: PartialEq + Serialize>(
    before: Option<&Arc<BTreeMap<K, Arc<T>>>>,
    after: Option<&Arc<BTreeMap<K, Arc<T>>>>,
    key: impl Fn(&K) -> String,
    changed: &mut Vec<(String, Option<Vec<u8>>)>,
) {
    if let (Some(before), Some(after)) = (before, after)
        && Arc::ptr_eq(before, after)
    {
        return;
    }
    let gone =
        before.iter().flat_map(|map| map.keys()).filter(|k| after.is_none_or(|map| !map.contains_key(k)));
    changed.extend(gone.map(|k| (key(k), None)));
    for (k, value) in after.iter().flat_map(|map| map.iter()) {
        let old = before.and_then(|map| map.get(k));
        if old.is_none_or(|old| !Arc::ptr_eq(old, value) && old != value) {
            changed.push((key(k), Some(json(value.as_ref()))));
        }
    }
}

/// Canonical JSON of an entry: fields in order, maps sorted.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    // An entry holds no map with keys that are not text and no serializer that fails, so it always has a JSON form.
    serde_json::to_vec(value).unwrap_or_default()
}
