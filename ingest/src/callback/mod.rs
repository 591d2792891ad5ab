//! Easemob's callbacks, read leniently: fields that come in several forms, unknown fields, missing ones.

mod content;
pub(crate) mod field;
mod json;
mod mentioned;
mod texts;
mod value;

use std::borrow::Cow;

use schemas::Millis;
use schemas::ids::{GroupId, UserId};

pub(crate) use content::Content;
pub(crate) use json::text;
pub(crate) use value::{Fields, Json};

use crate::refusal::Refusal;

/// Our own field in a message's `ext`: the line sent it.
const OURS: &str = "huiyin";

/// One callback as it came.
pub(crate) struct Callback<'a> {
    text: &'a str,
    fields: Fields<'a>,
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

impl<'a> Callback<'a> {
    /// Reads the text of a body, of which at least the outside must be a JSON object.
    ///
    /// # Errors
    /// [`Refusal::BadJson`] when it is not.
    pub(crate) fn read(text: &'a str) -> Result<Self, Refusal> {
        match json::read(text) {
            Ok(Json::Object(fields)) => Ok(Self { text, fields, readable: true }),
            Ok(_) => Err(Refusal::BadJson("it is no object".into())),
            Err(error) => match json::shallow(text) {
                Some(fields) => Ok(Self { text, fields, readable: false }),
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
        self.fields.get("security").is_none()
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
        UserId::new(field::id(&self.fields, "from")?).ok()
    }

    /// Easemob's id of the message or event.
    pub(crate) fn msg_id(&self) -> Option<String> {
        field::word(&self.fields, "msg_id")
    }

    /// Where it happened. In groups `to` may be a member: the group's own field wins.
    pub(crate) fn place(&self) -> Option<Place> {
        let word = self.text("chat_type");
        let [group, to] = ["group_id", "to"].map(|name| field::id(&self.fields, name));
        if group.is_none() && !matches!(word, "group" | "groupchat" | "chatroom") {
            return Some(Place::Pair(self.sender()?, UserId::new(to?).ok()?));
        }
        let id = GroupId::new(group.or(to)?).ok()?;
        Some(if self.is_room() { Place::Room(id) } else { Place::Group(id) })
    }

    /// After delivery `groupchat` stands for groups and rooms: the content type tells them apart.
    fn is_room(&self) -> bool {
        let at = |path: &[&str]| self.payload().at(path).and_then(Json::as_str);
        self.text("chat_type") == "chatroom"
            || self.text("content_type").starts_with("chat:room:")
            || at(&["type"]) == Some("chatroom")
            || at(&["meta", "edit_msg", "chat_type"]) == Some("chat:room")
    }

    /// What was said.
    pub(crate) fn content(&self) -> Content {
        self.fields.get("payload").map_or_else(Content::default, Content::read)
    }

    /// A field of the payload as text.
    pub(crate) fn payload_word(&self, name: &str) -> Option<String> {
        field::word(self.payload().as_object()?, name)
    }

    /// The payload.
    pub(crate) fn payload(&self) -> &Json<'a> {
        self.fields.get("payload").unwrap_or(&Json::Null)
    }

    /// A field beside the payload as text or number.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        field::word(&self.fields, name)
    }

    /// Whether the line sent the message: it has our field.
    pub(crate) fn is_ours(&self) -> bool {
        self.payload().at(&["ext", OURS]).is_some()
    }

    /// Who the message says is mentioned, in order; nobody where it says nothing, or everybody.
    pub(crate) fn mentioned(&self) -> Vec<UserId> {
        self.payload().at(&["ext", "em_at_list"]).map(mentioned::users).unwrap_or_default()
    }

    /// The body without its signature, as it came.
    pub(crate) fn without_signature(&self) -> String {
        let cut = match self.fields.get("security") {
            // It stands in the text just so.
            Some(Json::Text(Cow::Borrowed(value))) => cut(self.text, value),
            _ => None,
        };
        cut.unwrap_or_else(|| {
            let others = self.fields.0.iter().filter(|(name, _)| name != "security");
            Json::Object(Fields(others.cloned().collect())).to_string()
        })
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Json::as_str).unwrap_or_default()
    }
}

/// The text of an object without the field of that value, which is a piece of the text between two quotes.
fn cut(text: &str, value: &str) -> Option<String> {
    let start = value.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let name = text.get(..start)?.strip_suffix('"')?.trim_end().strip_suffix(':')?.trim_end();
    // However the name is spelt, no quote is in it.
    let before = name.strip_suffix('"').and_then(|name| name.rsplit_once('"'))?.0.trim_end();
    let after = text.get(start + value.len()..)?.strip_prefix('"')?;
    Some(match before.strip_suffix(',') {
        Some(before) => [before, after].concat(),
        None => [before, after.trim_start().trim_start_matches(',')].concat(),
    })
}

#[cfg(test)]
mod tests;
