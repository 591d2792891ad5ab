//! A conversation's state as it is held in memory: loaded, or as it was stored until something happens in the conversation.

use std::borrow::Cow;
use std::sync::Arc;

use schemas::Millis;
use schemas::event::Event;
use schemas::state::CoreState;

use crate::entries::entries;
use crate::fold::{due_of, fire, fold};
use crate::key::Key;
use crate::rules::Rules;
use crate::state::State;
use crate::step::{At, Step};
use crate::stored::{Entry, RestoreError};

/// State of one conversation between two steps. Most conversations that were restored are not touched for long: of these only the core is
/// read at once, and everything else with the next event. A clone shares everything.
#[derive(Debug, Clone)]
pub enum LazyState {
    /// All of it has been read.
    Loaded(Arc<State>),
    /// Only its core has been read.
    Stored(Arc<StoredState>),
}

/// A conversation in which nothing is pending, as it was stored.
#[derive(Debug)]
pub struct StoredState {
    core: CoreState,
    /// Every other entry: the lengths of its key behind the conversation and of its value, then both.
    rest: Box<[u8]>,
}

impl From<State> for LazyState {
    fn from(state: State) -> Self {
        Self::Loaded(Arc::new(state))
    }
}

impl LazyState {
    /// A state of which only the core has been read. Nothing may be pending in the conversation.
    pub(crate) fn stored<'a>(
        core: CoreState,
        rest: impl Iterator<Item = (&'a str, &'a [u8])> + Clone,
    ) -> Self {
        let size = rest.clone().map(|(key, value)| 2 * size_of::<u64>() + key.len() + value.len()).sum();
        let mut bytes = Vec::with_capacity(size);
        for (key, value) in rest {
            bytes.extend_from_slice(&(key.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(value);
        }
        Self::Stored(Arc::new(StoredState { core, rest: bytes.into() }))
    }

    /// The whole state.
    ///
    /// # Errors
    /// [`RestoreError`] when an entry is not one that this version writes.
    pub fn load(&self, key: &Key) -> Result<Cow<'_, State>, RestoreError> {
        match self {
            Self::Loaded(state) => Ok(Cow::Borrowed(state)),
            Self::Stored(stored) => stored.load(key).map(Cow::Owned),
        }
    }

    /// As [`due`](crate::due).
    pub fn due(&self) -> Option<Millis> {
        match self {
            Self::Loaded(state) => due_of(&state.core),
            Self::Stored(stored) => due_of(&stored.core),
        }
    }

    /// As [`fold`](crate::fold).
    ///
    /// # Errors
    /// As [`Self::load`]: nothing can be said about what happens in this conversation.
    pub fn fold(
        rules: Option<&Rules>,
        at: At,
        key: &Key,
        state: Option<&Self>,
        event: Event,
    ) -> Result<Step<Self>, RestoreError> {
        let state = state.map(|state| state.load(key)).transpose()?;
        let step = fold(rules, at, key.conversation(), state.as_deref(), event);
        Ok(Step { state: step.state.map(Self::from), outputs: step.outputs })
    }

    /// As [`fire`](crate::fire).
    pub fn fire(&self, rules: Option<&Rules>, at: At, key: &Key, ordinal: usize) -> Step<Self> {
        match self {
            Self::Loaded(state) => {
                let step = fire(rules, at, key.conversation(), state, ordinal);
                Step { state: step.state.map(Self::from), outputs: step.outputs }
            }
            Self::Stored(stored) => {
                // Nothing is pending: the only timer is the one that forgets, which reads nothing but the core.
                let core = State { core: stored.core.clone(), ..State::default() };
                let step = fire(rules, at, key.conversation(), &core, ordinal);
                Step { state: step.state.map(|_| self.clone()), outputs: step.outputs }
            }
        }
    }

    /// As [`entries`](crate::entries).
    pub fn entries(key: &Key, before: Option<&Self>, after: Option<&Self>) -> Vec<(String, Option<Vec<u8>>)> {
        if let (Some(Self::Stored(stored)), None) = (before, after) {
            return stored.tombstones(key);
        }
        // A state that changed was read before it changed, so reading it again does not fail.
        let load = |state: Option<&Self>| state.and_then(|state| state.load(key).ok()).map(Cow::into_owned);
        entries(key, load(before).as_ref(), load(after).as_ref())
    }
}

impl StoredState {
    fn load(&self, key: &Key) -> Result<State, RestoreError> {
        let mut state = State { core: self.core.clone(), ..State::default() };
        for (entry, value) in self.rest() {
            Entry { conversation: key.as_str(), key: entry, value }.place(&mut state)?;
        }
        state.weigh(None);
        Ok(state)
    }

    fn tombstones(&self, key: &Key) -> Vec<(String, Option<Vec<u8>>)> {
        let mut keys: Vec<&str> = self.rest().map(|(key, _)| key).collect();
        // In the order of a loaded state: the conversation's own lane, whose name is empty, comes first.
        keys.sort_unstable_by(|one, other| one.split('|').cmp(other.split('|')));
        let keys = [""].into_iter().chain(keys);
        keys.map(|rest| (format!("{}{rest}", key.as_str()), None)).collect()
    }

    fn rest(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut rest = &*self.rest;
        std::iter::from_fn(move || {
            let length = |bytes: &[u8; 8]| usize::try_from(u64::from_le_bytes(*bytes)).ok();
            let (key, bytes) = rest.split_first_chunk()?;
            let (value, bytes) = bytes.split_first_chunk()?;
            let (key, bytes) = bytes.split_at_checked(length(key)?)?;
            let (value, bytes) = bytes.split_at_checked(length(value)?)?;
            rest = bytes;
            Some((std::str::from_utf8(key).ok()?, value))
        })
    }
}
