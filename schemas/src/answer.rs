//! What decide lets out for a turn, topic `answers`: one record per part, model-made or canned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::aigc::ImplicitLabel;
use crate::conversation::Lane;
use crate::ids::{AnswerId, MessageId, RequestId, TurnId, UserId};
use crate::text::Text;
use crate::topic::Topic;
use crate::trace::Trace;
use crate::wire::{Invalid, Record, require};

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum AnswerSource {
    /// A model said it, in the outcome of this request.
    Model {
        /// The request.
        request: RequestId,
    },
    /// The operator wrote it for this occasion.
    Canned {
        /// The occasion, from a closed list.
        reason: String,
    },
}

/// One part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// Id of this part; it travels in the sent message's `ext`.
    pub id: AnswerId,
    /// The turn that is answered.
    pub turn: TurnId,
    /// The turn's lane.
    pub lane: Lane,
    /// The bot that speaks.
    pub bot: UserId,
    /// The person who is answered; in a group the one who asked.
    pub user: UserId,
    /// Others whose messages the turn answers as well, to be mentioned with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<UserId>,
    /// The message that opened the turn.
    pub message: MessageId,
    /// This part's number, from 1.
    pub part: u16,
    /// How many parts the answer has.
    pub parts: u16,
    /// What is said.
    pub text: Text,
    /// Where it comes from.
    pub source: AnswerSource,
    /// The implicit label of what a model made; it travels in the sent message's `ext.AIGC`. Canned texts have none, and
    /// records of earlier versions have it not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aigc: Option<Box<ImplicitLabel>>,
    /// Send it, or do not send it twice, whatever happens.
    pub class: DeliveryClass,
    /// A send that has not started by then is given up.
    pub send_by: Millis,
    /// When it was let out, by the log's time.
    pub decided_at: Millis,
}

/// What happens to a send that may or may not have reached Easemob when its process died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryClass {
    /// It is sent again.
    #[default]
    Resend,
    /// It is reported as `unknown`.
    Drop,
}

impl Record for Answer {
    const TOPIC: Topic = Topic::Answers;
    const KINDS: &'static [&'static str] = &["answer"];

    fn kind(&self) -> &'static str {
        "answer"
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
        require(self.text.size() > 0, "an answer says something")?;
        require(self.send_by >= self.decided_at, "it is sent after it is decided")?;
        let is_made_by_model = matches!(self.source, AnswerSource::Model { .. });
        require(self.aigc.is_none() || is_made_by_model, "only what a model made is labelled as generated")?;
        require(
            self.message.app() == self.lane.conversation.app().as_str(),
            "message and lane are of one app",
        )
    }
}
