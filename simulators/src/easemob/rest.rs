//! The REST side: Easemob being called.

use super::app::App;
use super::config::Source;
use super::faults::{Asked, RestFault};
use super::message::{Message, Target};
use super::post::announce;
use super::quota::Exceeded;
use super::records::RestSend;
use super::rest_error::RestError;
use super::state::Easemob;
use super::token::Refused;
use super::validate::{Accepted, validate};
use crate::time::now_ms;
use crate::traffic::Fate;
use crate::wire::Connection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// Last part of the path of tokens.
const TOKEN: &str = "token";

/// `POST /{org}/{app}/token`.
pub(crate) async fn token(
    State(easemob): State<Arc<Easemob>>,
    Path((org, name)): Path<(String, String)>,
    Extension(connection): Extension<Connection>,
    bytes: Bytes,
) -> Response {
    let Some(app) = easemob.app_of(&org, &name) else {
        return RestError::unknown_app().into_response();
    };
    let number = app.arrived(TOKEN);
    let asked = Asked { path: TOKEN, app: &app.key, body: &bytes, connection };
    let reply = granted(&easemob, app, asked).await;
    app.ended(TOKEN, number, Fate::of(&reply));
    reply
}

async fn granted(easemob: &Easemob, app: &App, asked: Asked<'_>) -> Response {
    let fault = easemob.faults.take(now_ms(), |scope| scope.matches(asked));
    if let Some(fault) = &fault
        && let Some(reply) = fault.before().await
    {
        return reply;
    }
    let reply =
        grant(app, asked.body).map_or_else(|error| error.into_response(), |body| Json(body).into_response());
    match fault {
        Some(fault) => fault.after(reply).await,
        None => reply,
    }
}

fn grant(app: &App, bytes: &[u8]) -> Result<Value, RestError> {
    let now = now_ms();
    let mut meter = app.meter.lock().unwrap_or_else(PoisonError::into_inner);
    meter.token(&app.quotas(), now).map_err(|_| RestError::reach_limit())?;
    let fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| RestError::invalid_body())?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("grant_type") != Some("client_credentials") {
        return Err(RestError::token_grant("grant_type does not match"));
    }
    let id = text("client_id").ok_or_else(|| RestError::token_field("client_id"))?;
    let secret = text("client_secret").ok_or_else(|| RestError::token_field("client_secret"))?;
    if id != app.client_id {
        return Err(RestError::token_grant("client_id does not match"));
    }
    if secret != app.client_secret.reveal() {
        return Err(RestError::token_grant("client_secret does not match"));
    }
    let ttl_s = match fields.get("ttl") {
        None => None,
        Some(Value::String(digits)) => Some(digits.parse().map_err(|_| RestError::invalid_body())?),
        Some(number) => Some(number.as_u64().ok_or_else(RestError::invalid_body)?),
    };
    let mut tokens = app.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let (token, expires_in) = tokens.issue(ttl_s, app.token_life, now);
    Ok(json!({ "access_token": token, "expires_in": expires_in, "application": app.application }))
}

/// `POST /{org}/{app}/messages/{users|chatgroups|chatrooms}`.
pub(crate) async fn send(
    State(easemob): State<Arc<Easemob>>,
    Path((org, name, path)): Path<(String, String, String)>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let Some(app) = easemob.app_of(&org, &name) else {
        return RestError::unknown_app().into_response();
    };
    let Some(target) = Target::from_path(&path) else {
        return RestError::unknown_path().into_response();
    };
    let number = app.arrived(target.path());
    let asked = Asked { path: target.path(), app: &app.key, body: &bytes, connection };
    let call = Call { app, target, number, headers: &headers, asked };
    let reply = sent(&easemob, call).await;
    app.ended(target.path(), number, Fate::of(&reply));
    reply
}

/// A call to send.
struct Call<'a> {
    app: &'a App,
    target: Target,
    /// Of the call in the app's traffic.
    number: u64,
    headers: &'a HeaderMap,
    asked: Asked<'a>,
}

async fn sent(easemob: &Arc<Easemob>, call: Call<'_>) -> Response {
    let Call { app, target, number, headers, asked } = call;
    let fault = easemob.faults.take(now_ms(), |scope| scope.matches(asked));
    if let Some(fault) = &fault
        && let Some(reply) = fault.before().await
    {
        return reply;
    }
    let accepted = match admit(app, target, headers, asked.body) {
        Ok(accepted) => accepted,
        Err(error) => return error.into_response(),
    };
    if matches!(fault, Some(RestFault::Duplicate)) {
        accept(easemob, app, target, accepted.clone(), fault.as_ref());
    }
    let data = accept(easemob, app, target, accepted, fault.as_ref());
    app.ended(target.path(), number, Fate::Accepted);
    let (path, org, name) = (target.path(), &app.org, &app.name);
    let reply = Json(json!({
        "path": format!("/messages/{path}"),
        "uri": format!("http://{}/{org}/{name}/messages/{path}", easemob.addr),
        "timestamp": now_ms(), "organization": org, "application": app.application, "action": "post",
        "data": data, "duration": 0, "applicationName": name,
    }))
    .into_response();
    match fault {
        Some(fault) => fault.after(reply).await,
        None => reply,
    }
}

/// Checks token and media type of a call.
///
/// # Errors
/// The reply that refuses it.
pub(crate) fn authorized(app: &App, headers: &HeaderMap, now: u64) -> Result<(), RestError> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let checked = app.tokens.lock().unwrap_or_else(PoisonError::into_inner).check(bearer, now);
    checked.map_err(|refused| match refused {
        Refused::Expired => RestError::unauthorized(),
        Refused::Unknown => RestError::corrupt_token(),
    })?;
    if !header(CONTENT_TYPE).is_some_and(|value| value.starts_with("application/json")) {
        return Err(RestError::media_type());
    }
    Ok(())
}

fn admit(app: &App, target: Target, headers: &HeaderMap, bytes: &[u8]) -> Result<Accepted, RestError> {
    let now = now_ms();
    authorized(app, headers, now)?;
    let over = |exceeded| match exceeded {
        Exceeded::Calls => RestError::reach_limit(),
        Exceeded::Messages => RestError::message_limit(),
    };
    let quotas = app.quotas();
    let mut meter = app.meter.lock().unwrap_or_else(PoisonError::into_inner);
    meter.call(target, &quotas, now).map_err(over)?;
    let accepted = validate(target, bytes)?;
    meter.messages(target, accepted.to.len() as u64, &quotas, now).map_err(over)?;
    Ok(accepted)
}

/// Delivers an accepted send to every target and returns the message id of each.
fn accept(
    easemob: &Arc<Easemob>,
    app: &App,
    target: Target,
    accepted: Accepted,
    fault: Option<&RestFault>,
) -> BTreeMap<String, String> {
    let Accepted { from, to, body, ext } = accepted;
    let at = now_ms();
    let mut msg_ids = BTreeMap::new();
    for recipient in to {
        let msg_id = easemob.ids().message();
        msg_ids.insert(recipient.clone(), msg_id.clone());
        let message = Message {
            app: app.key.clone(),
            chat_type: target.kind(),
            from: from.clone(),
            to: recipient,
            msg_id,
            timestamp: at,
            body: body.clone(),
            ext: ext.clone(),
            source: Source::Rest,
        };
        easemob.records().deliver(message.clone());
        announce(easemob, app, &message);
    }
    let send = RestSend {
        app: app.key.clone(),
        path: target.path(),
        from,
        body,
        ext,
        msg_ids: msg_ids.clone(),
        at,
        fault: fault.map(|fault| json!(fault)),
    };
    easemob.records().sends.push(send);
    msg_ids
}
