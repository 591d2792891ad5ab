//! State as entries of the topic `states`: what differs between two states, and the chained hash over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::conversation::Conversation;
use schemas::key::escaped;
use schemas::state::{ControlState, STATE_VERSION};
use serde::Serialize;

use crate::hash;
use crate::state::State;

/// Key of the control state; no conversation begins like this.
pub(crate) const CONTROL_KEY: &str = "@control";
/// Kind of a turn of history in keys.
pub(crate) const HISTORY: &str = "h";
/// Kind of a waiting message in keys.
pub(crate) const WAITING: &str = "w";
/// Kind of a bucket of seen messages in keys.
pub(crate) const SEEN: &str = "s";

/// Entries that differ between two states of a conversation, sorted within their kind; a `None` value is a tombstone.
/// Keys are the conversation for its core, then `<conversation>|h|<lane>|<number>` for turns of history,
/// `…|w|<lane>|<number>` for waiting messages, `…|s|<start>|<number>` for seen messages.
pub fn entries(
    conversation: &Conversation,
    before: Option<&State>,
    after: Option<&State>,
) -> Vec<(String, Option<Vec<u8>>)> {
    let conversation = conversation.to_string();
    let mut changed = Vec::new();
    let core = |state: Option<&State>| state.map(|state| state.core.clone());
    let (was, is) = (core(before), core(after));
    if was != is {
        changed.push((conversation.clone(), is.as_ref().map(json)));
    }
    changed.extend(
        pieces(before, after).into_iter().map(|(key, value)| (format!("{conversation}|{key}"), value)),
    );
    changed
}

/// The control state's entry, stamped with this version.
pub fn control_entry(control: &ControlState) -> (String, Vec<u8>) {
    let stamped = ControlState { version: STATE_VERSION, ..control.clone() };
    (CONTROL_KEY.to_owned(), json(&stamped))
}

/// The digest after every entry besides the core has changed as it did between two states.
pub(crate) fn digest(before: Option<&State>, after: &State) -> String {
    let mut digest = before.map(|state| state.core.digest.clone()).unwrap_or_default();
    for (key, value) in pieces(before, Some(after)) {
        let kind: &[u8] = if value.is_some() { b"=" } else { b"-" };
        digest =
            hash::short(&[digest.as_bytes(), key.as_bytes(), kind, value.as_deref().unwrap_or_default()]);
    }
    digest
}

/// Every entry besides the core that differs, by its key within the conversation.
fn pieces(before: Option<&State>, after: Option<&State>) -> Vec<(String, Option<Vec<u8>>)> {
    let mut changed = Vec::new();
    let lane_key =
        |kind: &str, (lane, number): &(Arc<str>, u64)| format!("{kind}|{}|{number:010}", escaped(lane));
    diff(before.map(|s| &s.history), after.map(|s| &s.history), |k| lane_key(HISTORY, k), &mut changed);
    diff(before.map(|s| &s.waiting), after.map(|s| &s.waiting), |k| lane_key(WAITING, k), &mut changed);
    let seen_key = |(start, number): &(i64, u32)| format!("{SEEN}|{start:015}|{number:05}");
    diff(before.map(|s| &s.seen.0), after.map(|s| &s.seen.0), seen_key, &mut changed);
    changed
}

/// What states share is equal without a look.
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
