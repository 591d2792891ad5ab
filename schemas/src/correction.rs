//! A correction of what an attempt cost, topic `ledger`. What was booked before stays as it is: the sum is right with it.
//!
//! It is made of rows that account wrote, so persons and conversations stand in it as they do there, by their pseudonyms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conversation::ChatKind;
use crate::ids::{AppKey, LedgerId, MessageId, RequestId, TargetName, TurnId};
use crate::money::Money;
use crate::request::{RequestKind, RouteMark};
use crate::topic::Topic;
use crate::trace::Trace;
use crate::wire::{Invalid, Record, require};

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correction {
    /// Its id.
    pub id: LedgerId,
    /// The run that found it; all of one run have the same.
    pub run: String,
    /// The app that pays.
    pub app: AppKey,
    /// The attempt that is corrected.
    pub call: CorrectedCall,
    /// What its cost changes by; negative when it was less.
    pub amount: Money,
    /// Id of the price row that was applied before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_before: Option<String>,
    /// Id of the price row that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Who corrected.
    pub by: String,
    /// Why, from a closed list.
    pub reason: String,
    /// When it was corrected.
    pub at: Millis,
}

/// An attempt, as far as its correction is told apart by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorrectedCall {
    /// The request.
    pub request: RequestId,
    /// Kind of the request; that of the reviewer, where it is an attempt at the review of an answer.
    pub kind: RequestKind,
    /// Number of the attempt within the request.
    pub attempt: u16,
    /// The turn.
    pub turn: TurnId,
    /// The message that opened the turn.
    pub message: MessageId,
    /// What kind of chat it was.
    pub chat_kind: ChatKind,
    /// Pseudonym of the conversation.
    pub conversation: String,
    /// Pseudonym of the person; empty when it is not known.
    #[serde(default)]
    pub user: String,
    /// The target.
    pub target: TargetName,
    /// Its provider.
    pub provider: String,
    /// Model that was asked for.
    pub model: String,
    /// Region of the target.
    pub region: String,
    /// What chose the target, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteMark>,
    /// When the attempt started: the correction counts in that hour.
    pub started_at: Millis,
}

impl Record for Correction {
    const TOPIC: Topic = Topic::Ledger;
    const KINDS: &'static [&'static str] = &[Self::KIND];

    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self) -> Option<String> {
        Some(self.app.to_string())
    }

    fn time(&self) -> Option<Millis> {
        Some(self.at)
    }

    fn turn(&self) -> Option<TurnId> {
        Some(self.call.turn)
    }

    fn trace(&self, id: &str) -> Option<Trace> {
        Some(Trace::of_message(&self.call.message, id))
    }

    fn check(&self) -> Result<(), Invalid> {
        require(self.call.message.app() == self.app.as_str(), "message and correction are of one app")?;
        require(!self.run.is_empty(), "a correction names its run")?;
        require(self.amount.pico != 0, "a correction changes something")
    }
}

impl Correction {
    /// Its kind, which tells it from the other records of its topic.
    pub const KIND: &'static str = "correction";
}
