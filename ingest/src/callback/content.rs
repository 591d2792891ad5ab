//! What a message says: its kind, the prompt in it, and every text to be judged.

use schemas::event::MessageKind;

use super::value::{Fields, Json};
use super::{field, texts};

/// A text message whose `ext.msgType` begins with this signals a call between programs and is not for people.
const CALL_SIGNALLING: &str = "rtcCall";

/// A message's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) kind: MessageKind,
    /// What a person typed; `None` where the message is no text message.
    pub(crate) said: Option<String>,
    /// Every other text in it.
    pub(crate) others: Vec<String>,
}

impl Default for Content {
    fn default() -> Self {
        Self { kind: MessageKind::Other, said: None, others: Vec::new() }
    }
}

impl Content {
    /// Reads a payload: enveloped in `bodies`, or the body itself.
    pub(crate) fn read(payload: &Json<'_>) -> Self {
        let body = match payload.get("bodies") {
            Some(Json::List(bodies)) => bodies.first(),
            _ => Some(payload),
        };
        let body = body.and_then(Json::as_object);
        let signals = payload.at(&["ext", "msgType"]).and_then(Json::as_str);
        let kind = match body.map(kind) {
            Some(MessageKind::Text) if signals.is_some_and(|word| word.starts_with(CALL_SIGNALLING)) => {
                MessageKind::Command
            }
            kind => kind.unwrap_or(MessageKind::Other),
        };
        let said = body.filter(|_| kind == MessageKind::Text).and_then(|body| field::word(body, "msg"));
        let mut others = all(payload);
        if let Some(at) = said.as_ref().and_then(|said| others.iter().position(|text| text == said)) {
            others.remove(at);
        }
        Self { kind, said, others }
    }

    /// Every text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.said.iter().chain(&self.others).map(String::as_str)
    }

    /// A copy of a payload with every text changed by `change`.
    pub(crate) fn changed<'a>(payload: &Json<'a>, change: impl Fn(&str) -> String) -> Json<'a> {
        let mut changed = payload.clone();
        texts::visit(&mut changed, &mut |text| {
            let new = change(text);
            if new != *text {
                *text = new;
            }
        });
        changed
    }
}

/// Every text of a payload that is not empty.
fn all(payload: &Json<'_>) -> Vec<String> {
    let mut found = Vec::new();
    texts::each(payload, &mut |text| {
        if !text.trim().is_empty() {
            found.push(text.to_owned());
        }
    });
    found
}

fn kind(body: &Fields<'_>) -> MessageKind {
    // A combined message also has the fields of a text message, for old clients, so its subtype is looked at first.
    if body.get("subType").and_then(Json::as_str) == Some("sub_combine") || body.get("combineLevel").is_some()
    {
        return MessageKind::Combined;
    }
    match body.get("type").and_then(Json::as_str) {
        Some("txt") => MessageKind::Text,
        Some("img") => MessageKind::Image,
        Some("audio") => MessageKind::Audio,
        Some("video") => MessageKind::Video,
        Some("file") => MessageKind::File,
        Some("loc") => MessageKind::Location,
        Some("cmd") => MessageKind::Command,
        Some("custom") => MessageKind::Custom,
        Some(_) => MessageKind::Other,
        None if body.get("msg").is_some() => MessageKind::Text,
        None => MessageKind::Other,
    }
}
