//! Facts of money, topic `ledger`. Only what a person received is settled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::ids::{AppKey, LedgerId, MessageId, RequestId, TurnId, UserId};
use crate::money::Money;
use crate::topic::Topic;
use crate::trace::Trace;
use crate::wire::{Invalid, Record, require};

/// What happened to the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// Set aside before the call.
    Reserve,
    /// Charged for what was received.
    Settle,
    /// Set free again.
    Release,
    /// Spent at a provider without an answer that was let out, or possibly spent; never charged to a quota.
    Uncertain,
}

impl LedgerKind {
    /// Its name in metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Settle => "settle",
            Self::Release => "release",
            Self::Uncertain => "uncertain",
        }
    }
}

/// One fact of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEntry {
    /// Its id.
    pub id: LedgerId,
    /// What happened.
    pub kind: LedgerKind,
    /// The app that pays.
    pub app: AppKey,
    /// The person for whom it was spent.
    pub user: UserId,
    /// The turn that it belongs to.
    pub turn: TurnId,
    /// The request that spent it.
    pub request: RequestId,
    /// The message that opened the turn.
    pub message: MessageId,
    /// Amount; absent when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Tokens, input and output.
    pub tokens: u64,
    /// Why, from a closed list.
    pub reason: String,
    /// When, by the log's time.
    pub at: Millis,
}

impl Record for LedgerEntry {
    const TOPIC: Topic = Topic::Ledger;
    const KINDS: &'static [&'static str] = &["reserve", "settle", "release", "uncertain"];

    fn kind(&self) -> &'static str {
        self.kind.label()
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
        Some(self.turn)
    }

    fn trace(&self, id: &str) -> Option<Trace> {
        Some(Trace::of_message(&self.message, id))
    }

    fn check(&self) -> Result<(), Invalid> {
        require(self.message.app() == self.app.as_str(), "message and ledger are of one app")?;
        require(self.amount.as_ref().is_none_or(|m| m.pico >= 0), "an amount is not negative")
    }
}
