//! The message of a callback, on its way to becoming a record.

use std::collections::BTreeMap;

use catalogue::App;
use catalogue::app::RecordPolicy;
use catalogue::people::PeopleRecord;
use schemas::Millis;
use schemas::event::{CallbackReply, Message};
use schemas::ids::{AppKey, MessageId};
use schemas::tier::TierClaim;
use schemas::verdict::{Action, Verdict};

use crate::address::Address;
use crate::callback::Content;
use crate::verify::Verified;

/// The kind in every message's id, whichever rule brings the message, so that duplicates are found.
const CHAT: &str = "chat";

/// The id of a message of that app; `None` when Easemob's id is missing or malformed.
pub(crate) fn message_id(app: &AppKey, easemob_id: Option<String>) -> Option<MessageId> {
    MessageId::of(app, CHAT, &easemob_id?).ok()
}

/// A message before it is known what Easemob is told about it.
pub(crate) struct Draft {
    id: MessageId,
    address: Address,
    content: Content,
    tags: BTreeMap<String, String>,
    claim: Option<TierClaim>,
    raw: String,
    sent_at: Millis,
    received_at: Millis,
}

impl Draft {
    /// The message of a callback.
    pub(crate) fn new(id: MessageId, address: Address, content: Content, from: &Verified<'_>) -> Self {
        let raw = from.callback.without_signature();
        let (tags, claim) = (BTreeMap::new(), None);
        let Verified { sent_at, received_at, .. } = *from;
        Self { id, address, content, tags, claim, raw, sent_at, received_at }
    }

    /// The same with what the app claims of its sender, where it speaks to a bot.
    pub(crate) fn claimed(self, claim: Option<TierClaim>) -> Self {
        if self.is_ai() { Self { claim, ..self } } else { self }
    }

    /// The same as its app reads messages: what it brings in place of a text is recorded where a bot is to read that.
    pub(crate) fn read_by(mut self, app: &App) -> Self {
        self.content.attachment =
            self.content.attachment.take().filter(|_| self.is_ai() && app.media.is_some());
        self
    }

    /// The same with the fields of its extension that routes ask for, where it speaks to a bot.
    pub(crate) fn tagged(self, tags: BTreeMap<String, String>) -> Self {
        if self.is_ai() { Self { tags, ..self } } else { self }
    }

    /// Whether it speaks to a bot.
    pub(crate) fn is_ai(&self) -> bool {
        self.address.bot.is_some()
    }

    /// The message as it is published, if it is: always when it speaks to a bot, was written by hand from a bot's account or by staff, otherwise
    /// by the app's policy; one among people without its texts where the app says so.
    pub(crate) fn published(self, app: &App, verdict: Verdict, reply: CallbackReply) -> Option<Message> {
        let is_staff = self.address.is_of_staff(app);
        let is_recorded = self.is_ai()
            || self.address.by_hand
            || is_staff
            || match app.record {
                RecordPolicy::Ai => false,
                RecordPolicy::Hits => verdict.action > Action::Pass,
                RecordPolicy::All => true,
            };
        let is_fact = !is_staff && self.address.is_among_people() && app.people.record == PeopleRecord::Fact;
        let message = is_recorded.then(|| self.finish(verdict, reply))?;
        Some(if is_fact { without_texts(message) } else { message })
    }

    /// The message with its verdict and what Easemob is told about it.
    pub(crate) fn finish(self, verdict: Verdict, reply: CallbackReply) -> Message {
        Message {
            id: self.id,
            conversation: self.address.conversation,
            sender: self.address.sender,
            bot: self.address.bot,
            kind: self.content.kind,
            text: self.address.said.map(Into::into),
            other_texts: self.content.others.into_iter().map(Into::into).collect(),
            tags: self.tags,
            claim: self.claim,
            attachment: self.content.attachment.map(Box::new),
            raw: Some(self.raw.into()),
            verdict,
            reply,
            sent_at: self.sent_at,
            received_at: self.received_at,
        }
    }
}

/// What is known of a message beside its texts.
fn without_texts(message: Message) -> Message {
    Message { text: None, other_texts: Vec::new(), raw: None, ..message }
}
