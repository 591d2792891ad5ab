//! What was decided on each input of the fold, topic `decisions`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conditions::Condition;
use crate::conversation::{Conversation, Lane};
use crate::event::{CallbackReply, MessageKind};
use crate::ids::{BundleHash, DecisionId, MessageId, RequestId, TargetName, TurnId, UserId};
use crate::request::RouteMark;
use crate::tier::Tier;
use crate::topic::Topic;
use crate::trace::Trace;
use crate::verdict::Verdict;
use crate::wire::{Invalid, Record, require};

/// What came of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// No bot is meant: nothing to do.
    Passed,
    /// The verdict stops it.
    Blocked,
    /// It opens a turn, and a request goes out.
    Asked,
    /// It opens a turn, and the filter holds it: a review goes out.
    Held,
    /// It waits for the turn in flight, or for the merge window.
    Waits,
    /// It was seen before.
    Duplicate,
    /// It is too old to know whether it was seen before.
    TooOld,
    /// Its callback was answered with a rejection, so it is dropped.
    Withdrawn,
    /// It was taken back before it was answered.
    Cancelled,
    /// It has nothing that a model could answer.
    Unanswerable,
    /// A person has the conversation.
    TakenOver,
    /// No bundle holds yet, or the bundle does not know the app.
    Unconfigured,
    /// An outcome, let out as an answer.
    Answered,
    /// An outcome that is not let out: its turn is over, cancelled or answered already.
    Late,
    /// A turn whose request vanished: given up by its safety timer.
    Lost,
    /// The state changed and nothing goes out.
    Noted,
}

impl Ruling {
    /// Its name in metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Blocked => "blocked",
            Self::Asked => "asked",
            Self::Held => "held",
            Self::Waits => "waits",
            Self::Duplicate => "duplicate",
            Self::TooOld => "too_old",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled => "cancelled",
            Self::Unanswerable => "unanswerable",
            Self::TakenOver => "taken_over",
            Self::Unconfigured => "unconfigured",
            Self::Answered => "answered",
            Self::Late => "late",
            Self::Lost => "lost",
            Self::Noted => "noted",
        }
    }
}

/// The targets that were chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// Targets in the order in which they are tried; none where a rule answers by itself.
    pub chain: Vec<TargetName>,
    /// The rule that chose them.
    pub rule: String,
    /// How the rule was found; absent where an app has no routes and no experiments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Box<Why>>,
}

impl Route {
    /// What a request carries of it; nothing where an app has no routes and no experiments.
    pub fn mark(&self) -> Option<RouteMark> {
        let why = self.why.as_ref()?;
        let class = why.complexity.as_ref().map(|complexity| complexity.class.clone());
        Some(RouteMark { rule: self.rule.clone(), class, arms: why.arms.clone() })
    }
}

/// Most rules that a record lists as skipped; the others are counted.
pub const MOST_SKIPPED: usize = 16;

/// How a route was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// How much work an answer takes; absent where no rule asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<Complexity>,
    /// Arm of each experiment of the app.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arms: BTreeMap<String, String>,
    /// Rules before it that did not hold, in their order, at most [`MOST_SKIPPED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// How many more were skipped than are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_off: u32,
    /// The prompt's template could not be filled in: the app's own instructions stand in its place.
    #[serde(default, skip_serializing_if = "is_false")]
    pub template_failed: bool,
    /// Targets of which call had told something else than that they can be called at once, as far as rules or the chain asked for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<TargetName, Condition>,
    /// Targets that the chain leaves out because they were not called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub avoided: Vec<TargetName>,
    /// The target that the session stays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinTold>,
    /// Every rule with each of its conditions, where somebody wants to see them. No decision in the log has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weighed: Vec<WeighedRule>,
}

/// The target that a session stays on, and whether this turn does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinTold {
    /// The target.
    pub target: TargetName,
    /// Why the turn does not begin with it, in a closed word; absent where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}

/// A rule, with what a turn has of what it asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WeighedRule {
    /// Its name.
    pub rule: String,
    /// Its conditions, in the order in which they are looked at.
    pub conditions: Vec<WeighedCondition>,
}

/// A condition of a rule, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WeighedCondition {
    /// Its key in the file.
    pub condition: String,
    /// Whether it holds.
    pub holds: bool,
    /// What the turn has of it, in a word; empty where that says no more than `holds`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub is: String,
}

/// How much work an answer takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Complexity {
    /// From 0 to 1000.
    pub score: u32,
    /// Its class: `simple`, `standard` or `hard`.
    pub class: String,
    /// What the score was added up from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Signal>,
}

/// Something that was found in a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signal {
    /// What.
    pub name: String,
    /// What it adds to the score.
    pub points: i32,
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The rule.
    pub rule: String,
    /// The first of its conditions that did not hold.
    pub by: String,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// One decision: one input of the fold, or one timer that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// Kind of the input: `message`, `missed`, `answered`, `recall`, `clock`, …
    pub input: String,
    /// What came of it.
    pub ruling: Ruling,
    /// Where.
    pub conversation: Conversation,
    /// The lane, where one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    /// The message that was decided on, or that opened the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Who sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<UserId>,
    /// What kind of content it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_kind: Option<MessageKind>,
    /// Characters of its text.
    #[serde(default)]
    pub characters: u32,
    /// What Easemob was told about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<CallbackReply>,
    /// The turn that it opened, joined or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// The request that went out or came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Messages that the turn answers, when one was opened.
    #[serde(default)]
    pub merged: u32,
    /// The verdict that was applied: the stricter one of ingest's and ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The route that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// The tier of whoever sent the message, if the app gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Why, in closed words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// How the person rates the turn, from 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// Parts that were let out.
    #[serde(default)]
    pub parts: u16,
    /// The bundle that held; absent before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleHash>,
    /// Hash of the conversation's state before this input, 16 hex digits.
    pub state_before: String,
    /// Partition of the input.
    pub partition: i32,
    /// Offset of the input.
    pub offset: i64,
    /// Easemob's time of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Millis>,
    /// When its callback reached us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Millis>,
    /// When it was decided, by the log's time.
    pub at: Millis,
}

impl Decision {
    /// Whether it is the decision on the message that was its input. A message can lead to others beside it: on messages that waited for a
    /// turn that it ends.
    pub fn is_on_its_message(&self) -> bool {
        matches!(self.input.as_str(), "message" | "missed") && self.reply.is_some()
    }
}

impl Record for Decision {
    const TOPIC: Topic = Topic::Decisions;
    const KINDS: &'static [&'static str] = &["decision"];

    fn kind(&self) -> &'static str {
        "decision"
    }

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self) -> Option<String> {
        Some(self.lane.as_ref().map_or_else(|| self.conversation.text(), Lane::text))
    }

    fn time(&self) -> Option<Millis> {
        Some(self.at)
    }

    fn turn(&self) -> Option<TurnId> {
        self.turn
    }

    fn trace(&self, id: &str) -> Option<Trace> {
        self.message.as_ref().map(|m| Trace::of_message(m, id))
    }

    fn check(&self) -> Result<(), Invalid> {
        let hex = self.state_before.len() == 16 && self.state_before.bytes().all(|b| b.is_ascii_hexdigit());
        require(hex, "a state's hash is 16 hex digits")?;
        let of_turn = matches!(self.ruling, Ruling::Asked | Ruling::Held | Ruling::Answered | Ruling::Lost);
        require(!of_turn || self.turn.is_some(), "who asks, holds, answers or gives up names the turn")
    }
}
