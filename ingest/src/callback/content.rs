//! What a message says: its kind, the prompt in it, and every text to be judged.

use schemas::attachment::Attachment;
use schemas::event::MessageKind;

use super::texts::Gathered;
use super::value::{Fields, Json};
use super::{attachment, field, texts};

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
    /// What it brings in place of a text.
    pub(crate) attachment: Option<Attachment>,
    /// It has more texts, or more bytes in them, than are judged: it cannot be read whole.
    pub(crate) is_cut: bool,
}

impl Default for Content {
    fn default() -> Self {
        Self { kind: MessageKind::Other, said: None, others: Vec::new(), attachment: None, is_cut: false }
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
        let Gathered { texts: mut others, is_cut, .. } = texts::gather(payload);
        if let Some(at) = said.as_ref().and_then(|said| others.iter().position(|text| text == said)) {
            others.remove(at);
        }
        let attachment = body.and_then(|body| attachment::read(kind, body));
        Self { kind, said, others, attachment, is_cut }
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

    /// A copy of a payload that says something else; its other texts changed by `change`.
    pub(crate) fn saying<'a>(payload: &Json<'a>, said: &str, change: impl Fn(&str) -> String) -> Json<'a> {
        let mut changed = Self::changed(payload, change);
        let body = match changed.get_mut("bodies") {
            Some(Json::List(bodies)) => bodies.first_mut(),
            _ => Some(&mut changed),
        };
        if let Some(msg) = body.and_then(|body| body.get_mut("msg")) {
            *msg = Json::Text(said.to_owned().into());
        }
        changed
    }
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
