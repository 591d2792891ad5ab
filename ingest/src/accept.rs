//! From a callback to the records that it stands for.

use schemas::Millis;
use schemas::event::{CallbackReply, Message};
use schemas::ids::{AppKey, MessageId};
use schemas::verdict::Verdict;

use crate::address::Address;
use crate::callback::{Callback, Content, Envelope};

/// Messages have one kind of id whichever stage brings them, so that duplicates fall.
const CHAT: &str = "chat";

/// The id of a message of that app.
pub(crate) fn message_id(app: &AppKey, easemob_id: Option<String>) -> Option<MessageId> {
    MessageId::of(app, CHAT, &easemob_id?).ok()
}

/// A message as it is recorded, before verdict and reply are known.
pub(crate) struct Draft {
    id: MessageId,
    address: Address,
    content: Content,
    raw: String,
    sent_at: Millis,
    received_at: Millis,
}

impl Draft {
    /// A message of that id; the last of `from` is when its callback reached us.
    pub(crate) fn new(
        id: MessageId,
        address: Address,
        content: Content,
        from: (&Callback<'_>, &Envelope, Millis),
    ) -> Self {
        let (callback, envelope, received_at) = from;
        let raw = callback.without_signature();
        Self { id, address, content, raw, sent_at: envelope.sent_at, received_at }
    }

    /// Whether it speaks to a bot.
    pub(crate) fn is_ai(&self) -> bool {
        self.address.bot.is_some()
    }

    /// Whether a person wrote it from a bot's account.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.address.by_hand
    }

    /// The message, judged, with what Easemob is told about it.
    pub(crate) fn finish(self, verdict: Verdict, reply: CallbackReply) -> Message {
        Message {
            id: self.id,
            conversation: self.address.conversation,
            sender: self.address.sender,
            bot: self.address.bot,
            kind: self.content.kind,
            text: self.address.said.map(Into::into),
            other_texts: self.content.others.into_iter().map(Into::into).collect(),
            raw: Some(self.raw.into()),
            verdict,
            reply,
            sent_at: self.sent_at,
            received_at: self.received_at,
        }
    }
}
