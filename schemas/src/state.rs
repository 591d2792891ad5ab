//! Snapshots of decide's state, topic `states`: one core per conversation, each turn of history, each waiting message and
//! each bucket of seen messages under a key of its own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::event::MessageKind;
use crate::ids::{BundleHash, MessageId, RequestId, TurnId, UserId};
use crate::text::Text;

/// Version of all snapshots; another major version is not restored.
pub const STATE_VERSION: u16 = 1;

/// Control state of one partition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlState {
    /// [`STATE_VERSION`].
    pub version: u16,
    /// The bundle that holds; absent before the first `config` record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleHash>,
}

/// Core state of one conversation. Everything that grows is under other keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoreState {
    /// [`STATE_VERSION`].
    pub version: u16,
    /// The log's time as this conversation knows it: never goes back.
    pub time: Millis,
    /// When the conversation is forgotten, unless something happens in it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forget_at: Option<Millis>,
    /// Lanes in which something is pending, by sender; the conversation's own lane has the empty name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lanes: BTreeMap<String, LaneState>,
    /// The person who has the conversation, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// Chained hash of every change of the other entries, 16 hex digits; empty at first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// State of one lane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LaneState {
    /// The turn in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnState>,
    /// Messages that wait, in the order in which they will be said: their keys in the waiting entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<u64>,
    /// When the merge window closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_until: Option<Millis>,
    /// When it closes however many messages follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_limit: Option<Millis>,
    /// Somebody was told that no more messages may wait, and no turn has opened since.
    #[serde(default, skip_serializing_if = "is_false")]
    pub told_full: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A turn in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnState {
    /// The turn.
    pub id: TurnId,
    /// Its request.
    pub request: RequestId,
    /// Number of its entry in the history.
    pub number: u64,
    /// When it is given up as lost.
    pub lost_at: Millis,
    /// It was called off: its outcome is booked and not let out.
    #[serde(default)]
    pub cancelled: bool,
}

/// One turn of history; without an answer while it is in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryTurn {
    /// [`STATE_VERSION`].
    pub version: u16,
    /// What was asked.
    pub asked: Vec<WaitingMessage>,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Text>,
    /// Nothing was asked: a person wrote the answer by hand from the bot's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<ByHand>,
}

/// A message that a person wrote by hand from a bot's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ByHand {
    /// The message.
    pub message: MessageId,
    /// The bot whose account was used.
    pub bot: UserId,
    /// Easemob's time of the message.
    pub sent_at: Millis,
}

/// A message that waits for its turn, or belongs to one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingMessage {
    /// The message.
    pub id: MessageId,
    /// Who sent it.
    pub sender: UserId,
    /// The bot that it speaks to.
    pub bot: UserId,
    /// What kind of content it has.
    pub kind: MessageKind,
    /// What was said, as the guard lets it through.
    pub text: Text,
    /// Easemob's time of the message.
    pub sent_at: Millis,
    /// Turns that held it and were called off, so that no two turns have one id.
    #[serde(default, skip_serializing_if = "first_round")]
    pub round: u32,
}

fn first_round(round: &u32) -> bool {
    *round == 0
}

/// Messages seen in one stretch of time, so that duplicates fall.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenBucket {
    /// [`STATE_VERSION`].
    pub version: u16,
    /// First 8 bytes of the SHA-256 of each message's id, sorted.
    pub ids: Vec<u64>,
}
