//! A conversation's state as it is kept in memory: whole, or as it was stored until something happens in it.

use std::borrow::Cow;
use std::sync::Arc;

use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::event::Event;
use schemas::state::CoreState;

use crate::entries::entries;
use crate::fold::{due_of, fire, fold};
use crate::restore::{RestoreError, piece};
use crate::rules::Rules;
use crate::state::State;
use crate::step::{At, Step};

/// State of one conversation between two steps. Most of those that were restored are not touched for long: of these only
/// the core is read, and all else is read with the next event.
#[derive(Debug, Clone)]
pub struct Kept(Form);

#[derive(Debug, Clone)]
enum Form {
    Whole(Arc<State>),
    Stored(Arc<Stored>),
}

/// A conversation in which nothing is pending.
#[derive(Debug)]
struct Stored {
    core: CoreState,
    /// Every other entry: the lengths of its key behind the conversation and of its value, then both.
    rest: Box<[u8]>,
}

impl From<State> for Kept {
    fn from(state: State) -> Self {
        Self(Form::Whole(Arc::new(state)))
    }
}

impl Kept {
    /// Nothing may be pending in the conversation.
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
        Self(Form::Stored(Arc::new(Stored { core, rest: bytes.into() })))
    }

    /// The whole state.
    ///
    /// # Errors
    /// [`RestoreError`] when an entry is not one that this version writes.
    pub fn whole(&self, conversation: &Conversation) -> Result<Cow<'_, State>, RestoreError> {
        match &self.0 {
            Form::Whole(state) => Ok(Cow::Borrowed(state)),
            Form::Stored(stored) => stored.read(&conversation.to_string()).map(Cow::Owned),
        }
    }

    /// As [`due`](crate::due).
    pub fn due(&self) -> Option<Millis> {
        match &self.0 {
            Form::Whole(state) => due_of(&state.core),
            Form::Stored(stored) => due_of(&stored.core),
        }
    }

    /// As [`fold`](crate::fold).
    ///
    /// # Errors
    /// As [`Self::whole`]: nothing can be said about what happens in this conversation.
    pub fn fold(
        rules: Option<&Rules>,
        at: At,
        conversation: &Conversation,
        kept: Option<&Self>,
        event: Event,
    ) -> Result<Step<Self>, RestoreError> {
        let state = kept.map(|kept| kept.whole(conversation)).transpose()?;
        let step = fold(rules, at, conversation, state.as_deref(), event);
        Ok(Step { state: step.state.map(Self::from), outputs: step.outputs })
    }

    /// As [`fire`](crate::fire).
    pub fn fire(
        &self,
        rules: Option<&Rules>,
        at: At,
        conversation: &Conversation,
        ordinal: usize,
    ) -> Step<Self> {
        match &self.0 {
            Form::Whole(state) => {
                let step = fire(rules, at, conversation, state, ordinal);
                Step { state: step.state.map(Self::from), outputs: step.outputs }
            }
            Form::Stored(stored) => {
                // Nothing is pending: the only timer is the one that forgets, which reads nothing but the core.
                let core = State { core: stored.core.clone(), ..State::default() };
                let step = fire(rules, at, conversation, &core, ordinal);
                Step { state: step.state.map(|_| self.clone()), outputs: step.outputs }
            }
        }
    }

    /// As [`entries`](crate::entries).
    pub fn entries(
        conversation: &Conversation,
        before: Option<&Self>,
        after: Option<&Self>,
    ) -> Vec<(String, Option<Vec<u8>>)> {
        if let (Some(Form::Stored(stored)), None) = (before.map(|kept| &kept.0), after) {
            return stored.tombstones(&conversation.to_string());
        }
        // Whoever changed a state has read what it was before, and reads it again.
        let state =
            |kept: Option<&'_ Self>| kept.and_then(|kept| kept.whole(conversation).ok()).map(Cow::into_owned);
        entries(conversation, state(before).as_ref(), state(after).as_ref())
    }
}

impl Stored {
    fn read(&self, conversation: &str) -> Result<State, RestoreError> {
        let mut state = State { core: self.core.clone(), ..State::default() };
        for (key, value) in self.rest() {
            piece(conversation, key)?.place(&mut state, (conversation, key), value)?;
        }
        Ok(state)
    }

    fn tombstones(&self, conversation: &str) -> Vec<(String, Option<Vec<u8>>)> {
        let mut keys: Vec<&str> = self.rest().map(|(key, _)| key).collect();
        // In the order of a whole state: the conversation's own lane, whose name is empty, comes first.
        keys.sort_unstable_by(|one, other| one.split('|').cmp(other.split('|')));
        let keys = [""].into_iter().chain(keys);
        keys.map(|key| (format!("{conversation}{key}"), None)).collect()
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
