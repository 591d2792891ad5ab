//! The states of one partition, built from the topic `states`.

use std::collections::BTreeMap;

use schemas::state::{ControlState, CoreState};

use crate::key::{self, Key};
use crate::lazy::LazyState;
use crate::state::State;
use crate::stored::{Entry, RestoreError, check_version, read};

/// The control state of one partition, and its states.
pub type Restored = (ControlState, Vec<(Key, LazyState)>);

/// Builds the control state and the states of one partition from the newest entry of every key, each key once. Of a conversation in which
/// nothing is pending and no person has for a time, and whose entries begin as this version's do, only the core is read yet.
///
/// # Errors
/// [`RestoreError`] when an entry is not one that this version writes.
pub fn restore<'a>(
    entries: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<Restored, RestoreError> {
    let mut control = ControlState::default();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all: Vec<(usize, Entry<'a>)> = Vec::new();
    for (key, value) in entries {
        let key = str::from_utf8(key).map_err(|error| RestoreError::Key(error.to_string()))?;
        if key == key::CONTROL {
            control = read(|| key.to_owned(), value)?;
            check_version(|| key.to_owned(), control.version)?;
            continue;
        }
        let (conversation, key) = key::split(key);
        // Entries of one conversation mostly come together: it is looked up when another one begins.
        let number = match all.last().filter(|(_, last)| last.conversation == conversation) {
            Some((number, _)) => *number,
            None => {
                let next = numbers.len();
                *numbers.entry(conversation).or_insert(next)
            }
        };
        all.push((number, Entry { conversation, key, value }));
    }
    all.sort_by_key(|(number, _)| *number);
    let mut states = Vec::with_capacity(numbers.len());
    for entries in all.chunk_by(|(one, _), (other, _)| one == other) {
        states.push(state(entries[0].1.conversation, entries.iter().map(|(_, entry)| *entry))?);
    }
    Ok((control, states))
}

/// The state of one conversation, from all its entries.
fn state<'a>(
    name: &str,
    entries: impl Iterator<Item = Entry<'a>> + Clone,
) -> Result<(Key, LazyState), RestoreError> {
    let mut core = None;
    let mut can_wait = true;
    for entry in entries.clone() {
        if entry.key.is_empty() {
            let read: CoreState = read(|| name.to_owned(), entry.value)?;
            check_version(|| name.to_owned(), read.version)?;
            core = Some(read);
        } else {
            can_wait &= entry.can_wait()?;
        }
    }
    let core = core.ok_or_else(|| RestoreError::NoCore(name.to_owned()))?;
    let key = Key::parse(name).map_err(|_| RestoreError::Key(name.to_owned()))?;
    let rest = entries.filter(|entry| !entry.key.is_empty());
    if can_wait && core.lanes.is_empty() && core.person_until.is_none() {
        return Ok((key, LazyState::stored(core, rest.map(|entry| (entry.key, entry.value)))));
    }
    let mut state = State { core, ..State::default() };
    for entry in rest {
        entry.place(&mut state)?;
    }
    state.weigh(None);
    Ok((key, state.into()))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::step::At;

    const ALICE: &str = "acme#support/chat/bot/alice";
    const BOB: &str = "acme#support/chat/bot/bob";
    const IDLE: &str = r#"{"version":1,"time":5,"forget_at":9}"#;
    const TURN: &str = r#"{"version":1,"asked":[]}"#;
    const BUCKET: &str = r#"{"version":1,"ids":[7]}"#;

    fn restored(entries: &[(String, &str)]) -> Result<Restored, RestoreError> {
        restore(entries.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes())))
    }

    fn label(key: &str, value: &str) -> &'static str {
        restored(&[(key.to_owned(), value)]).unwrap_err().label()
    }

    fn state_of<'a>(restored: &'a Restored, conversation: &str) -> &'a (Key, LazyState) {
        restored.1.iter().find(|(key, _)| key.as_str() == conversation).unwrap()
    }

    fn loaded(restored: &Restored, conversation: &str) -> Result<State, RestoreError> {
        let (key, state) = state_of(restored, conversation);
        state.load(key).map(Cow::into_owned)
    }

    #[test]
    fn what_this_version_does_not_write_is_refused_by_name() {
        assert_eq!(label(ALICE, r#"{"version":2,"time":1}"#), "version");
        assert_eq!(label(ALICE, "{"), "malformed");
        assert_eq!(label(&format!("{ALICE}|x|a|1"), "{}"), "key");
        assert_eq!(label(&format!("{ALICE}|s|a|1"), BUCKET), "key");
        assert_eq!(label(&format!("{ALICE}|s|1|1"), BUCKET), "no_core");
        assert_eq!(label("acme", r#"{"version":1,"time":1}"#), "key");
        assert_eq!(label("@control", r#"{"version":9}"#), "version");
    }

    #[test]
    fn a_turn_or_a_bucket_of_another_version_is_refused_before_anything_happens() {
        for (key, value, label) in [
            ("|h||1", r#"{"version":2,"asked":[]}"#, "version"),
            ("|h||1", r#"{"asked":[]}"#, "malformed"),
            ("|s|1|1", r#"{"version":12,"ids":[]}"#, "version"),
            ("|s|1|1", "", "malformed"),
            ("|w||1", r#"{"version":1,"id":0}"#, "malformed"),
        ] {
            let entries = [(ALICE.to_owned(), IDLE), (format!("{ALICE}{key}"), value)];
            let error = restored(&entries).unwrap_err();
            assert_eq!(error.label(), label, "{key} {value}");
            assert!(error.to_string().contains(&format!("{ALICE}{key}")), "{error}");
        }
    }

    #[test]
    fn an_entry_that_turns_out_malformed_is_named_when_its_conversation_is_read_and_others_go_on() {
        let entries = [
            (ALICE.to_owned(), IDLE),
            (format!("{ALICE}|h||0000000004"), r#"{"version":1,"asked":[}"#),
            (BOB.to_owned(), IDLE),
            (format!("{BOB}|h||0000000004"), TURN),
        ];
        let restored = restored(&entries).unwrap();
        let error = loaded(&restored, ALICE).unwrap_err();
        assert_eq!(error.label(), "malformed");
        assert!(error.to_string().contains("alice|h||0000000004"), "{error}");
        assert_eq!(loaded(&restored, BOB).unwrap().history.len(), 1);
    }

    #[test]
    fn a_conversation_in_which_something_is_pending_is_read_at_once() {
        let pending = r#"{"version":1,"time":5,"lanes":{"":{"waiting":[0],"merge_until":7}}}"#;
        let entries = [(ALICE.to_owned(), pending), (format!("{ALICE}|h||1"), r#"{"version":1,"asked":[}"#)];
        assert_eq!(restored(&entries).unwrap_err().label(), "malformed");
    }

    #[test]
    fn nothing_stored_is_a_fresh_partition() {
        let (control, states) = restored(&[]).unwrap();
        assert_eq!((control, states.len()), (ControlState::default(), 0));
    }

    #[test]
    fn entries_of_a_conversation_may_come_apart_and_before_its_core() {
        let mut entries = [
            (format!("{ALICE}|s|1|0"), BUCKET),
            (format!("{BOB}|s|1|0"), BUCKET),
            (ALICE.to_owned(), IDLE),
            (BOB.to_owned(), IDLE),
            (format!("{ALICE}|s|2|0"), BUCKET),
        ];
        let apart = restored(&entries).unwrap();
        entries.sort();
        let sorted = restored(&entries).unwrap();
        for (name, buckets) in [(ALICE, 2), (BOB, 1)] {
            let state = loaded(&apart, name).unwrap();
            assert_eq!(state.seen.0.len(), buckets);
            assert_eq!(state, loaded(&sorted, name).unwrap());
        }
    }

    #[test]
    fn a_conversation_that_was_not_read_yet_is_forgotten_with_all_its_entries() {
        let entries = [
            (format!("{ALICE}|s|1|0"), BUCKET),
            (ALICE.to_owned(), IDLE),
            (format!("{ALICE}|h||0000000004"), r#"{"version":1,"asked":[}"#),
        ];
        let restored = restored(&entries).unwrap();
        let (key, state) = state_of(&restored, ALICE);
        assert_eq!(state.due(), Some(9));
        let at = |time| At { partition: 0, offset: 3, time };
        let early = state.fire(None, at(8), key, 0);
        assert!(early.outputs.is_empty() && early.state.is_some_and(|state| state.due() == Some(9)));
        let step = state.fire(None, at(9), key, 0);
        assert!(step.state.is_none() && step.outputs.len() == 1);
        let gone = LazyState::entries(key, Some(state), None);
        let keys = ["", "|h||0000000004", "|s|1|0"].map(|key| (format!("{ALICE}{key}"), None));
        assert_eq!(gone, keys);
    }
}
