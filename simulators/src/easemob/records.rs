//! The logs that the control surface shows: callbacks, messages received, REST sends.

use super::caller::Call;
use super::config::Stage;
use super::exchange::Exchange;
use super::message::Message;
use crate::recent::Recent;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One call to a callback server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallbackRecord {
    pub(crate) app: String,
    pub(crate) rule: String,
    pub(crate) stage: Stage,
    pub(crate) call_id: Option<String>,
    pub(crate) msg_id: Option<String>,
    /// What was sent; bytes that are not UTF-8 are replaced.
    pub(crate) request: String,
    /// Milliseconds since the epoch.
    pub(crate) sent_at: u64,
    /// 1 for the first call, 2 for the retry after sending; `null` for repeated and raw ones.
    pub(crate) attempt: Option<u8>,
    pub(crate) status: Option<u16>,
    pub(crate) reply: String,
    pub(crate) latency_ms: f64,
    /// `pass`, `intercept`, `accepted`, `banned`, or the name of a failure.
    pub(crate) outcome: Value,
    /// What to send when it is repeated.
    #[serde(skip)]
    pub(crate) call: Option<Call>,
}

impl CallbackRecord {
    /// Puts in what came back.
    pub(crate) fn answered(mut self, exchange: &Exchange, outcome: Value) -> Self {
        self.status = exchange.status;
        self.reply.clone_from(&exchange.reply);
        self.latency_ms = exchange.latency_ms;
        self.outcome = outcome;
        self
    }
}

/// A message that arrived in an inbox.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Received {
    #[serde(flatten)]
    pub(crate) message: Message,
    /// Text of a text message.
    pub(crate) text: Option<String>,
    /// Set when it was taken back, by its sender or by the REST API.
    pub(crate) recalled: bool,
}

/// One accepted REST call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RestSend {
    pub(crate) app: String,
    /// `users`, `chatgroups` or `chatrooms`.
    pub(crate) path: &'static str,
    pub(crate) from: String,
    pub(crate) body: Map<String, Value>,
    pub(crate) ext: Option<Value>,
    /// Message id by target.
    pub(crate) msg_ids: BTreeMap<String, String>,
    /// Milliseconds since the epoch.
    pub(crate) at: u64,
    /// The fault that its reply met.
    pub(crate) fault: Option<Value>,
}

/// One message that was recalled by the REST API.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RestRecall {
    pub(crate) app: String,
    pub(crate) msg_id: String,
    /// User, group or room.
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) force: bool,
    /// Milliseconds since the epoch.
    pub(crate) at: u64,
}

/// All logs together.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) callbacks: Recent<CallbackRecord>,
    pub(crate) inbox: Recent<Received>,
    pub(crate) sends: Recent<RestSend>,
    pub(crate) recalls: Recent<RestRecall>,
    /// Messages that clients sent, delivered or not, so that they can be recalled.
    pub(crate) sent: Recent<Message>,
}

impl Records {
    /// Puts a message into the inbox of its user, group or room.
    pub(crate) fn deliver(&mut self, message: Message) {
        let text = message.text().map(str::to_owned);
        self.inbox.push(Received { message, text, recalled: false });
    }

    /// Marks a message as recalled and returns it.
    pub(crate) fn recall(&mut self, app: &str, msg_id: &str) -> Option<Message> {
        let is_it = |message: &Message| message.app == app && message.msg_id == msg_id;
        let mut found = self.sent.iter().map(|(_, sent)| sent).find(|sent| is_it(sent)).cloned();
        for received in self.inbox.iter_mut().filter(|received| is_it(&received.message)) {
            received.recalled = true;
            found.get_or_insert_with(|| received.message.clone());
        }
        found
    }

    /// Forgets everything; numbers of callbacks go on.
    pub(crate) fn clear(&mut self) {
        self.callbacks.clear();
        self.inbox.clear();
        self.sends.clear();
        self.recalls.clear();
        self.sent.clear();
    }
}
