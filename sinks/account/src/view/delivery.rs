//! The result of a send, or of a retraction.

use schemas::Millis;
use schemas::ids::{AnswerId, MessageId, TurnId, UserId};
use schemas::wire::{Invalid, require};
use serde::Deserialize;

use super::{Id, Str};

/// [`schemas::delivery::Delivery`] as rows need it.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Delivery<'a> {
    pub(crate) answer: AnswerId,
    pub(crate) turn: TurnId,
    #[serde(borrow)]
    pub(crate) lane: Str<'a>,
    #[serde(borrow)]
    pub(crate) bot: Id<'a, UserId>,
    #[serde(borrow)]
    pub(crate) message: Id<'a, MessageId>,
    pub(crate) part: u16,
    pub(crate) parts: u16,
    pub(crate) characters: u32,
    #[serde(borrow)]
    pub(crate) result: DeliveryResult<'a>,
    pub(crate) attempts: u16,
    #[serde(default)]
    pub(crate) rerun: bool,
    pub(crate) decided_at: Millis,
    pub(crate) started_at: Millis,
    pub(crate) ended_at: Millis,
}

/// How it ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Sent,
    Undelivered,
    Unknown,
    Retracted,
    NotSent,
    Unretractable,
}

/// A result with whatever its end has. A tagged enum would be read into a tree first.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct DeliveryResult<'a> {
    pub(crate) end: End,
    #[serde(borrow)]
    easemob_id: Option<Str<'a>>,
    #[serde(borrow)]
    reason: Option<Str<'a>>,
}

impl DeliveryResult<'_> {
    /// Its name in rows.
    pub(crate) fn label(&self) -> &'static str {
        match self.end {
            End::Sent => "sent",
            End::Undelivered => "undelivered",
            End::Unknown => "unknown",
            End::Retracted => "retracted",
            End::NotSent => "not_sent",
            End::Unretractable => "unretractable",
        }
    }

    /// Why it ended so, empty where there is only one reason for such an end.
    pub(crate) fn reason(&self) -> &str {
        match self.end {
            End::Undelivered | End::Unretractable => self.reason.as_deref().unwrap_or_default(),
            End::Sent | End::Unknown | End::Retracted | End::NotSent => "",
        }
    }

    /// Easemob's id of what was sent, empty for anything else.
    pub(crate) fn easemob_id(&self) -> &str {
        self.easemob_id.as_deref().filter(|_| self.end == End::Sent).unwrap_or_default()
    }
}

impl Delivery<'_> {
    /// Whether every field is there that its result needs.
    pub(crate) fn is_whole(&self) -> bool {
        match self.result.end {
            End::Sent => self.result.easemob_id.is_some(),
            End::Undelivered | End::Unretractable => self.result.reason.is_some(),
            End::Unknown | End::Retracted | End::NotSent => true,
        }
    }

    /// Checks what the record's own rules check.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        require((1..=self.parts).contains(&self.part), "a part is one of its parts")?;
        require(self.ended_at >= self.started_at, "it ends after it starts")?;
        require(self.result.end != End::Sent || self.attempts > 0, "what was sent was called for")?;
        require(self.result.end != End::Retracted || self.attempts > 0, "what was taken back was called for")
    }
}
