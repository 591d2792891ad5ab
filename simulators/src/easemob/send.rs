//! A client sends a message: the callback before sending, the verdict, the delivery.

use super::app::{App, Rule};
use super::caller::exchange;
use super::config::{ChatKind, Source, Stage};
use super::control_error::ControlError;
use super::envelope::before_sending;
use super::exchange::Failure;
use super::knobs::Knobs;
use super::message::Message;
use super::post::announce;
use super::reply::{SenderError, Verdict, read, rewrite, sender_view};
use super::state::Easemob;
use crate::time::now_ms;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// A message to send, as ordered by `POST /control/send`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    app: String,
    chat_type: ChatKind,
    from: String,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    group_id: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    body: Option<Map<String, Value>>,
    #[serde(default)]
    ext: Option<Value>,
    #[serde(default)]
    msg_id: Option<String>,
    #[serde(default)]
    timestamp: Option<u64>,
    #[serde(default)]
    faults: Knobs,
}

/// What became of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sent {
    msg_id: String,
    delivered: bool,
    /// `verdict`, `fallback`, or `no_rule` when nobody was asked.
    decided_by: &'static str,
    /// Why the fallback decided.
    fallback_reason: Option<Failure>,
    /// Whether the text was replaced by the reply.
    rewritten: bool,
    /// What the sender's client shows; `null` is success.
    sender_error: Option<SenderError>,
    /// Number of the callback in `/control/callbacks`.
    callback: Option<u64>,
    call_id: Option<String>,
    status: Option<u16>,
    reply: Option<String>,
    latency_ms: Option<f64>,
}

impl Order {
    fn into_message(self, easemob: &Easemob) -> Result<(Message, Knobs), ControlError> {
        let to = match self.chat_type {
            ChatKind::Chat => self.to.ok_or(ControlError::Missing("to"))?,
            ChatKind::Group | ChatKind::Chatroom => {
                self.group_id.or(self.to).ok_or(ControlError::Missing("group_id"))?
            }
        };
        let body = match (self.body, self.text) {
            (Some(body), None) => body,
            (None, Some(text)) => {
                [("type".to_owned(), json!("txt")), ("msg".to_owned(), json!(text))].into_iter().collect()
            }
            _ => return Err(ControlError::Missing("either text or body")),
        };
        let message = Message {
            app: self.app,
            chat_type: self.chat_type,
            from: self.from,
            to,
            msg_id: self.msg_id.unwrap_or_else(|| easemob.ids().message()),
            timestamp: self.timestamp.unwrap_or_else(now_ms),
            body,
            ext: self.ext,
            source: Source::Sdk,
        };
        Ok((message, self.faults))
    }
}

/// Sends a message and waits until it is decided.
pub(crate) async fn send(easemob: &Arc<Easemob>, order: Order) -> Result<Sent, ControlError> {
    let app = easemob.known_app(&order.app)?;
    let (mut message, knobs) = order.into_message(easemob)?;
    easemob.records().sent.push(message.clone());
    let rules = app.rules();
    let covers = |rule: &&Rule| rule.covers(Stage::Pre, message.chat_type, message.body_type());
    let sent = match rules.iter().find(covers).filter(|_| !knobs.skip_pre) {
        None => Sent::unasked(&message),
        Some(rule) => ask(easemob, rule, &mut message, &knobs).await,
    };
    if sent.delivered {
        deliver(easemob, app, message);
    }
    Ok(sent)
}

/// Calls the rule and applies what its reply, or the fallback, decides.
async fn ask(easemob: &Arc<Easemob>, rule: &Rule, message: &mut Message, knobs: &Knobs) -> Sent {
    let call_id = easemob.ids().callback(&message.app);
    let fields = knobs.apply(before_sending(message, rule, &call_id, message.timestamp), rule);
    let wait = knobs.wait.unwrap_or(rule.wait);
    let (record, call) = easemob.prepare(&message.app, rule, &fields, Some(1));
    let mut copies = JoinSet::new();
    for _ in 0..knobs.copies {
        let (easemob, record, call) = (Arc::clone(easemob), record.clone(), call.clone());
        copies.spawn(async move {
            let exchange = exchange(&easemob.client, call, wait).await;
            let outcome = outcome(&read(&exchange));
            easemob.records().callbacks.push(record.answered(&exchange, outcome));
        });
    }
    let call_id = record.call_id.clone();
    let exchange = exchange(&easemob.client, call, wait).await;
    let verdict = read(&exchange);
    let number = easemob.records().callbacks.push(record.answered(&exchange, outcome(&verdict)));
    copies.join_all().await;
    let (delivered, sender_error) = sender_view(&verdict, rule);
    let rewritten = replace(message, &verdict);
    Sent {
        msg_id: message.msg_id.clone(),
        delivered,
        decided_by: if verdict.is_ok() { "verdict" } else { "fallback" },
        fallback_reason: verdict.err(),
        rewritten,
        sender_error,
        callback: Some(number),
        call_id,
        status: exchange.status,
        reply: Some(exchange.reply),
        latency_ms: Some(exchange.latency_ms),
    }
}

/// The name of a reply in the log of callbacks.
pub(crate) fn outcome(verdict: &Result<Verdict, Failure>) -> Value {
    match verdict {
        Ok(Verdict::Pass { .. }) => json!("pass"),
        Ok(Verdict::Intercept { .. }) => json!("intercept"),
        Err(failure) => json!(failure),
    }
}

fn replace(message: &mut Message, verdict: &Result<Verdict, Failure>) -> bool {
    let Ok(Verdict::Pass { payload: Some(payload) }) = verdict else { return false };
    let Some((body, ext)) = rewrite(payload).filter(|_| message.body_type() == "txt") else { return false };
    message.body = body;
    message.ext = ext.or(message.ext.take());
    true
}

fn deliver(easemob: &Arc<Easemob>, app: &App, message: Message) {
    announce(easemob, app, &message);
    easemob.records().deliver(message);
}

impl Sent {
    fn unasked(message: &Message) -> Self {
        Self {
            msg_id: message.msg_id.clone(),
            delivered: true,
            decided_by: "no_rule",
            fallback_reason: None,
            rewritten: false,
            sender_error: None,
            callback: None,
            call_id: None,
            status: None,
            reply: None,
            latency_ms: None,
        }
    }
}
