//! Easemob's callbacks, read leniently: fields may come in several forms, be unknown, or be missing.

mod attachment;
mod content;
pub(crate) mod field;
pub(crate) mod json;
mod mentioned;
mod texts;
mod value;

use std::borrow::Cow;

use catalogue::route::LONGEST_TAG;
use schemas::Millis;
use schemas::ids::{GroupId, UserId};

pub(crate) use content::Content;
pub(crate) use json::text;
pub(crate) use value::{Fields, Json};

use crate::refusal::Refusal;

/// The field in a message's `ext` that marks messages of this line.
const OURS: &str = "huiyin";

/// One callback as it came.
pub(crate) struct Callback<'a> {
    text: &'a str,
    fields: Fields<'a>,
    readable: bool,
    /// Something was taken out of the fields that stands in the text.
    is_less: bool,
}

/// The fields that are signed, and the signature.
pub(crate) struct Envelope {
    pub(crate) call_id: String,
    /// Its digits as they came, which are signed.
    pub(crate) timestamp: String,
    pub(crate) sent_at: Millis,
    pub(crate) security: Option<String>,
}

/// What a callback is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A message on its way or delivered.
    Message,
    /// A message waits for someone who is offline.
    Offline,
    /// A message has new content.
    Edit,
    /// A message was taken back.
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
    /// Reads the text of a body, which must be a JSON object; if not all of it can be read, at least the object's own fields.
    ///
    /// # Errors
    /// [`Refusal::BadJson`] when it is none.
    pub(crate) fn read(text: &'a str) -> Result<Self, Refusal> {
        match json::read(text) {
            Ok(Json::Object(fields)) => Ok(Self { text, fields, readable: true, is_less: false }),
            Ok(_) => Err(Refusal::BadJson("it is no object".into())),
            Err(error) => match json::shallow(text) {
                Some(fields) => Ok(Self { text, fields, readable: false, is_less: false }),
                None => Err(Refusal::bad_json(&error)),
            },
        }
    }

    /// Whether all of it was read. If not, it is nested too deeply or has a number beyond every type or a name twice, and texts in
    /// it cannot be judged.
    pub(crate) fn is_readable(&self) -> bool {
        self.readable
    }

    /// The fields that are signed, and the signature.
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

    /// Whether it has no signature at all; Easemob documents such events.
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

    /// Where it happened. In groups `to` may be a member, so the group's own field is looked at first.
    pub(crate) fn place(&self) -> Option<Place> {
        let word = self.text("chat_type");
        let [group, to] = ["group_id", "to"].map(|name| field::id(&self.fields, name));
        if group.is_none() && !matches!(word, "group" | "groupchat" | "chatroom") {
            return Some(Place::Pair(self.sender()?, UserId::new(to?).ok()?));
        }
        let id = GroupId::new(group.or(to)?).ok()?;
        Some(if self.is_room() { Place::Room(id) } else { Place::Group(id) })
    }

    /// After delivery `groupchat` stands for groups and rooms; other fields tell them apart.
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

    /// Whether the message has the field that marks messages of this line.
    pub(crate) fn is_ours(&self) -> bool {
        self.payload().at(&["ext", OURS]).is_some()
    }

    /// A field of the message's extension as text; absent where it is a list or an object, or longer than routes look at.
    pub(crate) fn tag(&self, name: &str) -> Option<String> {
        let value = match self.payload().at(&["ext", name])? {
            Json::Text(text) => text.to_string(),
            Json::Number(number) => number.to_string(),
            Json::Bool(flag) => flag.to_string(),
            Json::Null | Json::List(_) | Json::Object(_) => return None,
        };
        (value.len() <= LONGEST_TAG).then_some(value)
    }

    /// Takes a field out of the message's extension.
    pub(crate) fn forget_ext(&mut self, name: &str) {
        let payload =
            self.fields.0.iter_mut().find(|(known, _)| known == "payload").map(|(_, payload)| payload);
        if let Some(Json::Object(ext)) = payload.and_then(|payload| payload.get_mut("ext")) {
            ext.0.retain(|(known, _)| known != name);
            self.is_less = true;
        }
    }

    /// Who is in the message's list of mentions, in order; nobody when it has none, or mentions everybody.
    pub(crate) fn mentioned(&self) -> Vec<UserId> {
        self.payload().at(&["ext", "em_at_list"]).map(mentioned::users).unwrap_or_default()
    }

    /// The list of mentions means everybody.
    pub(crate) fn mentions_all(&self) -> bool {
        self.payload().at(&["ext", "em_at_list"]).is_some_and(mentioned::is_all)
    }

    /// Who said the message that this one quotes, by an id or a name.
    pub(crate) fn quoted(&self) -> Option<String> {
        let quote = self.payload().at(&["ext", "msgQuote"])?;
        let sender = |quote: &Json<'_>| quote.at(&["msgSender"]).and_then(Json::as_str).map(str::to_owned);
        match quote {
            Json::Text(text) => sender(&serde_json::from_str(text).ok()?),
            quote => sender(quote),
        }
    }

    /// The body as it came, without its signature.
    pub(crate) fn without_signature(&self) -> String {
        let cut = match self.fields.get("security") {
            // A borrowed value stands in the text as it is, so it can be cut out.
            Some(Json::Text(Cow::Borrowed(value))) if !self.is_less => cut(self.text, value),
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

/// Cuts a field out of the text of an object. `value` is the field's value, a slice of the text between two quotes.
fn cut(text: &str, value: &str) -> Option<String> {
    let start = value.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let name = text.get(..start)?.strip_suffix('"')?.trim_end().strip_suffix(':')?.trim_end();
    // No quote is in the name, even if it is written with escapes.
    let before = name.strip_suffix('"').and_then(|name| name.rsplit_once('"'))?.0.trim_end();
    let after = text.get(start + value.len()..)?.strip_prefix('"')?;
    Some(match before.strip_suffix(',') {
        Some(before) => [before, after].concat(),
        None => [before, after.trim_start().trim_start_matches(',')].concat(),
    })
}

#[cfg(test)]
mod tests;
