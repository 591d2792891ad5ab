//! State as read back from the topic `states`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::key::unescaped;
use schemas::state::{ControlState, CoreState, HistoryTurn, STATE_VERSION, SeenBucket};
use serde::de::DeserializeOwned;

use crate::entries::{CONTROL_KEY, HISTORY, SEEN, WAITING};
use crate::kept::Kept;
use crate::state::State;

/// Of every turn and every bucket as this version writes it.
const BEGINNING: &[u8] = br#"{"version":1,"#;

/// Stored state that cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The key is none that this version writes.
    #[error("restore entry {0:?}: its key has no known form")]
    Key(String),
    /// The value is not what its key says.
    #[error("restore entry {key:?}")]
    Malformed {
        /// The entry.
        key: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Another version wrote it.
    #[error("restore entry {key:?}: version {version} is not known to this version")]
    Version {
        /// The entry.
        key: String,
        /// Its version.
        version: u16,
    },
    /// Entries of a conversation whose core is not there.
    #[error("restore conversation {0:?}: it has entries and no core")]
    NoCore(String),
}

impl RestoreError {
    /// Its name in metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Malformed { .. } => "malformed",
            Self::Version { .. } => "version",
            Self::NoCore(_) => "no_core",
        }
    }
}

/// The control state of one partition, and its states by the text form of their conversations.
pub type Restored = (ControlState, Vec<(Arc<[u8]>, Kept)>);

/// Builds the control state and the states of one partition from the newest entry of every key, each key once. Of a conversation in which nothing is pending, and whose entries begin as this version's do, only the
/// core is read yet.
///
/// # Errors
/// [`RestoreError`] when an entry is not one that this version writes.
pub fn restore<'a>(
    entries: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<Restored, RestoreError> {
    let mut control = ControlState::default();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all: Vec<Entry<'a>> = Vec::new();
    for (key, value) in entries {
        let key = str::from_utf8(key).map_err(|error| RestoreError::Key(error.to_string()))?;
        if key == CONTROL_KEY {
            control = read(|| key.to_owned(), value)?;
            check_version(|| key.to_owned(), control.version)?;
            continue;
        }
        let (name, key) = key.split_at(key.find('|').unwrap_or(key.len()));
        // Entries of one conversation mostly come together: it is looked up when another one begins.
        let number = match all.last().filter(|last| last.name == name) {
            Some(last) => last.number,
            None => {
                let next = names.len();
                *names.entry(name).or_insert(next)
            }
        };
        all.push(Entry { number, name, key, value });
    }
    all.sort_by_key(|entry| entry.number);
    let mut states = Vec::with_capacity(names.len());
    for entries in all.chunk_by(|one, other| one.number == other.number) {
        let name = entries[0].name;
        states.push((Arc::from(name.as_bytes()), kept(name, entries)?));
    }
    Ok((control, states))
}

struct Entry<'a> {
    /// Of its conversation, in the order in which they are met.
    number: usize,
    name: &'a str,
    /// What follows the name.
    key: &'a str,
    value: &'a [u8],
}

fn kept(name: &str, entries: &[Entry<'_>]) -> Result<Kept, RestoreError> {
    let mut core = None;
    let mut is_plain = true;
    for Entry { key, value, .. } in entries {
        if key.is_empty() {
            let read: CoreState = read(|| name.to_owned(), value)?;
            check_version(|| name.to_owned(), read.version)?;
            core = Some(read);
        } else {
            is_plain &= piece(name, key)?.is_plain(value);
        }
    }
    let core = core.ok_or_else(|| RestoreError::NoCore(name.to_owned()))?;
    name.parse::<Conversation>().map_err(|_| RestoreError::Key(name.to_owned()))?;
    let rest = entries.iter().filter(|entry| !entry.key.is_empty());
    if is_plain && core.lanes.is_empty() {
        return Ok(Kept::stored(core, rest.map(|entry| (entry.key, entry.value))));
    }
    let mut state = State { core, ..State::default() };
    for Entry { key, value, .. } in rest {
        piece(name, key)?.place(&mut state, (name, key), value)?;
    }
    Ok(state.into())
}

/// An entry besides the core, by its key.
pub(crate) enum Piece<'a> {
    Turn(Cow<'a, str>, u64),
    Waiting(Cow<'a, str>, u64),
    Seen(Millis, u32),
}

/// What follows the conversation in an entry's key.
pub(crate) fn piece<'a>(conversation: &str, key: &'a str) -> Result<Piece<'a>, RestoreError> {
    let mut parts = key.split('|').skip(1);
    let piece = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(HISTORY), Some(lane), Some(n), None) => {
            unescaped(lane).zip(n.parse().ok()).map(|(lane, n)| Piece::Turn(lane, n))
        }
        (Some(WAITING), Some(lane), Some(n), None) => {
            unescaped(lane).zip(n.parse().ok()).map(|(lane, n)| Piece::Waiting(lane, n))
        }
        (Some(SEEN), Some(start), Some(n), None) => {
            start.parse().ok().zip(n.parse().ok()).map(|(start, n)| Piece::Seen(start, n))
        }
        _ => None,
    };
    piece.ok_or_else(|| RestoreError::Key(format!("{conversation}{key}")))
}

impl Piece<'_> {
    /// It need not be read before it is used: its version is known by how it begins, and no timer depends on it.
    fn is_plain(&self, value: &[u8]) -> bool {
        !matches!(self, Self::Waiting(..)) && value.starts_with(BEGINNING)
    }

    pub(crate) fn place(
        self,
        state: &mut State,
        (conversation, key): (&str, &str),
        value: &[u8],
    ) -> Result<(), RestoreError> {
        let key = || format!("{conversation}{key}");
        match self {
            Self::Turn(lane, n) => {
                let turn: HistoryTurn = read(key, value)?;
                check_version(key, turn.version)?;
                state.put_turn(&lane, n, turn);
            }
            Self::Waiting(lane, n) => state.replace_waiting(&lane, n, read(key, value)?),
            Self::Seen(start, n) => {
                let bucket: SeenBucket = read(key, value)?;
                check_version(key, bucket.version)?;
                Arc::make_mut(&mut state.seen.0).insert((start, n), Arc::new(bucket));
            }
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(key: impl FnOnce() -> String, value: &[u8]) -> Result<T, RestoreError> {
    serde_json::from_slice(value).map_err(|source| RestoreError::Malformed { key: key(), source })
}

fn check_version(key: impl FnOnce() -> String, version: u16) -> Result<(), RestoreError> {
    let known = version == STATE_VERSION;
    if known { Ok(()) } else { Err(RestoreError::Version { key: key(), version }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::json;
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

    fn kept_of<'a>(restored: &'a Restored, conversation: &str) -> &'a Kept {
        &restored.1.iter().find(|(name, _)| **name == *conversation.as_bytes()).unwrap().1
    }

    fn whole(restored: &Restored, conversation: &str) -> Result<State, RestoreError> {
        kept_of(restored, conversation).whole(&conversation.parse().unwrap()).map(Cow::into_owned)
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
        let error = whole(&restored, ALICE).unwrap_err();
        assert_eq!(error.label(), "malformed");
        assert!(error.to_string().contains("alice|h||0000000004"), "{error}");
        assert_eq!(whole(&restored, BOB).unwrap().history.len(), 1);
    }

    #[test]
    fn a_conversation_in_which_something_is_pending_is_read_at_once() {
        let pending = r#"{"version":1,"time":5,"lanes":{"":{"waiting":[0],"merge_until":7}}}"#;
        let entries = [(ALICE.to_owned(), pending), (format!("{ALICE}|h||1"), r#"{"version":1,"asked":[}"#)];
        assert_eq!(restored(&entries).unwrap_err().label(), "malformed");
    }

    #[test]
    fn turns_and_buckets_begin_as_those_do_that_are_read_later() {
        let turn = HistoryTurn { version: STATE_VERSION, asked: Vec::new(), answer: None, by_hand: None };
        assert!(json(&turn).starts_with(BEGINNING));
        assert!(json(&SeenBucket { version: STATE_VERSION, ids: vec![1] }).starts_with(BEGINNING));
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
            let state = whole(&apart, name).unwrap();
            assert_eq!(state.seen.0.len(), buckets);
            assert_eq!(state, whole(&sorted, name).unwrap());
        }
    }

    #[test]
    fn a_conversation_that_was_not_read_yet_is_forgotten_with_all_its_entries() {
        let entries = [
            (format!("{ALICE}|s|1|0"), BUCKET),
            (ALICE.to_owned(), IDLE),
            (format!("{ALICE}|h||0000000004"), r#"{"version":1,"asked":[}"#),
        ];
        let conversation = ALICE.parse().unwrap();
        let restored = restored(&entries).unwrap();
        let kept = kept_of(&restored, ALICE);
        assert_eq!(kept.due(), Some(9));
        let at = |time| At { partition: 0, offset: 3, time };
        let early = kept.fire(None, at(8), &conversation, 0);
        assert!(early.outputs.is_empty() && early.state.is_some_and(|kept| kept.due() == Some(9)));
        let step = kept.fire(None, at(9), &conversation, 0);
        assert!(step.state.is_none() && step.outputs.len() == 1);
        let gone = Kept::entries(&conversation, Some(kept), None);
        let keys = ["", "|h||0000000004", "|s|1|0"].map(|key| (format!("{ALICE}{key}"), None));
        assert_eq!(gone, keys);
    }
}
