//! How a request ended, and every attempt that was made on the way. Travels back to `events`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conversation::Lane;
use crate::ids::{EventId, MessageId, RequestId, TargetName, TurnId, UserId};
use crate::money::Money;
use crate::request::{Request, RequestKind, RouteMark};
use crate::review::{AnswerReview, Level};
use crate::text::Text;
use crate::verdict::Verdict;
use crate::wire::{Invalid, require};

/// The end of one request. Every request has exactly one, written by call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answered {
    /// Its own id.
    pub id: EventId,
    /// The request that ended.
    pub request: RequestId,
    /// What kind of work it was.
    pub kind: RequestKind,
    /// The turn that it was for.
    pub turn: TurnId,
    /// The turn's lane.
    pub lane: Lane,
    /// The message that opened the turn.
    pub message: MessageId,
    /// The person for whom it was made. Records of earlier versions have it not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The tier of that person, if the request had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Every attempt whose result is known, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The review of its answer, if the filter held that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Box<AnswerReview>>,
    /// An earlier run of this request may have reached a provider and left no trace.
    #[serde(default)]
    pub rerun: bool,
    /// What chose its targets; absent where the request does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Box<RouteMark>>,
    /// When it was decided to ask, by the log's time. Records of earlier versions have it not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Millis>,
    /// When the call step took the request up.
    pub started_at: Millis,
    /// When it ended.
    pub ended_at: Millis,
}

impl Answered {
    /// Every attempt, those of the answer's review as well.
    pub fn all_attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().chain(self.review.iter().flat_map(|review| &review.attempts))
    }

    /// The id of the one outcome that a request has.
    pub fn id_of(request: RequestId) -> EventId {
        EventId::derive(&request.to_string(), 0)
    }

    /// The end of a request, without any attempt.
    pub fn of(request: &Request, outcome: Outcome, started_at: Millis, ended_at: Millis) -> Self {
        Self {
            id: Self::id_of(request.id),
            request: request.id,
            kind: request.kind,
            turn: request.turn,
            lane: request.lane.clone(),
            message: request.message.clone(),
            user: Some(request.user.clone()),
            tier: request.tier.clone(),
            outcome,
            attempts: Vec::new(),
            review: None,
            rerun: false,
            route: request.route.clone(),
            decided_at: Some(request.decided_at),
            started_at,
            ended_at,
        }
    }

    /// Checks what must hold between the fields.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn check(&self) -> Result<(), Invalid> {
        require(self.ended_at >= self.started_at, "it ends after it starts")?;
        require(
            self.message.app() == self.lane.conversation.app().as_str(),
            "message and lane are of one app",
        )?;
        let counted = self.attempts.iter().enumerate().all(|(i, a)| usize::from(a.number) == i + 1);
        require(counted, "attempts are numbered from 1")?;
        let of_review = self.review.iter().flat_map(|review| &review.attempts).enumerate();
        let counted = of_review.into_iter().all(|(i, a)| usize::from(a.number) == i + 1);
        require(counted, "attempts of a review are numbered from 1")?;
        let reviewed = matches!(self.outcome, Outcome::Reviewed { .. });
        require(!reviewed || self.kind.is_review(), "a verdict is the end of a review")?;
        let answered = reviewed || matches!(self.outcome, Outcome::Done { .. });
        let last_ok = self.attempts.last().is_some_and(|a| a.error.is_none());
        require(!answered || last_ok, "an answer comes from a last attempt without error")
    }
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum Outcome {
    /// A model answered, and the review lets it out.
    Done {
        /// The answer as reviewed.
        text: Text,
        /// The reviewer's verdict.
        verdict: Verdict,
        /// Target that answered.
        target: TargetName,
        /// It was cut at the output limit.
        #[serde(default)]
        truncated: bool,
    },
    /// The reviewer has spoken.
    Reviewed {
        /// What it says.
        level: Level,
        /// Its own word for what is wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// Who reviewed.
        reviewer: TargetName,
    },
    /// No target gave an answer that may go out.
    Failed {
        /// Error class or local reason, from a closed list.
        reason: String,
        /// The reviewer's verdict, when it was the reviewer who stopped it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<Verdict>,
    },
    /// `answer_by` had passed before an attempt could start.
    Expired,
    /// It was called off, before it ran or while it did.
    Cancelled,
    /// It cannot be run at all; its record is in the dead letters.
    Dead {
        /// Closed label of the reason.
        reason: String,
    },
}

impl Outcome {
    /// The reviewer's verdict, if there was an answer to review.
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Done { verdict, .. } => Some(verdict),
            Self::Failed { verdict, .. } => verdict.as_ref(),
            Self::Reviewed { .. } | Self::Expired | Self::Cancelled | Self::Dead { .. } => None,
        }
    }

    /// Its name in metrics and rows.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Reviewed { .. } => "reviewed",
            Self::Failed { .. } => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Dead { .. } => "dead",
        }
    }
}

/// Longest text of a provider's usage that a record carries, in bytes.
pub const LONGEST_RAW_USAGE: usize = 2_048;

/// One HTTP call to one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Counted from 1 within the request.
    pub number: u16,
    /// Target that was called.
    pub target: TargetName,
    /// Its provider.
    pub provider: String,
    /// Model that was asked for.
    pub model: String,
    /// Model that says it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_answered: Option<String>,
    /// Region of the target.
    pub region: String,
    /// Which of the target's keys it carried, counted from 1. Absent where the target has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u16>,
    /// When it started.
    pub started_at: Millis,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// From its start to the first token of its stream, said or thought, in milliseconds. Absent when none came, or when the reply
    /// was no stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_first_token_ms: Option<u32>,
    /// Error class, from a closed list; absent on success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The provider's own error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What was wrong, in our words: what came in place of an answer, and where an address has moved to. Holds no text
    /// that a person wrote or a model said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// HTTP status, if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's id of the call, for support cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_request: Option<String>,
    /// Why generation ended, in the provider's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// What of the prompt the provider's filter objects to; absent when it does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flagged: Option<Flagged>,
    /// Tokens; absent when the provider told none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What the provider said of its usage, as JSON text in its own words, at most [`LONGEST_RAW_USAGE`] bytes; absent when it said
    /// nothing, or more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_usage: Option<String>,
    /// The provider's counts contradict each other: `usage` has them as told, and they are not priced.
    #[serde(default, skip_serializing_if = "is_false")]
    pub usage_contradicts: bool,
    /// The provider may bill it, whether or not its cost is known. Records of earlier versions have it not: there an
    /// attempt without error, or with usage, may be billed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub may_be_billed: bool,
    /// What it cost by the price table; absent when the price or the usage is unknown or the
    /// usage contradicts itself, which is not the same as free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Id of the price row that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What of a prompt a provider's filter objects to: whatever it is, later prompts that have it are refused as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flagged {
    /// What the person asks now, or the answer to it.
    Question,
    /// An earlier question or its answer: the one that stands so many questions before this one.
    Earlier(u32),
    /// Something of the conversation that is not named.
    Conversation,
}

/// Where token counts come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider counted.
    #[default]
    Provider,
    /// We estimated.
    Estimated,
}

/// Tokens of one attempt, normalised over providers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// The whole prompt, whatever part of it was read from a cache or written to it.
    pub input: u64,
    /// Part of the prompt that was read from the provider's cache.
    #[serde(default)]
    pub cached: u64,
    /// Part of the prompt that was written to the provider's cache, to be kept for minutes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub input_cache_write_5m: u64,
    /// Part of the prompt that was written to the provider's cache, to be kept for an hour.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub input_cache_write_1h: u64,
    /// The whole completion, reasoning included.
    pub output: u64,
    /// Part of the completion that was reasoning.
    #[serde(default)]
    pub reasoning: u64,
    /// Where the counts come from.
    pub source: UsageSource,
}
