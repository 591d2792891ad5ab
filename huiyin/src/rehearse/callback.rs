//! Bodies of callbacks as Easemob sends them, for messages that nobody sent.
//!
//! Source of the fields: Easemob's callback documentation, as `docs/callbacks.md` has it.

use schemas::Millis;
use schemas::event::MessageKind;
use schemas::ids::{AppKey, GroupId, UserId};
use serde_json::{Map, Value, json};

/// Where a message is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// To this user.
    To(UserId),
    /// In this group.
    Group(GroupId),
    /// In this room.
    Room(GroupId),
}

/// What somebody says.
#[derive(Debug, Clone)]
pub(crate) struct Spoken {
    /// Easemob's id of the message.
    pub(crate) id: String,
    pub(crate) from: UserId,
    pub(crate) place: Place,
    /// Its text, or what stands for one in a message of another kind: a file's name, an address, an action.
    pub(crate) text: String,
    pub(crate) kind: MessageKind,
    /// The body in full; made of the text and the kind if absent.
    pub(crate) body: Option<Value>,
    /// The tier that the app has signed of whoever says it.
    pub(crate) tier: Option<String>,
    /// Its extension.
    pub(crate) ext: Map<String, Value>,
    /// Easemob's time of it.
    pub(crate) sent_at: Millis,
}

impl Spoken {
    /// The callback before or after its delivery. A file of which nothing else is said lies on this host.
    pub(crate) fn callback(&self, app: &AppKey, host: &str) -> Vec<u8> {
        let body = self.body.clone().unwrap_or_else(|| body(self.kind, &self.text, host));
        let payload = json!({ "bodies": [body], "ext": self.ext });
        envelope(app, self, (self.chat(), &self.id, payload))
    }

    /// The callback that says that it has this text now. A change is a message of its own.
    pub(crate) fn edit(&self, app: &AppKey, text: &str, at: Millis) -> Vec<u8> {
        let payload = json!({
            "type": "edit",
            "edit_message_id": self.id,
            "bodies": [{ "type": "txt", "msg": text }],
            "ext": self.ext,
            "meta": { "edit_msg": { "edit_time": at, "sender": self.from, "chat_type": self.room_word() } },
        });
        envelope(app, &Self { sent_at: at, ..self.clone() }, ("edit", &format!("{}-edit", self.id), payload))
    }

    /// The callback that says that it was taken back.
    pub(crate) fn recall(&self, app: &AppKey, at: Millis) -> Vec<u8> {
        let payload = json!({
            "type": "recall",
            "ack_message_id": self.id,
            "bodies": [],
            "meta": { "edit_msg": { "chat_type": self.room_word() } },
        });
        envelope(
            app,
            &Self { sent_at: at, ..self.clone() },
            ("recall", &format!("{}-recall", self.id), payload),
        )
    }

    fn chat(&self) -> &'static str {
        match self.place {
            Place::To(_) => "chat",
            Place::Group(_) => "groupchat",
            Place::Room(_) => "chatroom",
        }
    }

    /// After delivery only this field tells a room from a group.
    fn room_word(&self) -> &'static str {
        match self.place {
            Place::Room(_) => "chat:room",
            Place::To(_) | Place::Group(_) => "chat:user",
        }
    }
}

/// A callback: its kind of chat, its message's id, and its payload.
fn envelope(app: &AppKey, spoken: &Spoken, (chat, id, payload): (&str, &str, Value)) -> Vec<u8> {
    let mut callback = json!({
        "callId": format!("{app}_{id}"),
        "timestamp": spoken.sent_at,
        "chat_type": chat,
        "from": spoken.from,
        "msg_id": id,
        "payload": payload,
    });
    match &spoken.place {
        Place::To(user) => callback["to"] = json!(user),
        Place::Group(group) | Place::Room(group) => {
            callback["to"] = json!(group);
            callback["group_id"] = json!(group);
        }
    }
    callback.to_string().into_bytes()
}

/// A body of that kind. A file is a small one on that host.
fn body(kind: MessageKind, text: &str, host: &str) -> Value {
    let url = format!("https://{host}/1");
    let file = |word: &str| json!({ "type": word, "url": url, "filename": text, "file_length": 1 });
    match kind {
        MessageKind::Text => json!({ "type": "txt", "msg": text }),
        MessageKind::Image => file("img"),
        MessageKind::Audio => file("audio"),
        MessageKind::Video => file("video"),
        MessageKind::File => file("file"),
        MessageKind::Location => json!({ "type": "loc", "lat": 39.9, "lng": 116.4, "addr": text }),
        MessageKind::Command => json!({ "type": "cmd", "action": text }),
        MessageKind::Custom => json!({ "type": "custom", "customEvent": text, "customExts": {} }),
        MessageKind::Combined => json!({ "type": "txt", "msg": text, "subType": "sub_combine" }),
        MessageKind::Other => json!({ "type": "other", "msg": text }),
    }
}
