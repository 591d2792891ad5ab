//! The JSON that a callback carries.

use super::app::Rule;
use super::config::{ChatKind, GroupWord, PayloadShape};
use super::message::Message;
use super::signature::sign;
use serde_json::{Map, Number, Value, json};

/// Fields of one callback, in the order of the documentation.
pub(crate) type Fields = Map<String, Value>;

/// A callback before sending.
pub(crate) fn before_sending(message: &Message, rule: &Rule, call_id: &str, timestamp: u64) -> Fields {
    let word = match (message.chat_type, rule.config.group_chat_type) {
        (ChatKind::Chat, _) => "chat",
        (ChatKind::Chatroom, _) => "chatroom",
        (ChatKind::Group, GroupWord::Group) => "group",
        (ChatKind::Group, GroupWord::Groupchat) => "groupchat",
    };
    let payload = match rule.config.payload_shape {
        PayloadShape::A => enveloped(message),
        PayloadShape::B => Value::Object(message.body.clone()),
    };
    let mut fields = head(message, call_id, timestamp, word);
    fields.insert("payload".into(), payload);
    if rule.config.include_extra_fields {
        fields.insert("eventType".into(), "chat".into());
        add_server_fields(&mut fields, message);
    }
    signed(fields, rule)
}

/// A `chat` or `chat_offline` event after sending.
pub(crate) fn after_sending(message: &Message, rule: &Rule, event: &str, timestamp: u64) -> Fields {
    let call_id = format!("{}_{}", message.app, message.msg_id);
    let mut fields = head(message, &call_id, timestamp, plain_word(message.chat_type));
    fields.insert("payload".into(), enveloped(message));
    fields.insert("eventType".into(), event.into());
    fields.insert("content_type".into(), content_type(message).into());
    add_server_fields(&mut fields, message);
    signed(fields, rule)
}

/// The event of a recall, with an id of its own.
pub(crate) fn recall(message: &Message, rule: &Rule, event_id: &str, timestamp: u64) -> Fields {
    let call_id = format!("{}_{event_id}", message.app);
    let mut fields = head(message, &call_id, timestamp, "recall");
    fields.insert("msg_id".into(), event_id.into());
    fields.insert("recall_id".into(), message.msg_id.clone().into());
    let payload = json!({
        "ack_message_id": message.msg_id, "bodies": [], "ext": {},
        "from": message.from, "to": message.to, "type": "recall",
    });
    fields.insert("payload".into(), payload);
    fields.insert("eventType".into(), "chat".into());
    add_server_fields(&mut fields, message);
    signed(fields, rule)
}

/// Computes `security` anew, after a field that it covers has changed.
pub(crate) fn signed(mut fields: Fields, rule: &Rule) -> Fields {
    let call_id = fields.get("callId").and_then(Value::as_str).unwrap_or_default();
    let timestamp = match fields.get("timestamp") {
        Some(Value::Number(number)) => number.clone(),
        _ => Number::from(0),
    };
    let security = sign(call_id, rule.config.secret.reveal(), &timestamp);
    if rule.config.include_security_version {
        fields.insert("securityVersion".into(), "1.0.0".into());
    }
    fields.insert("security".into(), security.into());
    fields
}

fn head(message: &Message, call_id: &str, timestamp: u64, word: &str) -> Fields {
    let mut fields = Fields::new();
    fields.insert("callId".into(), call_id.into());
    fields.insert("timestamp".into(), timestamp.into());
    fields.insert("chat_type".into(), word.into());
    if let Some(group) = message.group_id() {
        fields.insert("group_id".into(), group.into());
    }
    fields.insert("from".into(), message.from.clone().into());
    fields.insert("to".into(), message.to.clone().into());
    fields.insert("msg_id".into(), message.msg_id.clone().into());
    fields
}

fn enveloped(message: &Message) -> Value {
    let mut payload = Fields::new();
    payload.insert("bodies".into(), json!([message.body]));
    if let Some(ext) = &message.ext {
        payload.insert("ext".into(), ext.clone());
    }
    payload.insert("from".into(), message.from.clone().into());
    payload.insert("to".into(), message.to.clone().into());
    payload.insert("meta".into(), json!({}));
    let word =
        if message.chat_type == ChatKind::Chatroom { "chatroom" } else { plain_word(message.chat_type) };
    payload.insert("type".into(), word.into());
    Value::Object(payload)
}

/// After sending, one word covers groups and rooms.
fn plain_word(kind: ChatKind) -> &'static str {
    match kind {
        ChatKind::Chat => "chat",
        ChatKind::Group | ChatKind::Chatroom => "groupchat",
    }
}

fn add_server_fields(fields: &mut Fields, message: &Message) {
    fields.insert("appkey".into(), message.app.clone().into());
    fields.insert("appId".into(), "9c1f4a0d7be24d5f8a60".into());
    fields.insert("host".into(), "msync@sim-1".into());
    fields.insert("msg_config".into(), json!({ "allow_group_ack": false }));
}

fn content_type(message: &Message) -> String {
    let scope = match message.chat_type {
        ChatKind::Chat => "user",
        ChatKind::Group => "group",
        ChatKind::Chatroom => "room",
    };
    let combined = message.body.get("subType").and_then(Value::as_str) == Some("sub_combine");
    let form = match message.body_type() {
        _ if combined => "txt",
        "txt" => "text",
        "img" => "image",
        "audio" => "voice",
        "loc" => "location",
        "cmd" => "command",
        known @ ("video" | "file" | "custom") => known,
        _ => "unknown",
    };
    format!("chat:{scope}:{form}")
}
