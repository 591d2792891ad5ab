//! The stand-in of Easemob, as its control surface speaks.

use super::net::Net;
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;

/// The app that the demo plays in.
pub(crate) const APP: &str = "acme#support";
/// Its bot.
pub(crate) const BOT: &str = "bot_helpdesk";

/// Whom a message is for.
#[derive(Clone, Copy)]
pub(crate) enum To<'a> {
    User(&'a str),
    Group(&'a str),
}

impl To<'_> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) => name,
        }
    }
}

/// What became of a message that a client sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) msg_id: String,
    pub(crate) delivered: bool,
    pub(crate) decided_by: String,
    pub(crate) sender_error: Option<SenderError>,
    /// Number of the callback, to repeat it by.
    pub(crate) callback: Option<u64>,
    pub(crate) status: Option<u16>,
    pub(crate) latency_ms: Option<f64>,
}

/// What the sender's client shows.
#[derive(Debug, Deserialize)]
pub(crate) struct SenderError {
    pub(crate) error: u16,
    pub(crate) text: String,
}

/// A callback outside of any message's way: a repeated or a forged one.
#[derive(Debug, Deserialize)]
pub(crate) struct Stray {
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Value,
    pub(crate) latency_ms: f64,
}

/// A message that arrived.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Received {
    pub(crate) number: u64,
    pub(crate) from: String,
    /// Milliseconds since the epoch.
    pub(crate) timestamp: i64,
    pub(crate) text: Option<String>,
}

/// One callback that the stand-in made.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Callback {
    pub(crate) stage: String,
    /// The body that was sent.
    pub(crate) request: String,
    pub(crate) status: Option<u16>,
    pub(crate) latency_ms: f64,
    pub(crate) outcome: Value,
}

/// One message that the REST API took.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RestSend {
    pub(crate) ext: Option<Value>,
}

/// Orders and questions to the stand-in.
pub(crate) struct Easemob {
    net: Rc<Net>,
    base: String,
}

impl Easemob {
    pub(crate) fn new(net: Rc<Net>, base: String) -> Self {
        Self { net, base }
    }

    /// A client sends a text.
    pub(crate) fn send(&self, from: &str, to: To<'_>, text: &str) -> Result<Sent> {
        let mut order = json!({ "app": APP, "from": from, "text": text });
        match to {
            To::User(user) => (order["chat_type"], order["to"]) = (json!("chat"), json!(user)),
            To::Group(group) => (order["chat_type"], order["group_id"]) = (json!("group"), json!(group)),
        }
        self.net.post(&self.url("send"), &order)
    }

    /// The very same callback again.
    pub(crate) fn repeat(&self, callback: u64) -> Result<Stray> {
        self.net.post(&self.url("repeat"), &json!({ "callback": callback }))
    }

    /// Somebody who is not Easemob posts a callback of the rule that is asked before delivery.
    pub(crate) fn forge(&self, body: &Value) -> Result<Stray> {
        self.net.post(&self.url("raw"), &json!({ "app": APP, "rule": "before", "body": body.to_string() }))
    }

    /// The sender takes a message back.
    pub(crate) fn recall(&self, msg_id: &str) -> Result<Value> {
        self.net.post(&self.url("recall"), &json!({ "app": APP, "msg_id": msg_id }))
    }

    /// What a user or a group received, oldest first.
    pub(crate) fn inbox(&self, of: To<'_>) -> Result<Vec<Received>> {
        #[derive(Deserialize)]
        struct Inbox {
            messages: Vec<Received>,
        }
        let wanted = match of {
            To::User(user) => format!("user={user}"),
            To::Group(group) => format!("group={group}"),
        };
        Ok(self.net.get::<Inbox>(&self.url(&format!("inbox?{wanted}")))?.messages)
    }

    /// Every callback that was made.
    pub(crate) fn callbacks(&self) -> Result<Vec<Callback>> {
        #[derive(Deserialize)]
        struct Callbacks {
            callbacks: Vec<Callback>,
        }
        Ok(self.net.get::<Callbacks>(&self.url("callbacks"))?.callbacks)
    }

    /// Every message that the REST API took.
    pub(crate) fn sends(&self) -> Result<Vec<RestSend>> {
        #[derive(Deserialize)]
        struct Sends {
            sends: Vec<RestSend>,
        }
        Ok(self.net.get::<Sends>(&self.url("sends"))?.sends)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/control/{path}", self.base)
    }
}
