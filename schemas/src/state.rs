//! Snapshots of decide's state, topic `states`: one core per conversation, each turn of history, each waiting message, each
//! answer that may be taken back and each bucket of seen messages under a key of its own.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conditions::TargetConditions;
use crate::event::MessageKind;
use crate::ids::{BundleHash, MessageId, RequestId, TargetName, TurnId, UserId};
use crate::request::RequestKind;
use crate::retract::AnswerReference;
use crate::text::Text;
use crate::verdict::OnError;

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
    /// What call told last of its targets; absent before it told anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Told>,
}

/// What call told of its targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// When it was appended, by the log's time.
    pub at: Millis,
    /// Targets of which there was something to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<TargetName, TargetConditions>,
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
    /// When the bot answers again without being handed the conversation; it waits for that if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_until: Option<Millis>,
    /// Answers of the last minute by person, oldest window first; only where the app limits them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<RecentAnswers>,
    /// Questions that were asked lately, oldest first; only where a route asks whether one comes again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<AskedBefore>,
    /// Targets that sessions stay on, the one that was pinned first in front; only where something pins them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
    /// Chained hash of every change of the other entries, 16 hex digits; empty at first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// Answers to one person within one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecentAnswers {
    /// The person.
    pub person: UserId,
    /// When the minute began.
    pub since: Millis,
    /// Answers that were asked for or given in it.
    pub answers: u32,
    /// The person was told that there are no more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub told: bool,
}

/// A question that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AskedBefore {
    /// First 8 bytes of the SHA-256 of its folded text.
    pub text: u64,
    /// When its turn opened.
    pub at: Millis,
}

/// The target that a lane's session stays on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// The lane, by its sender; the conversation's own has the empty name.
    pub lane: String,
    /// The target.
    pub target: TargetName,
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
    /// What it waits for.
    #[serde(flatten)]
    pub phase: Phase,
    /// Number of its entry in the history.
    pub number: u64,
    /// When it is given up as lost.
    pub lost_at: Millis,
    /// When the person is told that it takes longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_at: Option<Millis>,
    /// It was called off: its outcome is booked and not let out.
    #[serde(default)]
    pub cancelled: bool,
    /// The session stays on the target that answers it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pins: bool,
}

impl TurnState {
    /// The request whose outcome is waited for, if one went out.
    pub fn request(&self) -> Option<RequestId> {
        match self.phase {
            Phase::Asked { request } => Some(request),
            Phase::Pending { awaits: Prerequisite::Review } => Some(RequestKind::Review.of_turn(self.id)),
            Phase::Pending { awaits: Prerequisite::Summary } => Some(RequestKind::Summary.of_turn(self.id)),
            Phase::Pending { awaits: Prerequisite::Grant } => None,
        }
    }
}

/// What a turn in flight waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Phase {
    /// The outcome of its request.
    Asked {
        /// The request.
        request: RequestId,
    },
    /// Something that must be there before its request goes out. A review is a request of its own, whose id follows from the turn's.
    Pending {
        /// What must be there.
        awaits: Prerequisite,
    },
}

/// What must be there before the request of a turn goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prerequisite {
    /// The quota fold's leave to spend.
    Grant,
    /// The review of a message that is held.
    Review,
    /// A summary of the history.
    Summary,
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
    /// Nothing was said here: the answer sums up the turns that stood here before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub summary: bool,
}

impl HistoryTurn {
    /// A turn in which nothing was asked or answered.
    pub fn blank(version: u16) -> Self {
        Self { version, asked: Vec::new(), answer: None, by_hand: None, summary: false }
    }
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
    /// What routes ask of it besides; absent where there is nothing, or no route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Box<Marks>>,
    /// It has no text of its own, and what it brings is told in its place: `text` is its caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Box<Media>>,
    /// The filter holds it: it is reviewed before it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// What routes of the app ask of a message and its text does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Marks {
    /// Fields of its extension.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Rules of the filter that it hit.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
    /// Categories of what was found in it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<String>,
    /// The tier that a claim of the app's gives its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
}

/// What a message without a text brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Media {
    /// The address of a picture that a model may be shown, until its turn is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Text>,
}

/// What a message says besides its text, which is reviewed with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Captions, file names and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Text>,
    /// What becomes of it when nobody reviews it, as the rules that hold it say; absent where they leave it to the app's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
}

fn first_round(round: &u32) -> bool {
    *round == 0
}

/// An answer that may have to be taken back; kept where the app asks for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptAnswer {
    /// [`STATE_VERSION`].
    pub version: u16,
    /// The messages that it answers.
    pub asked: Vec<MessageId>,
    /// The answer.
    pub answer: AnswerReference,
    /// It is under review: what becomes of it when nobody reviews it, as the rules that hold it say; absent where they leave it to the
    /// app's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
}

/// Messages seen in one stretch of time, so that duplicates fall.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenBucket {
    /// [`STATE_VERSION`].
    pub version: u16,
    /// First 8 bytes of the SHA-256 of each message's id, sorted.
    pub ids: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(phase: Phase) -> TurnState {
        TurnState {
            id: TurnId::derive("1", 0),
            phase,
            number: 4,
            lost_at: 9,
            notice_at: None,
            cancelled: false,
            pins: false,
        }
    }

    #[test]
    fn a_turn_with_a_request_is_written_as_it_always_was() {
        let request = RequestId::derive("1", 0);
        let asked = turn(Phase::Asked { request });
        let written = serde_json::to_string(&asked).unwrap();
        let (id, rest) = (asked.id, r#""number":4,"lost_at":9,"cancelled":false}"#);
        assert_eq!(written, format!(r#"{{"id":"{id}","request":"{request}",{rest}"#));
        assert_eq!(serde_json::from_str::<TurnState>(&written).unwrap(), asked);
    }

    #[test]
    fn a_turn_may_wait_for_something_before_it_has_a_request() {
        for awaits in [Prerequisite::Grant, Prerequisite::Review, Prerequisite::Summary] {
            let pending = turn(Phase::Pending { awaits });
            let written = serde_json::to_string(&pending).unwrap();
            assert_eq!(serde_json::from_str::<TurnState>(&written).unwrap(), pending);
            assert!(!written.contains("request"));
            let request = match awaits {
                Prerequisite::Grant => None,
                Prerequisite::Review => Some(RequestKind::Review.of_turn(pending.id)),
                Prerequisite::Summary => Some(RequestKind::Summary.of_turn(pending.id)),
            };
            assert_eq!(pending.request(), request);
        }
    }
}
