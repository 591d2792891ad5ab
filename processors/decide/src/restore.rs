//! State as read back from the topic `states`.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::conversation::Conversation;
use schemas::state::{ControlState, CoreState, HistoryTurn, STATE_VERSION, SeenBucket};
use serde::de::DeserializeOwned;

use crate::entries::{CONTROL_KEY, HISTORY, SEEN, WAITING};
use crate::state::State;

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

/// Builds the control state and the states of one partition from the newest entry of every key.
///
/// # Errors
/// [`RestoreError`] when an entry is not one that this version writes.
pub fn restore(
    entries: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
) -> Result<(ControlState, BTreeMap<Conversation, State>), RestoreError> {
    let mut control = ControlState::default();
    let mut states: BTreeMap<String, State> = BTreeMap::new();
    // Entries of one conversation mostly come together: it is looked up when another one begins.
    let mut at: Option<(String, State)> = None;
    for (key, value) in entries {
        let key = String::from_utf8(key).map_err(|e| RestoreError::Key(e.to_string()))?;
        if key == CONTROL_KEY {
            control = read(&key, &value)?;
            check_version(&key, control.version)?;
        } else {
            let conversation = key.split('|').next().unwrap_or_default();
            if at.as_ref().is_none_or(|(name, _)| name != conversation) {
                states.extend(at.take());
                let state = states.remove(conversation).unwrap_or_else(unread);
                at = Some((conversation.to_owned(), state));
            }
            if let Some((_, state)) = &mut at {
                place(state, &key, &value)?;
            }
        }
    }
    states.extend(at);
    let mut read = BTreeMap::new();
    for (key, state) in states {
        if state.core.version != STATE_VERSION {
            return Err(RestoreError::NoCore(key));
        }
        read.insert(key.parse().map_err(|_| RestoreError::Key(key))?, state);
    }
    Ok((control, read))
}

/// A state whose core was not read yet.
fn unread() -> State {
    State { core: CoreState::default(), ..State::default() }
}

fn place(state: &mut State, key: &str, value: &[u8]) -> Result<(), RestoreError> {
    let pieces: Vec<&str> = key.split('|').collect();
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| RestoreError::Key(key.to_owned()));
    match pieces.as_slice() {
        [_] => {
            state.core = read(key, value)?;
            check_version(key, state.core.version)?;
        }
        [_, HISTORY, lane, n] => {
            let turn: HistoryTurn = read(key, value)?;
            check_version(key, turn.version)?;
            state.put_turn(lane, number(n)?, turn);
        }
        [_, WAITING, lane, n] => state.replace_waiting(lane, number(n)?, read(key, value)?),
        [_, SEEN, start, n] => {
            let bucket: SeenBucket = read(key, value)?;
            check_version(key, bucket.version)?;
            let place = start.parse().ok().zip(n.parse().ok());
            let place = place.ok_or_else(|| RestoreError::Key(key.to_owned()))?;
            Arc::make_mut(&mut state.seen.0).insert(place, Arc::new(bucket));
        }
        _ => return Err(RestoreError::Key(key.to_owned())),
    }
    Ok(())
}

fn read<T: DeserializeOwned>(key: &str, value: &[u8]) -> Result<T, RestoreError> {
    serde_json::from_slice(value).map_err(|source| RestoreError::Malformed { key: key.to_owned(), source })
}

fn check_version(key: &str, version: u16) -> Result<(), RestoreError> {
    let known = version == STATE_VERSION;
    if known { Ok(()) } else { Err(RestoreError::Version { key: key.to_owned(), version }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(key: &str, value: &str) -> &'static str {
        restore([(key.into(), value.into())]).unwrap_err().label()
    }

    #[test]
    fn what_this_version_does_not_write_is_refused_by_name() {
        let conversation = "acme#support/chat/bot/alice";
        assert_eq!(label(conversation, r#"{"version":2,"time":1}"#), "version");
        assert_eq!(label(conversation, "{"), "malformed");
        assert_eq!(label(&format!("{conversation}|x|a|1"), "{}"), "key");
        assert_eq!(label(&format!("{conversation}|s|a|1"), r#"{"version":1,"ids":[]}"#), "key");
        assert_eq!(label(&format!("{conversation}|s|1|1"), r#"{"version":1,"ids":[]}"#), "no_core");
        assert_eq!(label("acme", r#"{"version":1,"time":1}"#), "key");
        assert_eq!(label("@control", r#"{"version":9}"#), "version");
    }

    #[test]
    fn nothing_stored_is_a_fresh_partition() {
        let (control, states) = restore([]).unwrap();
        assert_eq!((control, states.len()), (ControlState::default(), 0));
    }

    #[test]
    fn entries_of_a_conversation_may_come_apart_and_before_its_core() {
        let (alice, bob) = ("acme#support/chat/bot/alice", "acme#support/chat/bot/bob");
        let bucket = r#"{"version":1,"ids":[7]}"#;
        let core = r#"{"version":1,"time":5}"#;
        let mut entries: Vec<(Vec<u8>, Vec<u8>)> = [
            (format!("{alice}|s|1|0"), bucket),
            (format!("{bob}|s|1|0"), bucket),
            (alice.to_owned(), core),
            (bob.to_owned(), core),
            (format!("{alice}|s|2|0"), bucket),
        ]
        .map(|(key, value)| (key.into_bytes(), value.into()))
        .into();
        let apart = restore(entries.clone()).unwrap();
        entries.sort();
        assert_eq!(apart, restore(entries).unwrap());
        let buckets: Vec<usize> = apart.1.values().map(|state| state.seen.0.len()).collect();
        assert_eq!(buckets, [2, 1]);
    }
}
