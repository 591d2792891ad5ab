//! The control surface of Easemob's stand-in.

use super::net::Net;
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;

/// The app that the demo plays in.
pub const APP: &str = "acme#support";
/// Its bot.
pub const BOT: &str = "bot_helpdesk";

/// Whom a message is for.
#[derive(Clone, Copy)]
pub enum To<'a> {
    /// One person.
    User(&'a str),
    /// A group, by its id.
    Group(&'a str),
}

impl To<'_> {
    /// The id alone.
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) => name,
        }
    }
}

/// What the line says of a message that it could not record.
const UNAVAILABLE: &str = "try again later";

/// What became of a message that a client sent.
#[derive(Clone, Debug, Deserialize)]
pub struct Sent {
    /// Easemob's id of the message.
    pub msg_id: String,
    /// Whether the receiver got it.
    pub delivered: bool,
    /// What decided on it: `verdict`, or the fallback of the app.
    pub decided_by: String,
    /// What the sender's client shows when it was not delivered.
    pub sender_error: Option<SenderError>,
    /// Number of the callback, to repeat it by.
    pub callback: Option<u64>,
    /// Status of the HTTP reply; nothing when none came.
    pub status: Option<u16>,
    /// What the line answered.
    #[serde(default)]
    pub reply: Option<String>,
    /// How long the callback took, in milliseconds.
    pub latency_ms: Option<f64>,
}

impl Sent {
    /// Easemob got a verdict in time.
    pub fn is_judged(&self) -> bool {
        self.decided_by == "verdict"
    }

    /// The line said that it could not record it.
    pub fn is_unavailable(&self) -> bool {
        !self.delivered && self.reply.as_deref().is_some_and(|reply| reply.contains(UNAVAILABLE))
    }
}

impl Callback {
    /// The line said that it could not record the message.
    pub fn is_unavailable(&self) -> bool {
        self.reply.contains(UNAVAILABLE)
    }
}

/// What the sender's client shows.
#[derive(Clone, Debug, Deserialize)]
pub struct SenderError {
    /// Easemob's code of the refusal.
    pub error: u16,
    /// Its text.
    pub text: String,
}

/// A callback that belongs to no new message: a repeated or a forged one.
#[derive(Debug, Deserialize)]
pub struct Stray {
    /// Status of the HTTP reply; nothing when none came.
    pub status: Option<u16>,
    /// How the stand-in took the reply.
    pub outcome: Value,
    /// How long it took, in milliseconds.
    pub latency_ms: f64,
}

/// A message that arrived.
#[derive(Clone, Debug, Deserialize)]
pub struct Received {
    /// Number of the message in the stand-in.
    pub number: u64,
    /// Who sent it.
    pub from: String,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// What it says; nothing when it is no text.
    pub text: Option<String>,
    /// It was taken back.
    #[serde(default)]
    pub recalled: bool,
}

/// One callback that the stand-in made.
#[derive(Clone, Debug, Deserialize)]
pub struct Callback {
    /// `pre` when it came before the delivery, `post` when it came after.
    pub stage: String,
    /// The body that was sent.
    pub request: String,
    /// The body that came back.
    #[serde(default)]
    pub reply: String,
    /// Status of the HTTP reply; nothing when none came.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: f64,
    /// How the stand-in took the reply.
    pub outcome: Value,
}

/// One message that the REST API took.
#[derive(Clone, Debug, Deserialize)]
pub struct RestSend {
    /// The message's extension.
    pub ext: Option<Value>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub at: i64,
}

impl RestSend {
    /// The mark of the part that was sent.
    pub fn reply_id(&self) -> Option<&str> {
        self.ext.as_ref()?.pointer("/huiyin/reply_id")?.as_str()
    }

    /// The turn that is answered, by the same mark.
    pub fn turn(&self) -> Option<&str> {
        self.ext.as_ref()?.pointer("/huiyin/turn")?.as_str()
    }
}

/// Orders and questions to the stand-in.
pub struct Easemob {
    net: Rc<Net>,
    base: String,
}

impl Easemob {
    /// Speaks to the stand-in at the address `base`.
    pub fn new(net: Rc<Net>, base: String) -> Self {
        Self { net, base }
    }

    /// A client sends a text.
    pub fn send(&self, from: &str, to: To<'_>, text: &str) -> Result<Sent> {
        self.order(from, to, json!({ "text": text }))
    }

    /// A client sends a message of any kind.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub fn send_message(&self, from: &str, to: To<'_>, body: &Value, ext: &Value) -> Result<Sent> {
        self.order(from, to, json!({ "body": body, "ext": ext }))
    }

    fn order(&self, from: &str, to: To<'_>, mut order: Value) -> Result<Sent> {
        (order["app"], order["from"]) = (json!(APP), json!(from));
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
    pub fn plan(&self, times: u32, fault: &Value) -> Result<()> {
        let order = json!({ "times": times, "fault": fault });
        self.net.post::<Value>(&self.url("faults"), &order).map(drop)
    }

    /// No REST call goes wrong any more.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub fn well(&self) -> Result<()> {
        self.net.delete(&self.url("faults"))
    }

    /// The very same callback again.
    pub fn repeat(&self, callback: u64) -> Result<Stray> {
        self.net.post(&self.url("repeat"), &json!({ "callback": callback }))
    }

    /// Somebody who is not Easemob posts a callback of the rule that is asked before delivery.
    pub fn forge(&self, body: &Value) -> Result<Stray> {
        self.net.post(&self.url("raw"), &json!({ "app": APP, "rule": "before", "body": body.to_string() }))
    }

    /// The sender takes a message back.
    pub fn recall(&self, msg_id: &str) -> Result<Value> {
        self.net.post(&self.url("recall"), &json!({ "app": APP, "msg_id": msg_id }))
    }

    /// What a user or a group received, oldest first.
    pub fn inbox(&self, of: To<'_>) -> Result<Vec<Received>> {
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
    pub fn callbacks(&self) -> Result<Vec<Callback>> {
        #[derive(Deserialize)]
        struct Callbacks {
            callbacks: Vec<Callback>,
        }
        Ok(self.net.get::<Callbacks>(&self.url("callbacks"))?.callbacks)
    }

    /// Every message that the REST API took.
    pub fn sends(&self) -> Result<Vec<RestSend>> {
        #[derive(Deserialize)]
        struct Sends {
            sends: Vec<RestSend>,
        }
        Ok(self.net.get::<Sends>(&self.url("sends"))?.sends)
    }

    /// Address of a control call.
    pub fn url(&self, path: &str) -> String {
        format!("{}/control/{path}", self.base)
    }
}
