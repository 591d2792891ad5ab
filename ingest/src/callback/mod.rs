//! Easemob's callbacks, read leniently: fields that come in several forms, unknown fields, missing ones.

mod content;
pub(crate) mod field;
mod json;
mod texts;

use schemas::Millis;
use schemas::ids::{GroupId, UserId};
use serde::Serializer as _;
use serde_json::{Map, Value};

pub(crate) use content::Content;

use crate::refusal::Refusal;

/// Our own field in a message's `ext`: the line sent it.
const OURS: &str = "huiyin";

/// One callback as it came.
pub(crate) struct Callback {
    fields: Map<String, Value>,
    readable: bool,
}

/// What its signature is about.
pub(crate) struct Envelope {
    pub(crate) call_id: String,
    /// The digits as they came.
    pub(crate) timestamp: String,
    pub(crate) sent_at: Millis,
    pub(crate) security: Option<String>,
}

/// What a callback is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A message on its way or delivered.
    Message,
    /// That a message waits for someone who is offline.
    Offline,
    /// A message's new content.
    Edit,
    /// A message taken back.
    Recall,
    /// Reactions and threads.
    Notify,
    /// Receipts, presence, groups, and whatever else there may be.
    Other,
}

/// Where a message is, before bots are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Pair(UserId, UserId),
    Group(GroupId),
    Room(GroupId),
}

impl Callback {
    /// Reads the body, of which at least the outside must be a JSON object.
    ///
    /// # Errors
    /// [`Refusal::BadJson`] when it is not.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let text = json::text(body);
        match json::read(&text) {
            Ok(Value::Object(fields)) => Ok(Self { fields, readable: true }),
            Ok(_) => Err(Refusal::BadJson("it is no object".into())),
            Err(error) => match json::shallow(&text) {
                Some(fields) => Ok(Self { fields, readable: false }),
                None => Err(Refusal::bad_json(&error)),
            },
        }
    }

    /// Whether all of it was read. Where not, texts in it cannot be judged: it is nested too deeply, has a number beyond
    /// every type, or a name twice.
    pub(crate) fn is_readable(&self) -> bool {
        self.readable
    }

    /// What its signature is about.
    ///
    /// # Errors
    /// [`Refusal::BadEnvelope`] when call id or timestamp is missing.
    pub(crate) fn envelope(&self) -> Result<Envelope, Refusal> {
        let word = |name| field::word(&self.fields, name);
        Ok(Envelope {
            call_id: word("callId").ok_or(Refusal::BadEnvelope("callId"))?,
            timestamp: word("timestamp").ok_or(Refusal::BadEnvelope("timestamp"))?,
            sent_at: field::millis(&self.fields, "timestamp").ok_or(Refusal::BadEnvelope("timestamp"))?,
            security: word("security"),
        })
    }

    /// Whether it carries no signature at all, as some of Easemob's events do.
    pub(crate) fn is_unsigned(&self) -> bool {
        !self.fields.contains_key("security")
    }

    /// What it is about.
    pub(crate) fn subject(&self) -> Subject {
        let event = self.text("eventType");
        match self.text("chat_type") {
            "chat" | "group" | "groupchat" | "chatroom" if event == "chat_offline" => Subject::Offline,
            "chat" | "group" | "groupchat" | "chatroom" => Subject::Message,
            "edit" => Subject::Edit,
            "recall" => Subject::Recall,
            "notify" => Subject::Notify,
            _ => Subject::Other,
        }
    }

    /// Who caused it.
    pub(crate) fn sender(&self) -> Option<UserId> {
        UserId::new(self.text("from")).ok()
    }

    /// Easemob's id of the message or event.
    pub(crate) fn msg_id(&self) -> Option<String> {
        field::word(&self.fields, "msg_id")
    }

    /// Where it happened. In groups `to` may be a member: the group's own field wins.
    pub(crate) fn place(&self) -> Option<Place> {
        let word = self.text("chat_type");
        let group = field::word(&self.fields, "group_id");
        if group.is_none() && !matches!(word, "group" | "groupchat" | "chatroom") {
            return Some(Place::Pair(self.sender()?, UserId::new(self.text("to")).ok()?));
        }
        let id = GroupId::new(group.or_else(|| field::word(&self.fields, "to"))?).ok()?;
        Some(if self.is_room() { Place::Room(id) } else { Place::Group(id) })
    }

    /// After delivery `groupchat` stands for groups and rooms: the content type tells them apart.
    fn is_room(&self) -> bool {
        let payload = self.fields.get("payload");
        let at = |pointer| payload.and_then(|p| p.pointer(pointer)).and_then(Value::as_str);
        self.text("chat_type") == "chatroom"
            || self.text("content_type").starts_with("chat:room:")
            || at("/type") == Some("chatroom")
            || at("/meta/edit_msg/chat_type") == Some("chat:room")
    }

    /// What was said.
    pub(crate) fn content(&self) -> Content {
        self.fields.get("payload").map_or_else(Content::default, Content::read)
    }

    /// A field of the payload as text.
    pub(crate) fn payload_word(&self, name: &str) -> Option<String> {
        self.fields.get("payload")?.as_object().and_then(|payload| field::word(payload, name))
    }

    /// The payload.
    pub(crate) fn payload(&self) -> &Value {
        self.fields.get("payload").unwrap_or(&Value::Null)
    }

    /// A field beside the payload as text or number.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        field::word(&self.fields, name)
    }

    /// Whether the line sent the message: it has our field.
    pub(crate) fn is_ours(&self) -> bool {
        self.payload().get("ext").is_some_and(|ext| ext.get(OURS).is_some())
    }

    /// Ids that the message names as mentioned, in order. `"ALL"` names nobody.
    pub(crate) fn mentioned(&self) -> Vec<String> {
        let list = self.payload().get("ext").and_then(|ext| ext.get("em_at_list"));
        match list {
            Some(Value::Array(items)) => ids(items),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Array(items)) => ids(&items),
                _ if text == "ALL" => Vec::new(),
                _ => vec![text.clone()],
            },
            _ => Vec::new(),
        }
    }

    /// The body without its signature.
    pub(crate) fn without_signature(&self) -> String {
        let fields = self.fields.iter().filter(|(name, _)| *name != "security");
        let mut text = Vec::new();
        // Neither values that were JSON nor writing to memory can fail.
        serde_json::Serializer::new(&mut text).collect_map(fields).ok();
        String::from_utf8(text).unwrap_or_default()
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(Value::as_str).filter(|id| *id != "ALL").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
