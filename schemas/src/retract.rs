//! Taking back what the bot said: orders and findings in the log, topic `events`, and what follows for each part, topic `answers`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conversation::{Conversation, Lane};
use crate::event::of_one_app;
use crate::ids::{AnswerId, EventId, MessageId, TurnId, UserId};
use crate::review::is_category;
use crate::topic::Topic;
use crate::trace::Trace;
use crate::wire::{Invalid, Record, require};

/// Names one answer that was let out, with all its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerReference {
    /// The turn that it answers.
    pub turn: TurnId,
    /// The turn's lane.
    pub lane: Lane,
    /// The bot that spoke.
    pub bot: UserId,
    /// The person who was answered.
    pub user: UserId,
    /// The message that opened the turn.
    pub message: MessageId,
    /// How many parts it has.
    pub parts: u16,
    /// When it was let out, by the log's time.
    pub decided_at: Millis,
}

impl AnswerReference {
    /// Id of one of its parts, from 1.
    pub fn part(&self, number: u16) -> AnswerId {
        AnswerId::derive(&self.turn.to_string(), usize::from(number))
    }

    fn check(&self) -> Result<(), Invalid> {
        require(self.parts > 0, "an answer has parts")?;
        require(
            self.message.app() == self.lane.conversation.app().as_str(),
            "message and lane are of one app",
        )
    }
}

/// What an operator chose the answers of an order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetractScope {
    /// One message, of the bot's or of a person's.
    Message,
    /// A conversation.
    Conversation,
    /// A rule of the filter that hit what was answered, or the answer.
    Rule,
    /// Nothing but a stretch of time.
    Range,
}

impl RetractScope {
    /// Its name in rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Conversation => "conversation",
            Self::Rule => "rule",
            Self::Range => "range",
        }
    }
}

/// An operator's order to take answers of one conversation back, an entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetractOrder {
    /// Its own id.
    pub id: EventId,
    /// The conversation in which all of it was said.
    pub conversation: Conversation,
    /// The answers.
    pub answers: Vec<AnswerReference>,
    /// What they were chosen by.
    pub scope: RetractScope,
    /// Who asked for it.
    pub by: String,
    /// Why, in the operator's words.
    pub why: String,
    /// When it was asked for.
    pub at: Millis,
}

impl RetractOrder {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        require(!self.answers.is_empty(), "an order names answers")?;
        require(
            self.answers.iter().all(|answer| answer.lane.conversation == self.conversation),
            "all answers of an order are of its conversation",
        )?;
        self.answers.iter().try_for_each(AnswerReference::check)
    }
}

/// A finding on an answer that was let out, from outside: the answer is taken back. It names the answer by one of its parts or by a
/// message that it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LateFinding {
    /// Its id at its source.
    pub id: String,
    /// Where the answer was said.
    pub conversation: Conversation,
    /// A part of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<AnswerId>,
    /// A message that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// What is wrong, in a word of 1 to 64 ASCII letters, digits and `-_/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// When it was found.
    pub at: Millis,
}

impl LateFinding {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        require(
            self.reply.is_some() != self.message.is_some(),
            "a finding names a part of an answer or a message that was answered, and not both",
        )?;
        self.message.iter().try_for_each(|message| of_one_app(message, &self.conversation))?;
        let is_word = self.category.as_deref().is_none_or(is_category);
        require(is_word, "a category has 1 to 64 ASCII letters, digits and -_/")
    }
}

/// Why an answer is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetractReason {
    /// A person took back a message that it answers.
    Recalled,
    /// An operator ordered it.
    Ordered,
    /// Somebody found, after it was let out, that it may not stand: the reviewer of an answer that is held, or a source of findings.
    Finding,
}

impl RetractReason {
    /// Its name in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Recalled => "recalled",
            Self::Ordered => "ordered",
            Self::Finding => "finding",
        }
    }
}

/// Takes one part of an answer back, wherever it is: it is not sent if it has not been, and recalled at Easemob if it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retract {
    /// Its own id.
    pub id: EventId,
    /// The part.
    pub answer: AnswerId,
    /// The turn that was answered.
    pub turn: TurnId,
    /// The turn's lane.
    pub lane: Lane,
    /// The bot that spoke.
    pub bot: UserId,
    /// The person who was answered.
    pub user: UserId,
    /// The message that opened the turn.
    pub message: MessageId,
    /// The part's number, from 1.
    pub part: u16,
    /// How many parts the answer has.
    pub parts: u16,
    /// Why.
    pub reason: RetractReason,
    /// When the part was let out, by the log's time: its result in `deliveries` is not older.
    pub let_out_at: Millis,
    /// A recall that has not started by then is given up.
    pub retract_by: Millis,
    /// When it was decided to take it back, by the log's time.
    pub decided_at: Millis,
}

impl Retract {
    /// The value of the header with the kind.
    pub const KIND: &str = "retract";

    /// Of every part of an answer, decided at `now`, to be given up at `retract_by`. What is taken back twice has two ids: `cause` tells
    /// one decision from another.
    pub fn all(
        answer: &AnswerReference,
        cause: &str,
        reason: RetractReason,
        times: RetractTimes,
    ) -> Vec<Self> {
        let of_part = |part| Self {
            id: EventId::derive(&format!("{}:{cause}", answer.part(part)), 1),
            answer: answer.part(part),
            turn: answer.turn,
            lane: answer.lane.clone(),
            bot: answer.bot.clone(),
            user: answer.user.clone(),
            message: answer.message.clone(),
            part,
            parts: answer.parts,
            reason,
            let_out_at: answer.decided_at,
            retract_by: times.by,
            decided_at: times.now,
        };
        (1..=answer.parts).map(of_part).collect()
    }
}

/// When a retraction is decided, and until when it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetractTimes {
    /// The log's time of the decision.
    pub now: Millis,
    /// No recall starts later.
    pub by: Millis,
}

impl Record for Retract {
    const TOPIC: Topic = Topic::Answers;
    const KINDS: &'static [&'static str] = &[Self::KIND];

    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self) -> Option<String> {
        Some(self.lane.text())
    }

    fn time(&self) -> Option<Millis> {
        Some(self.decided_at)
    }

    fn turn(&self) -> Option<TurnId> {
        Some(self.turn)
    }

    fn message(&self) -> Option<&MessageId> {
        Some(&self.message)
    }

    fn trace(&self, id: &str) -> Option<Trace> {
        Some(Trace::of_message(&self.message, id))
    }

    fn check(&self) -> Result<(), Invalid> {
        require((1..=self.parts).contains(&self.part), "a part is one of its parts")?;
        require(self.retract_by >= self.decided_at, "it is tried after it is decided")?;
        require(
            self.message.app() == self.lane.conversation.app().as_str(),
            "message and lane are of one app",
        )
    }
}
