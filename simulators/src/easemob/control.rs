//! The control surface: orders that change something.

use super::app::validated_rules;
use super::caller::{Call, exchange, json_headers};
use super::config::{QuotaConfig, RuleConfig, Stage};
use super::control_error::ControlError;
use super::faults::{RestFault, Scope};
use super::post::recalled;
use super::records::CallbackRecord;
use super::reply::read;
use super::send::{self, Order, Sent, outcome};
use super::state::Easemob;
use crate::plan::{Lasts, Occurs};
use crate::time::now_ms;
use axum::Json;
use axum::extract::State;
use base16ct::mixed;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

type Shared = State<Arc<Easemob>>;
type Answer = Result<Json<Value>, ControlError>;

/// `POST /control/send`.
pub(crate) async fn send(easemob: Shared, Json(order): Json<Order>) -> Result<Json<Sent>, ControlError> {
    send::send(&easemob, order).await.map(Json)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat {
    callback: u64,
}

/// `POST /control/repeat`: the very same bytes again.
pub(crate) async fn repeat(easemob: Shared, Json(order): Json<Repeat>) -> Answer {
    let found = easemob.records().callbacks.get(order.callback).cloned();
    let record = found.ok_or(ControlError::Callback(order.callback))?;
    let call = record.call.clone().ok_or(ControlError::Callback(order.callback))?;
    Ok(Json(perform(&easemob, record, call).await))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    app: String,
    rule: String,
    #[serde(default)]
    body: String,
    /// Bytes in hexadecimal digits, in place of `body`.
    #[serde(default)]
    body_hex: Option<String>,
    /// Headers; `content-type: application/json` unless given.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    method: Option<String>,
}

impl Raw {
    fn into_call(self, urls: Vec<reqwest::Url>) -> Result<Call, ControlError> {
        let refused = |what: &str| ControlError::Header(format!("unusable {what}"));
        let method = self.method.as_deref().unwrap_or("POST");
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| refused("method"))?;
        let mut headers = json_headers();
        for (name, value) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("header name"))?;
            headers.insert(name, HeaderValue::from_str(&value).map_err(|_| refused("header value"))?);
        }
        let body = match self.body_hex {
            Some(digits) => Bytes::from(mixed::decode_vec(&digits).map_err(|_| refused("body_hex"))?),
            None => Bytes::from(self.body),
        };
        Ok(Call { method, urls, headers, body })
    }
}

/// `POST /control/raw`: given bytes to a rule.
pub(crate) async fn raw(easemob: Shared, Json(order): Json<Raw>) -> Answer {
    let app = easemob.known_app(&order.app)?;
    let rules = app.rules();
    let rule = rules.iter().find(|rule| rule.config.name == order.rule);
    let rule = rule.ok_or_else(|| ControlError::Rule(order.rule.clone()))?;
    let (record, _) = easemob.prepare(&app.key, rule, &serde_json::Map::new(), None);
    let call = order.into_call(rule.servers())?;
    let request = String::from_utf8_lossy(&call.body).into_owned();
    let record = CallbackRecord { request, call: Some(call.clone()), ..record };
    Ok(Json(perform(&easemob, record, call).await))
}

/// Makes a call that decides nothing, records it, and tells what came back.
async fn perform(easemob: &Easemob, record: CallbackRecord, call: Call) -> Value {
    let wait = easemob.wait_of(&record.app, &record.rule);
    let record = CallbackRecord { sent_at: now_ms(), attempt: None, ..record };
    let exchange = exchange(&easemob.client, call, wait).await;
    let outcome = match (record.stage, exchange.failure) {
        (Stage::Pre, _) => outcome(&read(&exchange)),
        (Stage::Post, Some(failure)) => json!(failure),
        (Stage::Post, None) => json!(if exchange.status == Some(200) { "accepted" } else { "status" }),
    };
    let number = easemob.records().callbacks.push(record.answered(&exchange, outcome.clone()));
    json!({
        "callback": number, "status": exchange.status, "reply": exchange.reply,
        "latency_ms": exchange.latency_ms, "outcome": outcome,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recall {
    app: String,
    msg_id: String,
}

/// `POST /control/recall`: the sender takes a message back.
pub(crate) async fn recall(easemob: Shared, Json(order): Json<Recall>) -> Answer {
    let app = easemob.known_app(&order.app)?;
    let message = easemob.records().recall(&order.app, &order.msg_id);
    let message = message.ok_or(ControlError::Message(order.msg_id))?;
    Ok(Json(json!({ "events": recalled(&easemob, app, &message).await })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    app: String,
    rules: Vec<RuleConfig>,
}

/// `PUT /control/rules`: replaces the rules of an app.
pub(crate) async fn rules(easemob: Shared, Json(order): Json<Rules>) -> Answer {
    let app = easemob.known_app(&order.app)?;
    let rules = validated_rules(order.rules)?;
    let count = rules.len();
    app.set_rules(rules);
    Ok(Json(json!({ "rules": count })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quotas {
    app: String,
    quotas: QuotaConfig,
}

/// `PUT /control/quotas`: replaces the quotas of an app.
pub(crate) async fn quotas(easemob: Shared, Json(order): Json<Quotas>) -> Answer {
    easemob.known_app(&order.app)?.set_quotas(order.quotas);
    Ok(Json(json!({ "set": true })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedFault {
    #[serde(default)]
    scope: Scope,
    /// How many calls go wrong, 1 unless given.
    #[serde(default)]
    times: Option<u32>,
    /// For how long every call goes wrong, in place of `times`.
    #[serde(default, rename = "for", with = "crate::duration::optional")]
    lasting: Option<Duration>,
    /// Only one call in so many goes wrong.
    #[serde(default)]
    one_in: Option<u32>,
    fault: RestFault,
}

/// `POST /control/faults`: the next REST calls in scope go wrong.
pub(crate) async fn faults(easemob: Shared, Json(order): Json<PlannedFault>) -> Json<Value> {
    let lasts = Lasts::ordered(order.times, order.lasting, now_ms());
    easemob.faults.add(order.scope, Occurs::ordered(lasts, order.one_in), order.fault);
    Json(json!({ "planned": easemob.faults.left(now_ms()) }))
}

/// `DELETE /control/faults`: no call goes wrong any more.
pub(crate) async fn well(easemob: Shared) -> Json<Value> {
    easemob.faults.clear();
    Json(json!({ "planned": 0 }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    app: String,
}

/// `POST /control/tokens/revoke`: every token issued so far is expired.
pub(crate) async fn revoke(easemob: Shared, Json(order): Json<Revoke>) -> Answer {
    let app = easemob.known_app(&order.app)?;
    let revoked = app.tokens.lock().unwrap_or_else(PoisonError::into_inner).revoke_all();
    Ok(Json(json!({ "revoked": revoked })))
}

/// `POST /control/reset`: forgets records, traffic, planned faults, quotas spent and bans.
pub(crate) async fn reset(easemob: Shared) -> Json<Value> {
    easemob.records().clear();
    easemob.faults.clear();
    for app in easemob.apps.values() {
        *app.meter.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
        *app.ban.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
        app.traffic.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
    Json(json!({ "reset": true }))
}
