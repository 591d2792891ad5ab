//! How a request ended.

use std::collections::BTreeMap;

use schemas::answered::Usage;
use schemas::ids::{EventId, MessageId, RequestId, TargetName, TurnId, UserId};
use schemas::request::RequestKind;
use schemas::review::Level;
use schemas::wire::{Invalid, require};
use schemas::{Millis, conversation::SpeltLane};
use serde::Deserialize;

use super::{Id, Money, Str, Verdict};

/// [`schemas::answered::Answered`] as rows need it: without the answer's text.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Answered<'a> {
    pub(crate) id: EventId,
    pub(crate) request: RequestId,
    pub(crate) kind: RequestKind,
    pub(crate) turn: TurnId,
    #[serde(borrow)]
    pub(crate) lane: Str<'a>,
    #[serde(borrow)]
    pub(crate) message: Id<'a, MessageId>,
    #[serde(borrow)]
    pub(crate) user: Option<Id<'a, UserId>>,
    #[serde(borrow)]
    pub(crate) tier: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) outcome: Outcome<'a>,
    #[serde(borrow, default)]
    pub(crate) attempts: Vec<Attempt<'a>>,
    #[serde(borrow)]
    pub(crate) review: Option<AnswerReview<'a>>,
    #[serde(default)]
    pub(crate) rerun: bool,
    #[serde(borrow)]
    pub(crate) route: Option<RouteMark<'a>>,
    pub(crate) decided_at: Option<Millis>,
    pub(crate) started_at: Millis,
    pub(crate) ended_at: Millis,
}

/// How a request ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Done,
    Reviewed,
    Failed,
    Expired,
    Cancelled,
    Dead,
}

impl End {
    /// Its name in rows.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Reviewed => "reviewed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
        }
    }
}

/// An outcome with whatever its end has. A tagged enum would be read into a tree first.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Outcome<'a> {
    pub(crate) end: End,
    #[serde(borrow)]
    pub(crate) verdict: Option<Verdict<'a>>,
    #[serde(borrow)]
    pub(crate) target: Option<Id<'a, TargetName>>,
    #[serde(default)]
    pub(crate) truncated: bool,
    pub(crate) level: Option<Level>,
    #[serde(borrow)]
    pub(crate) reviewer: Option<Id<'a, TargetName>>,
    #[serde(borrow)]
    pub(crate) reason: Option<Str<'a>>,
}

impl Outcome<'_> {
    /// It has what every outcome of its end has.
    fn is_whole(&self) -> bool {
        match self.end {
            End::Done => self.verdict.is_some() && self.target.is_some(),
            End::Reviewed => self.level.is_some() && self.reviewer.is_some(),
            End::Failed | End::Dead => self.reason.is_some(),
            End::Expired | End::Cancelled => true,
        }
    }

    /// Why it ended so, where there is more than one reason for such an end.
    pub(crate) fn reason(&self) -> &str {
        match self.end {
            End::Failed | End::Dead => self.reason.as_deref().unwrap_or_default(),
            End::Done | End::Reviewed | End::Expired | End::Cancelled => "",
        }
    }

    /// What the reviewer of a message says, empty where none was asked.
    pub(crate) fn level(&self) -> &'static str {
        self.level.filter(|_| self.end == End::Reviewed).map_or("", Level::label)
    }

    /// Who answered or reviewed, empty where nobody did.
    pub(crate) fn target(&self) -> &str {
        match self.end {
            End::Done => self.target.as_deref().unwrap_or_default(),
            End::Reviewed => self.reviewer.as_deref().unwrap_or_default(),
            End::Failed | End::Expired | End::Cancelled | End::Dead => "",
        }
    }

    /// The answer was cut at the output limit.
    pub(crate) fn is_truncated(&self) -> bool {
        self.truncated && self.end == End::Done
    }

    /// The verdict on the answer, if there was one to review.
    pub(crate) fn verdict(&self) -> Option<&Verdict<'_>> {
        self.verdict.as_ref().filter(|_| matches!(self.end, End::Done | End::Failed))
    }
}

/// The review of an answer.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct AnswerReview<'a> {
    #[serde(borrow, default)]
    pub(crate) attempts: Vec<Attempt<'a>>,
}

/// What chose the targets.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct RouteMark<'a> {
    #[serde(borrow)]
    pub(crate) rule: Str<'a>,
    #[serde(borrow)]
    pub(crate) class: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) arms: BTreeMap<Str<'a>, Str<'a>>,
}

/// One HTTP call to one target.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Attempt<'a> {
    pub(crate) number: u16,
    #[serde(borrow)]
    pub(crate) target: Id<'a, TargetName>,
    #[serde(borrow)]
    pub(crate) provider: Str<'a>,
    #[serde(borrow)]
    pub(crate) model: Str<'a>,
    #[serde(borrow)]
    pub(crate) model_answered: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) region: Str<'a>,
    pub(crate) key: Option<u16>,
    pub(crate) started_at: Millis,
    pub(crate) duration_ms: u32,
    pub(crate) time_to_first_token_ms: Option<u32>,
    #[serde(borrow)]
    pub(crate) error: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) code: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) detail: Option<Str<'a>>,
    pub(crate) status: Option<u16>,
    #[serde(borrow)]
    pub(crate) provider_request: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) finish: Option<Str<'a>>,
    pub(crate) usage: Option<Usage>,
    #[serde(borrow)]
    pub(crate) raw_usage: Option<Str<'a>>,
    #[serde(default)]
    pub(crate) usage_contradicts: bool,
    #[serde(default)]
    pub(crate) may_be_billed: bool,
    #[serde(borrow)]
    pub(crate) cost: Option<Money<'a>>,
    #[serde(borrow)]
    pub(crate) price: Option<Str<'a>>,
}

impl Answered<'_> {
    /// Whether every field is there that its outcome needs.
    pub(crate) fn is_whole(&self) -> bool {
        self.outcome.is_whole()
    }

    /// Checks what [`schemas::answered::Answered::check`] checks.
    pub(crate) fn check(&self, lane: &SpeltLane<'_>) -> Result<(), Invalid> {
        require(self.ended_at >= self.started_at, "it ends after it starts")?;
        require(
            MessageId::app_of(&self.message) == lane.conversation.app(),
            "message and lane are of one app",
        )?;
        require(are_numbered(&self.attempts), "attempts are numbered from 1")?;
        let review = self.review.as_ref().is_none_or(|review| are_numbered(&review.attempts));
        require(review, "attempts of a review are numbered from 1")?;
        let reviewed = self.outcome.end == End::Reviewed;
        require(!reviewed || self.kind.is_review(), "a verdict is the end of a review")?;
        let answered = reviewed || self.outcome.end == End::Done;
        let last_ok = self.attempts.last().is_some_and(|attempt| attempt.error.is_none());
        require(!answered || last_ok, "an answer comes from a last attempt without error")
    }
}

fn are_numbered(attempts: &[Attempt<'_>]) -> bool {
    attempts.iter().enumerate().all(|(i, attempt)| usize::from(attempt.number) == i + 1)
}
