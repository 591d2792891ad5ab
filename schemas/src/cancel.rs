//! The end of a request that nobody waits for any more, topic `requests`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::conversation::Lane;
use crate::ids::{EventId, MessageId, RequestId, TurnId};
use crate::topic::Topic;
use crate::trace::Trace;
use crate::wire::{Invalid, Record, require};

/// Ends an earlier request of the same lane, wherever that is: it overtakes what waits in between. It has no outcome of its own;
/// the request's outcome says `cancelled`, unless it ended before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    /// Its own id.
    pub id: EventId,
    /// The request that is to end.
    pub request: RequestId,
    /// The turn that it was for.
    pub turn: TurnId,
    /// The turn's lane.
    pub lane: Lane,
    /// The message that opened the turn.
    pub message: MessageId,
    /// When the turn was called off, by the log's time.
    pub decided_at: Millis,
}

impl Cancel {
    /// The value of the header with the kind.
    pub const KIND: &str = "cancel";

    /// Id of the one cancel that a request may have.
    pub fn id_of(request: RequestId) -> EventId {
        // Ordinal 0 is its outcome's.
        EventId::derive(&request.to_string(), 1)
    }
}

impl Record for Cancel {
    const TOPIC: Topic = Topic::Requests;
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
        require(
            self.message.app() == self.lane.conversation.app().as_str(),
            "message and lane are of one app",
        )
    }
}
