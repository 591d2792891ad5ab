//! The result of one send of one part, or of taking it back, topic `deliveries`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conversation::Lane;
use crate::ids::{AnswerId, EventId, MessageId, TurnId, UserId};
use crate::topic::Topic;
use crate::trace::Trace;
use crate::wire::{Invalid, Record, require};

/// How a send ended, or a retraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum DeliveryResult {
    /// Easemob took it.
    Sent {
        /// Easemob's id of the sent message, empty where its reply did not tell it.
        easemob_id: String,
    },
    /// It was not sent, for good.
    Undelivered {
        /// Error class or local reason (`expired`, `crowded`, `overdue`, `dead`, …), from a closed list.
        reason: String,
    },
    /// It may have been sent: no status came after the request had left. Or, where its class forbids to send it again, it was
    /// running when its process died, or a gateway gave up on it.
    Unknown,
    /// Easemob took the message back.
    Retracted,
    /// There was nothing to take back: the part was not sent, and will not be.
    NotSent,
    /// It may stand in the chat, and could not be taken back.
    Unretractable {
        /// Error class or local reason (`unknown_id`, `not_recorded`, `not_found`, `too_late`, …), from a closed list.
        reason: String,
    },
}

impl DeliveryResult {
    /// Its name in metrics and rows.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Undelivered { .. } => "undelivered",
            Self::Unknown => "unknown",
            Self::Retracted => "retracted",
            Self::NotSent => "not_sent",
            Self::Unretractable { .. } => "unretractable",
        }
    }

    /// Why it ended so, where there is more than one reason for such an end.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Undelivered { reason } | Self::Unretractable { reason } => Some(reason),
            Self::Sent { .. } | Self::Unknown | Self::Retracted | Self::NotSent => None,
        }
    }

    /// It is the end of a retraction, not of a send.
    pub fn is_retraction(&self) -> bool {
        matches!(self, Self::Retracted | Self::NotSent | Self::Unretractable { .. })
    }
}

/// The result of one send, or of one retraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// Its own id.
    pub id: EventId,
    /// The part that was sent.
    pub answer: AnswerId,
    /// The turn that is answered.
    pub turn: TurnId,
    /// The turn's lane.
    pub lane: Lane,
    /// The bot that speaks.
    pub bot: UserId,
    /// The message that opened the turn.
    pub message: MessageId,
    /// The part's number, from 1.
    pub part: u16,
    /// How many parts the answer has.
    pub parts: u16,
    /// Characters that were sent.
    pub characters: u32,
    /// How it ended.
    pub result: DeliveryResult,
    /// HTTP calls that were made.
    pub attempts: u16,
    /// It may have been sent, or taken back, before, by a process that died.
    #[serde(default)]
    pub rerun: bool,
    /// When the answer was let out, or its retraction decided, by the log's time.
    pub decided_at: Millis,
    /// When the first call started.
    pub started_at: Millis,
    /// When the last call ended.
    pub ended_at: Millis,
}

impl Record for Delivery {
    const TOPIC: Topic = Topic::Deliveries;
    const KINDS: &'static [&'static str] = &["delivery", "retraction"];

    fn kind(&self) -> &'static str {
        if self.result.is_retraction() { "retraction" } else { "delivery" }
    }

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self) -> Option<String> {
        Some(self.lane.text())
    }

    fn time(&self) -> Option<Millis> {
        Some(self.ended_at)
    }

    fn turn(&self) -> Option<TurnId> {
        Some(self.turn)
    }

    fn trace(&self, id: &str) -> Option<Trace> {
        Some(Trace::of_message(&self.message, id))
    }

    fn check(&self) -> Result<(), Invalid> {
        require((1..=self.parts).contains(&self.part), "a part is one of its parts")?;
        require(self.ended_at >= self.started_at, "it ends after it starts")?;
        let sent = matches!(self.result, DeliveryResult::Sent { .. });
        require(!sent || self.attempts > 0, "what was sent was called for")?;
        let retracted = matches!(self.result, DeliveryResult::Retracted);
        require(!retracted || self.attempts > 0, "what was taken back was called for")
    }
}
