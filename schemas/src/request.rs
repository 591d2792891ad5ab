//! Work for the call step, topic `requests`: the fully built model call.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conversation::Lane;
use crate::ids::{BundleHash, MessageId, RequestId, TargetName, TurnId, UserId};
use crate::text::Text;
use crate::topic::Topic;
use crate::trace::Trace;
use crate::wire::{Invalid, Record, require};

/// What kind of work is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Answer a turn.
    Answer,
    /// Review a message that the filter holds, before its turn goes on: `chain` names the reviewer, and the prompt is what the
    /// message says.
    Review,
    /// Review an answer that was let out although the filter holds it, as a message is reviewed; the prompt is what was said. Its turn is
    /// over, and nothing waits for it.
    AnswerReview,
    /// Sum up what leaves the history, before the turn that needs the room is asked.
    Summary,
}

impl RequestKind {
    /// Its name in headers, metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Review => "review",
            Self::AnswerReview => "answer_review",
            Self::Summary => "summary",
        }
    }

    /// Whether a reviewer is asked, and no model.
    pub fn is_review(self) -> bool {
        match self {
            Self::Answer | Self::Summary => false,
            Self::Review | Self::AnswerReview => true,
        }
    }

    /// Every kind of this version.
    pub const ALL: [Self; 4] = [Self::Answer, Self::Review, Self::AnswerReview, Self::Summary];

    /// Id of the one request of this kind that a turn may have.
    pub fn of_turn(self, turn: TurnId) -> RequestId {
        let ordinal = match self {
            Self::Answer => 0,
            Self::Review => 1,
            Self::AnswerReview => 2,
            Self::Summary => 3,
        };
        RequestId::derive(&turn.to_string(), ordinal)
    }
}

/// Who says a line of the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The operator.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One line of the prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromptLine {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub text: Text,
    /// Addresses of pictures that are shown with it, in order; only in what the person says now. A model gets them from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Text>,
}

impl PromptLine {
    /// A line without pictures.
    pub fn new(role: Role, text: impl Into<Text>) -> Self {
        Self { role, text: text.into(), images: Vec::new() }
    }
}

/// What chose the targets of a request, in short, for whoever accounts for it. The decision has the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteMark {
    /// The rule.
    pub rule: String,
    /// Class of the question's complexity, `simple`, `standard` or `hard`; absent where no rule asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Arm of each experiment of the app.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arms: BTreeMap<String, String>,
}

/// One model call to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// What kind of work it is.
    pub kind: RequestKind,
    /// The turn that it is for.
    pub turn: TurnId,
    /// The turn's lane.
    pub lane: Lane,
    /// The bot that will answer.
    pub bot: UserId,
    /// The person who is answered.
    pub user: UserId,
    /// The message that opened the turn.
    pub message: MessageId,
    /// The tier of that person, if the app gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// How many turns its lane gets at the pace of a target for one of a lane without a weight, where lanes of its app wait; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Targets to try, in order.
    pub chain: Vec<TargetName>,
    /// Regions that a target may be in; call checks again.
    pub allowed_regions: Vec<String>,
    /// The prompt, in order.
    pub prompt: Vec<PromptLine>,
    /// Most tokens that the answer may have.
    pub max_output_tokens: u32,
    /// Sampling temperature in thousandths; absent leaves the provider's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_milli: Option<u32>,
    /// Whether models may think before they answer, as far as each can be told; absent leaves it to the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<bool>,
    /// Texts at which the answer ends; they are not part of it. Models that take none are not told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Whether another target is asked after one refused the content; absent leaves it to the call step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_after_block: Option<bool>,
    /// When the first token of an attempt has not come after this time, in milliseconds, a second attempt starts at the next free
    /// target; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge_after_ms: Option<u32>,
    /// No attempt starts after this time.
    pub answer_by: Millis,
    /// The bundle that decided.
    pub bundle: BundleHash,
    /// What chose the targets; absent where an app has no routes and no experiments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Box<RouteMark>>,
    /// When the turn was decided, by the log's time.
    pub decided_at: Millis,
}

impl Record for Request {
    const TOPIC: Topic = Topic::Requests;
    const KINDS: &'static [&'static str] = &["answer", "review", "answer_review", "summary"];

    fn kind(&self) -> &'static str {
        self.kind.label()
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

    fn size(&self) -> usize {
        let lines = self.prompt.iter().map(|line| 64 + line.text.size() + 256 * line.images.len());
        1_024 + lines.sum::<usize>()
    }

    fn trace(&self, id: &str) -> Option<Trace> {
        Some(Trace::of_message(&self.message, id))
    }

    fn check(&self) -> Result<(), Invalid> {
        require(!self.chain.is_empty(), "a chain names at least one target")?;
        require(self.prompt.iter().any(|line| line.role == Role::User), "a prompt has a user's line")?;
        let shown = self.prompt.iter().filter(|line| !line.images.is_empty());
        require(shown.into_iter().all(|line| line.role == Role::User), "pictures are a person's")?;
        require(self.weight != Some(0), "a weight is at least 1")?;
        require(self.max_output_tokens > 0, "an answer may have at least one token")?;
        require(self.answer_by >= self.decided_at, "an answer is due after its decision")?;
        require(
            self.message.app() == self.lane.conversation.app().as_str(),
            "message and lane are of one app",
        )
    }
}
