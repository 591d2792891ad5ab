//! One app as the steps read it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemas::answer::DeliveryClass;
use schemas::ids::{TargetName, UserId};
use serde::{Deserialize, Serialize};

/// What Easemob is told about a message to a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerPolicy {
    /// Do not deliver it: the line answers.
    Intercept,
    /// Deliver it as well, so that the user's own turn is in roaming history.
    Pass,
}

/// What Easemob is told when Kafka does not acknowledge in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoAcknowledgement {
    /// Deliver; the record stays queued and is answered late.
    Pass,
    /// Do not deliver; a `withdrawn` record follows, and the message is dropped.
    Reject,
}

/// Which messages are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordPolicy {
    /// Those that speak to a bot.
    Ai,
    /// And those that the filter hit.
    Hits,
    /// All.
    All,
}

/// What is one lane in groups and rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LanePolicy {
    /// Each sender is answered in turn.
    Sender,
    /// The whole conversation is answered in turn.
    Conversation,
}

/// What the bot says when it cannot answer; an empty text sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Canned {
    /// The message was stopped by the filter.
    pub blocked: String,
    /// No target gave an answer that may go out.
    pub failed: String,
    /// It took too long.
    pub expired: String,
    /// The model used its tokens up before it said anything; as `failed` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
    /// The message has nothing that a model could answer.
    pub unanswerable: String,
}

/// One app. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct App {
    /// Bots, each with the names by which it is mentioned.
    pub bots: BTreeMap<UserId, Vec<String>>,
    /// What Easemob is told about a message to a bot.
    pub answer: AnswerPolicy,
    /// What Easemob is told when Kafka does not acknowledge in time.
    pub no_acknowledgement: NoAcknowledgement,
    /// Which messages are published.
    pub record: RecordPolicy,
    /// What is one lane in groups and rooms.
    pub lane: LanePolicy,
    /// Targets in the order in which they are tried.
    pub chain: Vec<TargetName>,
    /// Regions that a target of this app may be in.
    pub allowed_regions: Vec<String>,
    /// First line of every prompt; may be empty.
    pub system_prompt: String,
    /// Most turns of history in a prompt.
    pub history_turns: u32,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
    /// Sampling temperature, in thousandths.
    pub temperature_milli: Option<u32>,
    /// No attempt starts later than this after the decision.
    pub answer_within_ms: i64,
    /// A turn whose request vanished is given up after this time.
    pub lost_after_ms: i64,
    /// Messages that follow one another within this time are one turn.
    pub merge_window_ms: i64,
    /// Duplicates are recognised for this long; older messages are refused.
    pub duplicate_horizon_ms: i64,
    /// A conversation without any message for this long is forgotten.
    pub forget_after_ms: i64,
    /// Largest part of an answer, in bytes of the text as JSON.
    pub part_bytes: u32,
    /// What happens after a crash to a send that may have been made.
    pub delivery: DeliveryClass,
    /// A send that has not started by then is given up.
    pub send_within_ms: i64,
    /// What the bot says when it cannot answer.
    pub canned: Canned,
    /// Appended to every model-made answer; may be empty.
    pub label: String,
}
