//! The turns of a data set, as a replay of it asks for them.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use schemas::conversation::Conversation;
use schemas::ids::TurnId;

use super::Dataset;

/// Gives the name that a data set has for a conversation.
type Name = dyn Fn(&Conversation) -> String + Send + Sync;

/// The turns that a replay is of, and the conversations that have them.
#[derive(Clone)]
pub struct Chosen {
    turns: Arc<HashSet<TurnId>>,
    conversations: Arc<BTreeSet<String>>,
    name: Arc<Name>,
}

/// A turn of a data set whose id is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id of a turn")]
pub struct BadTurn(String);

impl Chosen {
    /// Those of a data set. It names conversations by pseudonyms, whose key is not known here: `name` gives them.
    ///
    /// # Errors
    /// [`BadTurn`].
    pub fn of(
        dataset: &Dataset,
        name: impl Fn(&Conversation) -> String + Send + Sync + 'static,
    ) -> Result<Self, BadTurn> {
        let id = |turn: &str| TurnId::parse(turn).map_err(|_| BadTurn(turn.to_owned()));
        let turns = dataset.ids().into_iter().map(id).collect::<Result<_, _>>()?;
        let conversations = dataset.conversations().into_iter().map(str::to_owned).collect();
        Ok(Self { turns: Arc::new(turns), conversations: Arc::new(conversations), name: Arc::new(name) })
    }

    /// Whether a turn is one of them.
    pub fn has(&self, turn: TurnId) -> bool {
        self.turns.contains(&turn)
    }

    /// Whether a conversation has one of them, by its key.
    pub fn takes(&self, conversation: &[u8]) -> bool {
        let text = str::from_utf8(conversation).ok();
        let conversation = text.and_then(|text| text.parse::<Conversation>().ok());
        conversation.is_some_and(|conversation| self.conversations.contains(&(self.name)(&conversation)))
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (turns, conversations) = (self.turns.len(), self.conversations.len());
        f.debug_struct("Chosen").field("turns", &turns).field("conversations", &conversations).finish()
    }
}
