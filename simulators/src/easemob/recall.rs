//! Recalls by the REST API: `POST /{org}/{app}/messages/msg_recall`.

use super::app::App;
use super::config::ChatKind;
use super::faults::Asked;
use super::message::Message;
use super::post::recalled;
use super::records::RestRecall;
use super::rest::authorized;
use super::rest_error::RestError;
use super::state::Easemob;
use crate::time::now_ms;
use crate::traffic::Fate;
use crate::wire::Connection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::sync::{Arc, PoisonError};

/// Last part of the path.
const PATH: &str = "msg_recall";

/// `POST /{org}/{app}/messages/msg_recall`.
pub(crate) async fn recall(
    State(easemob): State<Arc<Easemob>>,
    Path((org, name)): Path<(String, String)>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let Some(app) = easemob.app_of(&org, &name) else {
        return RestError::unknown_app().into_response();
    };
    let number = app.arrived(PATH);
    let asked = Asked { path: PATH, app: &app.key, body: &bytes, connection };
    let reply = answer(&easemob, app, &headers, asked).await;
    app.ended(PATH, number, Fate::of(&reply));
    reply
}

async fn answer(easemob: &Arc<Easemob>, app: &App, headers: &HeaderMap, asked: Asked<'_>) -> Response {
    let fault = easemob.faults.take(now_ms(), |scope| scope.matches(asked));
    if let Some(fault) = &fault
        && let Some(reply) = fault.before().await
    {
        return reply;
    }
    let order = match admit(app, headers, asked.body) {
        Ok(order) => order,
        Err(error) => return error.into_response(),
    };
    let message = match take_back(easemob, app, &order) {
        Ok(message) => message,
        Err(error) => return error.into_response(),
    };
    tell(easemob, app, message);
    let (org, name) = (&app.org, &app.name);
    let reply = Json(json!({
        "path": "/messages/msg_recall",
        "uri": format!("http://{}/{org}/{name}/messages/msg_recall", easemob.addr),
        "timestamp": now_ms(), "organization": org, "application": app.application, "action": "post",
        "data": {
            "recalled": "yes", "chattype": word(order.kind), "from": order.from, "to": order.to, "msg_id": order.msg_id,
        },
        "duration": 0, "applicationName": name,
    }))
    .into_response();
    match fault {
        Some(fault) => fault.after(reply).await,
        None => reply,
    }
}

/// Post-send rules hear of it as of any recall.
fn tell(easemob: &Arc<Easemob>, app: &App, message: Message) {
    let (easemob, key) = (Arc::clone(easemob), app.key.clone());
    tokio::spawn(async move {
        if let Some(app) = easemob.apps.get(&key) {
            recalled(&easemob, app, &message).await;
        }
    });
}

/// A recall that passed the checks of its form.
struct Order {
    msg_id: String,
    to: String,
    from: String,
    kind: ChatKind,
    force: bool,
}

fn admit(app: &App, headers: &HeaderMap, bytes: &[u8]) -> Result<Order, RestError> {
    let now = now_ms();
    authorized(app, headers, now)?;
    let quotas = app.quotas();
    let mut meter = app.meter.lock().unwrap_or_else(PoisonError::into_inner);
    meter.recall(&quotas, now).map_err(|_| RestError::reach_limit())?;
    if app.recall_closed {
        return Err(RestError::recall_closed());
    }
    order(bytes)
}

/// The checks in the order of the documentation's table.
fn order(bytes: &[u8]) -> Result<Order, RestError> {
    let fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| RestError::invalid_body())?;
    let text = |name: &str| match fields.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        None | Some(Value::Null | Value::String(_)) => {
            Err(RestError::recall(400, &format!("param {name} can't be empty")))
        }
        Some(_) => Err(RestError::invalid_body()),
    };
    let (msg_id, to, chat_type) = (text("msg_id")?, text("to")?, text("chat_type")?);
    let kinds = [ChatKind::Chat, ChatKind::Group, ChatKind::Chatroom];
    let kind = kinds.into_iter().find(|kind| word(*kind) == chat_type).ok_or_else(RestError::invalid_body)?;
    let flag = |name: &str| match fields.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::Null) => Err(RestError::recall(400, &format!("param {name} can't be empty"))),
        Some(_) => Err(RestError::invalid_body()),
    };
    let force = flag("force")?.unwrap_or(false);
    flag("sync_device")?;
    let from = match fields.get("from") {
        None => "admin".to_owned(),
        Some(from) => from.as_str().ok_or_else(RestError::invalid_body)?.to_owned(),
    };
    Ok(Order { msg_id, to, from, kind, force })
}

fn word(kind: ChatKind) -> &'static str {
    match kind {
        ChatKind::Chat => "chat",
        ChatKind::Group => "groupchat",
        ChatKind::Chatroom => "chatroom",
    }
}

/// Takes the message out of the chat.
fn take_back(easemob: &Easemob, app: &App, order: &Order) -> Result<Message, RestError> {
    let mut records = easemob.records();
    let is_it = |message: &Message| message.app == app.key && message.msg_id == order.msg_id;
    let found = records.inbox.iter_mut().find(|received| is_it(&received.message));
    // What was recalled before is not found either.
    let received = found.filter(|received| !received.recalled).ok_or_else(RestError::recall_not_found)?;
    let message = &received.message;
    if message.chat_type != order.kind || !message.to.eq_ignore_ascii_case(&order.to) {
        return Err(RestError::recall(400, "can't find msg to"));
    }
    let age = now_ms().saturating_sub(message.timestamp);
    if !order.force && u128::from(age) > app.recall_time.as_millis() {
        return Err(RestError::recall(403, "exceed recall time limit"));
    }
    received.recalled = true;
    let message = message.clone();
    let recall = RestRecall {
        app: app.key.clone(),
        msg_id: order.msg_id.clone(),
        to: order.to.clone(),
        from: order.from.clone(),
        force: order.force,
        at: now_ms(),
    };
    records.recalls.push(recall);
    Ok(message)
}
