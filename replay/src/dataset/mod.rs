//! A data set: turns that were chosen out of production, with what was said, masked.
//!
//! The file is JSON lines: a head, then one line for each turn. Whoever cuts it masks the texts. Readers ignore fields that they do not know; a change
//! that old readers would misread raises [`FORMAT`], and a higher one is refused. The head counts the turns, so that a file which was cut off is known.

mod chosen;
pub mod export;
mod read;

pub use chosen::{BadTurn, Chosen};
pub use read::{ReadError, read};

use std::collections::BTreeSet;

use common::Action;
use schemas::Millis;
use schemas::money::Money;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of the file that this build writes, and the highest that it reads.
pub const FORMAT: u32 = 1;

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Head(Head),
    /// A turn.
    Turn(Box<Turn>),
}

/// How the turns were chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// [`FORMAT`] of the writer.
    pub format: u32,
    /// What they were chosen by: `expensive`, `route=hard`, …
    pub by: String,
    /// Only turns of this app, org#app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Begin of the range.
    pub from: Millis,
    /// End of the range, which does not belong to it.
    pub to: Millis,
    /// Turns that were asked for at most.
    pub limit: u64,
    /// Seed of what was drawn by chance.
    pub seed: u64,
    /// When it was cut.
    pub made_at: Millis,
    /// Turns that the file has.
    pub turns: u64,
    /// Turns that were chosen and left out, since the log does not have what was said any more, or its writer took it back.
    #[serde(default)]
    pub left_out: u64,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Pseudonym of its conversation, as the tables of analytics have it.
    pub conversation: String,
    /// Its id. That of a message that was stopped is the id which its turn would have had.
    pub turn: String,
    /// The messages that it answers, the first of which opened it.
    pub messages: Vec<String>,
    /// The app, org#app.
    pub app: String,
    /// When it was asked or stopped, by the log.
    pub at: Millis,
    /// What was asked, masked.
    pub question: String,
    /// Earlier turns of the conversation, oldest first, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Said>,
    /// What was let out, masked; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The occasion for which the answer was written by the operator; absent where a model made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canned: Option<String>,
    /// What the filter said of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Action>,
    /// The rule of the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The target that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How much work the answer takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The tier of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Of all attempts, by currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<Money>,
    /// From the decision to ask to the end of the request, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// What the person thought of the answer, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who.
    pub role: Role,
    /// What, masked.
    pub text: String,
}

/// Who said something, in the words of models' interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The bot.
    Assistant,
}

/// The hash of a file, by which a replay knows it again: the first 32 hex digits of SHA-256.
pub fn hash(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// How the turns were chosen.
    pub head: Head,
    /// The turns, in the file's order.
    pub turns: Vec<Turn>,
}

impl Dataset {
    /// The pseudonyms of the conversations that have a turn in it.
    pub fn conversations(&self) -> BTreeSet<&str> {
        self.turns.iter().map(|turn| turn.conversation.as_str()).collect()
    }

    /// The ids of its turns.
    pub fn ids(&self) -> BTreeSet<&str> {
        self.turns.iter().map(|turn| turn.turn.as_str()).collect()
    }

    /// The range that all of its turns are within: its begin, and its end, which does not belong to it. `None` if it has none.
    pub fn range(&self) -> Option<(Millis, Millis)> {
        let times = || self.turns.iter().map(|turn| turn.at);
        Some((times().min()?, times().max()?.saturating_add(1)))
    }

    /// The data set as a file.
    ///
    /// # Errors
    /// None that can come about: every field has a form in JSON.
    pub fn to_lines(&self) -> Result<String, serde_json::Error> {
        let head = Head { turns: self.turns.len() as u64, ..self.head.clone() };
        let turns = self.turns.iter().map(|turn| Line::Turn(Box::new(turn.clone())));
        let lines = std::iter::once(Line::Head(head)).chain(turns);
        lines.map(|line| Ok(serde_json::to_string(&line)? + "\n")).collect()
    }
}

#[cfg(test)]
mod tests;
