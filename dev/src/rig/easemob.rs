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

/// What the line says of a message that it could not record.
const UNAVAILABLE: &str = "try again later";

/// What became of a message that a client sent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) msg_id: String,
    pub(crate) delivered: bool,
    pub(crate) decided_by: String,
    pub(crate) sender_error: Option<SenderError>,
    /// Number of the callback, to repeat it by.
    pub(crate) callback: Option<u64>,
    pub(crate) status: Option<u16>,
    /// What the line answered.
    #[serde(default)]
    pub(crate) reply: Option<String>,
    pub(crate) latency_ms: Option<f64>,
}

impl Sent {
    /// Easemob got a verdict in time.
    pub(crate) fn is_judged(&self) -> bool {
        self.decided_by == "verdict"
    }

    /// The line said that it could not record it.
    pub(crate) fn is_unavailable(&self) -> bool {
        !self.delivered && self.reply.as_deref().is_some_and(|reply| reply.contains(UNAVAILABLE))
    }
}

impl Callback {
    /// The line said that it could not record the message.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.reply.contains(UNAVAILABLE)
    }
}

/// What the sender's client shows.
#[derive(Clone, Debug, Deserialize)]
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
    /// The body that came back.
    #[serde(default)]
    pub(crate) reply: String,
    pub(crate) status: Option<u16>,
    pub(crate) latency_ms: f64,
    pub(crate) outcome: Value,
}

/// One message that the REST API took.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RestSend {
    pub(crate) ext: Option<Value>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub(crate) at: i64,
}

impl RestSend {
    /// The mark of the part that was sent.
    pub(crate) fn reply_id(&self) -> Option<&str> {
        self.ext.as_ref()?.pointer("/huiyin/reply_id")?.as_str()
    }
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

    /// The next `times` REST calls go wrong in this way.
    ///
    /// # Errors
    /// When the stand-in does not answer or does not know the fault.
    pub(crate) fn plan(&self, times: u32, fault: &Value) -> Result<()> {
        let order = json!({ "times": times, "fault": fault });
        self.net.post::<Value>(&self.url("faults"), &order).map(drop)
    }

    /// No REST call goes wrong any more.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub(crate) fn well(&self) -> Result<()> {
        self.net.delete(&self.url("faults"))
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

    /// Address of a control call.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/control/{path}", self.base)
    }
}
