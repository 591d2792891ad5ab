//! The conversations' log, topic `events`: the only input of decide and the source of replay.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::act::Act;
use crate::answered::Answered;
use crate::conversation::Conversation;
use crate::ids::{BundleHash, MessageId, UserId};
pub use crate::message_kind::MessageKind;
use crate::retract::{LateFinding, RetractOrder};
use crate::text::Text;
use crate::topic::Topic;
use crate::trace::Trace;
use crate::verdict::Verdict;
use crate::wire::{Invalid, Record, require};

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A message, accepted before its delivery.
    Message(Message),
    /// A message that only the post-send rule brought: Easemob delivered it without a verdict of ours.
    Missed(Message),
    /// A message whose callback was answered with a rejection because its acknowledgement did not come in time.
    Withdrawn(Reference),
    /// The sender took a message back.
    Recall(Reference),
    /// The sender changed a message; its new content.
    Edit(Edit),
    /// A rating or remark on an answer, from outside the chat.
    Feedback(Feedback),
    /// An emoji put on a message.
    Reaction(Reaction),
    /// A person takes the conversation over from the bot, or hands it back.
    Takeover(Takeover),
    /// Somebody outside finds that an answer of the bot's may not stand.
    Finding(LateFinding),
    /// An operator takes answers of the bot back.
    Retract(RetractOrder),
    /// How a request ended.
    Answered(Answered),
    /// From here on the partition is folded under this bundle.
    Config(ConfigSwitch),
    /// Time has come for a timer.
    Clock(Clock),
    /// What an operator did by a command.
    Act(Act),
}

/// What Easemob was told about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackReply {
    /// Deliver it.
    Pass,
    /// Do not deliver it: the line answers.
    Intercept,
    /// Do not deliver it: the verdict stops it.
    Block,
    /// Nothing: the message came without asking.
    None,
}

impl CallbackReply {
    /// Its name in metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Intercept => "intercept",
            Self::Block => "block",
            Self::None => "none",
        }
    }
}

/// What a person sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was said.
    pub conversation: Conversation,
    /// Who said it.
    pub sender: UserId,
    /// The bot that it speaks to; absent when it is not an AI conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<UserId>,
    /// What kind of content it has.
    pub kind: MessageKind,
    /// What was said to the bot, mentions of it removed; absent when there is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Every other text that came with it (captions, file names, quoted text, extension fields), so that it can be
    /// judged again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_texts: Vec<Text>,
    /// Fields of its extension that routes of the app name, as text. They are the client's: whoever writes may set them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The callback's body as it came, without its signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Text>,
    /// The verdict that the callback was answered with.
    pub verdict: Verdict,
    /// What Easemob was told, or would have been told had the acknowledgement come in time.
    pub reply: CallbackReply,
    /// Easemob's time of the message.
    pub sent_at: Millis,
    /// When its callback reached us.
    pub received_at: Millis,
}

/// Names one message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// The message that is meant.
    pub message: MessageId,
    /// Where it was said.
    pub conversation: Conversation,
    /// When that became known.
    pub at: Millis,
}

/// A message's new content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The message that is meant.
    pub message: MessageId,
    /// Where it was said.
    pub conversation: Conversation,
    /// Its new text.
    pub text: Text,
    /// Verdict on the new text.
    pub verdict: Verdict,
    /// When it was changed.
    pub at: Millis,
}

/// A rating or remark from outside the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Feedback {
    /// Its id at its source.
    pub id: String,
    /// The conversation that is rated.
    pub conversation: Conversation,
    /// Easemob's id of the rated message, if one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub easemob_id: Option<String>,
    /// Rating from 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// Remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// When it was given.
    pub at: Millis,
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// Where it was put.
    pub conversation: Conversation,
    /// Easemob's id of the message.
    pub easemob_id: String,
    /// Who put it.
    pub user: UserId,
    /// Easemob's name of the emoji.
    pub reaction: String,
    /// False when it was taken off again.
    pub put: bool,
    /// When.
    pub at: Millis,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Takeover {
    /// The conversation that changes hands.
    pub conversation: Conversation,
    /// The person who takes over; absent hands it back to the bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// When.
    pub at: Millis,
}

/// Switches the bundle of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigSwitch {
    /// The bundle that holds from here on; its content is in `configs`.
    pub bundle: BundleHash,
    /// When it was applied.
    pub at: Millis,
}

/// Wakes the timers of a partition. The time that counts is the record's append time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// When the earliest timer was due.
    pub due: Millis,
}

impl Event {
    /// The conversation that it belongs to; `None` for control records.
    pub fn conversation(&self) -> Option<&Conversation> {
        match self {
            Self::Message(m) | Self::Missed(m) => Some(&m.conversation),
            Self::Withdrawn(r) | Self::Recall(r) => Some(&r.conversation),
            Self::Edit(e) => Some(&e.conversation),
            Self::Feedback(f) => Some(&f.conversation),
            Self::Reaction(r) => Some(&r.conversation),
            Self::Takeover(t) => Some(&t.conversation),
            Self::Finding(f) => Some(&f.conversation),
            Self::Retract(r) => Some(&r.conversation),
            Self::Answered(a) => Some(&a.lane.conversation),
            Self::Config(_) | Self::Clock(_) | Self::Act(_) => None,
        }
    }

    /// The verdict that no other record told before: that of a message's callback, of an edit, of an answer. What only the post-send
    /// rule brought may have come with a verdict before; the decision on it tells.
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Message(m) => Some(&m.verdict),
            Self::Edit(e) => Some(&e.verdict),
            Self::Answered(a) => a.outcome.verdict(),
            _ => None,
        }
    }
}

impl Record for Event {
    const TOPIC: Topic = Topic::Events;
    const KINDS: &'static [&'static str] = &[
        "message",
        "missed",
        "withdrawn",
        "recall",
        "edit",
        "feedback",
        "reaction",
        "takeover",
        "finding",
        "retract",
        "answered",
        "config",
        "clock",
        "act",
    ];

    fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Missed(_) => "missed",
            Self::Withdrawn(_) => "withdrawn",
            Self::Recall(_) => "recall",
            Self::Edit(_) => "edit",
            Self::Feedback(_) => "feedback",
            Self::Reaction(_) => "reaction",
            Self::Takeover(_) => "takeover",
            Self::Finding(_) => "finding",
            Self::Retract(_) => "retract",
            Self::Answered(_) => "answered",
            Self::Config(_) => "config",
            Self::Clock(_) => "clock",
            Self::Act(_) => "act",
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Message(m) | Self::Missed(m) => format!("{}:{}", m.id, self.kind()),
            Self::Withdrawn(r) | Self::Recall(r) => format!("{}:{}", r.message, self.kind()),
            Self::Edit(e) => format!("{}:edit:{}", e.message, e.at),
            Self::Feedback(f) => format!("{}:feedback:{}", f.conversation, f.id),
            Self::Reaction(r) => format!("{}:reaction:{}:{}:{}", r.conversation, r.easemob_id, r.user, r.at),
            Self::Takeover(t) => format!("{}:takeover:{}", t.conversation, t.at),
            Self::Finding(f) => format!("{}:finding:{}", f.conversation, f.id),
            Self::Retract(r) => r.id.to_string(),
            Self::Answered(a) => a.id.to_string(),
            Self::Config(c) => format!("config:{}:{}", c.bundle, c.at),
            Self::Clock(c) => format!("clock:{}", c.due),
            Self::Act(a) => a.id.to_string(),
        }
    }

    fn key(&self) -> Option<String> {
        self.conversation().map(ToString::to_string)
    }

    fn time(&self) -> Option<Millis> {
        Some(match self {
            Self::Message(m) | Self::Missed(m) => m.received_at,
            Self::Withdrawn(r) | Self::Recall(r) => r.at,
            Self::Edit(e) => e.at,
            Self::Feedback(f) => f.at,
            Self::Reaction(r) => r.at,
            Self::Takeover(t) => t.at,
            Self::Finding(f) => f.at,
            Self::Retract(r) => r.at,
            Self::Answered(a) => a.ended_at,
            Self::Config(c) => c.at,
            Self::Clock(c) => c.due,
            Self::Act(a) => a.at,
        })
    }

    fn turn(&self) -> Option<crate::ids::TurnId> {
        match self {
            Self::Answered(a) => Some(a.turn),
            _ => None,
        }
    }

    fn trace(&self, id: &str) -> Option<Trace> {
        match self {
            Self::Message(m) | Self::Missed(m) => Some(Trace::of_message(&m.id, id)),
            Self::Withdrawn(r) | Self::Recall(r) => Some(Trace::of_message(&r.message, id)),
            Self::Edit(e) => Some(Trace::of_message(&e.message, id)),
            Self::Answered(a) => Some(Trace::of_message(&a.message, id)),
            _ => None,
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Message(m) | Self::Missed(m) => {
                of_one_app(&m.id, &m.conversation)?;
                require(m.sent_at > 0 && m.received_at > 0, "times are positive")
            }
            Self::Withdrawn(r) | Self::Recall(r) => of_one_app(&r.message, &r.conversation),
            Self::Edit(e) => of_one_app(&e.message, &e.conversation),
            Self::Feedback(f) => {
                require(f.rating.is_none_or(|r| (1..=5).contains(&r)), "a rating is from 1 to 5")
            }
            Self::Answered(a) => a.check(),
            Self::Finding(f) => f.check(),
            Self::Retract(r) => r.check(),
            Self::Act(a) => a.check(),
            Self::Reaction(_) | Self::Takeover(_) | Self::Config(_) | Self::Clock(_) => Ok(()),
        }
    }

    /// The kind is in front, as it is always written, so the rest is read as what it is. By itself the enum first reads the
    /// whole value into a tree, since the kind might come last: several times the work.
    fn read(value: &[u8]) -> serde_json::Result<Self> {
        let front = value.strip_prefix(br#"{"type":""#).and_then(|rest| rest.split(|b| *b == b'"').next());
        match front {
            Some(b"message") => serde_json::from_slice(value).map(Self::Message),
            Some(b"missed") => serde_json::from_slice(value).map(Self::Missed),
            Some(b"withdrawn") => serde_json::from_slice(value).map(Self::Withdrawn),
            Some(b"recall") => serde_json::from_slice(value).map(Self::Recall),
            Some(b"answered") => serde_json::from_slice(value).map(Self::Answered),
            Some(b"clock") => serde_json::from_slice(value).map(Self::Clock),
            _ => serde_json::from_slice(value),
        }
    }
}

pub(crate) fn of_one_app(message: &MessageId, conversation: &Conversation) -> Result<(), Invalid> {
    require(message.app() == conversation.app().as_str(), "message and conversation are of one app")
}
