//! Personal data of a conversation: what stands behind the placeholders that prompts have.
//!
//! A datum is remembered as long as a message or an answer that is kept names it by its placeholder, and within the bounds of
//! [`Placeholders`]. With the last of them it is forgotten: so are those of a message that is taken back or edited, and of turns that leave
//! the history.

use std::sync::Arc;

use safety::personal::Placeholders;
use schemas::state::STATE_VERSION;
use schemas::text::Text;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// The placeholders of a conversation as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownPlaceholders {
    /// [`STATE_VERSION`].
    pub(crate) version: u16,
    /// What stands behind them, and which numbers were given.
    pub(crate) placeholders: Placeholders,
}

impl Default for KnownPlaceholders {
    fn default() -> Self {
        Self { version: STATE_VERSION, placeholders: Placeholders::default() }
    }
}

impl KnownPlaceholders {
    /// No placeholder was ever given: there is no entry.
    pub(crate) fn is_blank(&self) -> bool {
        self.placeholders == Placeholders::default()
    }
}

impl State {
    /// What stands behind the placeholders, to be added to.
    pub(crate) fn placeholders_mut(&mut self) -> &mut Placeholders {
        &mut Arc::make_mut(&mut self.placeholders).placeholders
    }

    /// Forgets data that nothing names any more after a step that began with `before`, and with the last talk the numbers as well.
    pub(crate) fn forget_unnamed(&mut self, before: Option<&Self>) {
        if !self.holds_talk() && !self.placeholders.is_blank() {
            self.placeholders = Arc::default();
        }
        let is_same = |before: &Self| {
            Arc::ptr_eq(&before.history, &self.history) && Arc::ptr_eq(&before.waiting, &self.waiting)
        };
        if self.placeholders.placeholders.is_empty() || before.is_some_and(is_same) {
            return;
        }
        let waiting = self.waiting.values().map(|message| &message.text);
        let asked = self.history.values().flat_map(|turn| &turn.asked).map(|message| &message.text);
        let answers = self.history.values().filter_map(|turn| turn.answer.as_ref());
        let mut known = self.placeholders.as_ref().clone();
        known.placeholders.keep_named(waiting.chain(asked).chain(answers).filter_map(Text::plain));
        if known != *self.placeholders {
            self.placeholders = Arc::new(known);
        }
    }
}
