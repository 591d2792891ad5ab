//! What an operator did by a command: a control record in `events` that changes nothing there. It is kept for those who ask later who did
//! what.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::ids::{AppKey, EventId};
use crate::wire::{Invalid, require};

/// Longest word for what was done, in bytes.
const LONGEST_KIND: usize = 64;
/// Longest text that an act carries in one field, in bytes.
const LONGEST_TEXT: usize = 1_024;
/// Most details of one act.
const MOST_DETAILS: usize = 32;

/// One act of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Act {
    /// Its id.
    pub id: EventId,
    /// What was done: `offsets_reset`, `requeue`, `rebuild`, …; lower case and `_`.
    pub kind: String,
    /// The app that it was about; absent when it was about all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppKey>,
    /// Who did it.
    pub by: String,
    /// What it was done to: a role, a table, a message.
    pub subject: String,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What else is to be known of it. No text that a person wrote, no secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// When.
    pub at: Millis,
}

impl Act {
    /// Checks what must hold of the fields.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn check(&self) -> Result<(), Invalid> {
        let is_word = |c: u8| c.is_ascii_lowercase() || c == b'_';
        let is_kind = (1..=LONGEST_KIND).contains(&self.kind.len()) && self.kind.bytes().all(is_word);
        require(is_kind, "an act is named by lower case letters and _")?;
        let details = self.details.iter().flat_map(|(name, value)| [name, value]);
        let mut texts = [&self.by, &self.subject].into_iter().chain(&self.why).chain(details);
        require(texts.all(|text| text.len() <= LONGEST_TEXT), "a text of an act is short")?;
        require(self.details.len() <= MOST_DETAILS, "an act has few details")
    }
}
