//! One stored entry, read into the state that it belongs to.

use std::sync::Arc;

use schemas::state::{HistoryTurn, KeptAnswer, STATE_VERSION, SeenBucket};
use serde::de::DeserializeOwned;

use crate::key::EntryKey;
use crate::personal::KnownPlaceholders;
use crate::state::State;

/// How every turn, answer and bucket, and what stands behind placeholders, begins as this version writes it.
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

/// A stored entry besides the core.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// Text form of its conversation.
    pub(crate) conversation: &'a str,
    /// What follows it in the entry's key.
    pub(crate) key: &'a str,
    /// The value.
    pub(crate) value: &'a [u8],
}

impl Entry<'_> {
    /// It need not be read before it is used: its version is known by how it begins, and no timer depends on it.
    ///
    /// # Errors
    /// [`RestoreError::Key`].
    pub(crate) fn can_wait(&self) -> Result<bool, RestoreError> {
        let is_waiting = matches!(self.parsed_key()?, EntryKey::Waiting(..));
        Ok(!is_waiting && self.value.starts_with(BEGINNING))
    }

    /// Reads it into the state.
    ///
    /// # Errors
    /// [`RestoreError`] when it is not an entry that this version writes.
    pub(crate) fn place(&self, state: &mut State) -> Result<(), RestoreError> {
        let name = || format!("{}{}", self.conversation, self.key);
        match self.parsed_key()? {
            EntryKey::Turn(lane, number) => {
                let turn: HistoryTurn = read(name, self.value)?;
                check_version(name, turn.version)?;
                state.put_turn(&lane, number, turn);
            }
            EntryKey::Waiting(lane, number) => state.replace_waiting(&lane, number, read(name, self.value)?),
            EntryKey::Answer(lane, number) => {
                let answer: KeptAnswer = read(name, self.value)?;
                check_version(name, answer.version)?;
                state.put_answer(&lane, number, answer);
            }
            EntryKey::Placeholders => {
                let known: KnownPlaceholders = read(name, self.value)?;
                check_version(name, known.version)?;
                state.placeholders = Arc::new(known);
            }
            EntryKey::Seen(start, number) => {
                let bucket: SeenBucket = read(name, self.value)?;
                check_version(name, bucket.version)?;
                Arc::make_mut(&mut state.seen.0).insert((start, number), Arc::new(bucket));
            }
        }
        Ok(())
    }

    fn parsed_key(&self) -> Result<EntryKey<'_>, RestoreError> {
        let key = EntryKey::parse(self.key);
        key.ok_or_else(|| RestoreError::Key(format!("{}{}", self.conversation, self.key)))
    }
}

/// Reads a value; `key` names its entry.
pub(crate) fn read<T: DeserializeOwned>(
    key: impl FnOnce() -> String,
    value: &[u8],
) -> Result<T, RestoreError> {
    serde_json::from_slice(value).map_err(|source| RestoreError::Malformed { key: key(), source })
}

/// Refuses what another version wrote; `key` names the entry.
pub(crate) fn check_version(key: impl FnOnce() -> String, version: u16) -> Result<(), RestoreError> {
    let known = version == STATE_VERSION;
    if known { Ok(()) } else { Err(RestoreError::Version { key: key(), version }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::json;

    #[test]
    fn turns_buckets_and_placeholders_begin_as_those_do_that_are_read_later() {
        let turn = HistoryTurn::blank(STATE_VERSION);
        assert!(json(&turn).starts_with(BEGINNING));
        assert!(json(&KnownPlaceholders::default()).starts_with(BEGINNING));
        assert!(json(&SeenBucket { version: STATE_VERSION, ids: vec![1] }).starts_with(BEGINNING));
    }
}
