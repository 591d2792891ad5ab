//! A message inside the stand-in.

use super::config::{ChatKind, Source};
use serde::Serialize;
use serde_json::{Map, Value};

/// The three send endpoints of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Users,
    Groups,
    Rooms,
}

impl Target {
    /// Last part of the endpoint's path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "chatgroups",
            Self::Rooms => "chatrooms",
        }
    }

    pub(crate) fn from_path(path: &str) -> Option<Self> {
        [Self::Users, Self::Groups, Self::Rooms].into_iter().find(|target| target.path() == path)
    }

    pub(crate) fn kind(self) -> ChatKind {
        match self {
            Self::Users => ChatKind::Chat,
            Self::Groups => ChatKind::Group,
            Self::Rooms => ChatKind::Chatroom,
        }
    }

    /// Most targets of one call.
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Users => 600,
            Self::Groups => 3,
            Self::Rooms => 10,
        }
    }
}

/// One message from one sender to one user, group or room.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    /// `org#app`.
    pub(crate) app: String,
    pub(crate) chat_type: ChatKind,
    pub(crate) from: String,
    /// User id, or the id of the group or room.
    pub(crate) to: String,
    pub(crate) msg_id: String,
    /// Milliseconds since the epoch.
    pub(crate) timestamp: u64,
    pub(crate) body: Map<String, Value>,
    pub(crate) ext: Option<Value>,
    pub(crate) source: Source,
}

impl Message {
    /// The `type` of the body; empty if it has none.
    pub(crate) fn body_type(&self) -> &str {
        self.body.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// The text of a text message.
    pub(crate) fn text(&self) -> Option<&str> {
        self.body.get("msg").and_then(Value::as_str)
    }

    /// Group or room id.
    pub(crate) fn group_id(&self) -> Option<&str> {
        (self.chat_type != ChatKind::Chat).then_some(self.to.as_str())
    }
}
