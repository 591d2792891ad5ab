//! Stand-in of whoever reviews texts: OpenAI's moderation wire at `/v1/moderations`, and a customer's webhook at `/review`, which takes
//! calls only that are signed, fresh and not seen before.
//!
//! Control: `POST /control/faults` with `{"times": 1, "fault": {"kind": "status", "status": 500}}`, `DELETE /control/faults`,
//! `GET /control/calls`.

mod faults;
mod signature;

use crate::secret::Secret;
use crate::server::{self, Handle, StartError};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use faults::{Fault, Faults, Order};
use serde::Deserialize;
use serde_json::{Value, json};
use signature::Seen;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the stand-in knows and finds wrong.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Key of the moderation wire; any key is taken without it.
    pub api_key: Secret,
    /// Secret that the webhook's calls are signed with.
    pub secret: Secret,
    /// A text that has one of these words is unsafe.
    pub unsafe_words: Vec<String>,
    /// A text that has one of these words is controversial to the webhook, and unflagged by the moderation wire.
    pub controversial_words: Vec<String>,
}

/// What was asked.
#[derive(Debug, Clone)]
struct Call {
    wire: &'static str,
    status: u16,
    text: String,
}

#[derive(Debug)]
struct Reviewer {
    config: Config,
    faults: Faults,
    seen: Seen,
    calls: Mutex<Vec<Call>>,
}

type Shared = State<Arc<Reviewer>>;

/// Starts the stand-in on a free loopback port.
///
/// # Errors
/// No port can be bound.
pub async fn start(config: Config) -> Result<Handle, StartError> {
    start_at((Ipv4Addr::LOCALHOST, 0).into(), config).await
}

/// Starts the stand-in at an address.
///
/// # Errors
/// The address cannot be bound.
pub async fn start_at(addr: SocketAddr, config: Config) -> Result<Handle, StartError> {
    let (listener, addr) = server::bind(addr).await?;
    let reviewer =
        Reviewer { config, faults: Faults::default(), seen: Seen::default(), calls: Mutex::default() };
    let router = Router::new()
        .route("/v1/moderations", post(moderation))
        .route("/review", post(webhook))
        .route("/control/faults", post(order).delete(well))
        .route("/control/calls", get(calls))
        .with_state(Arc::new(reviewer));
    tracing::info!(%addr, "reviewer stand-in is ready");
    Ok(server::run(listener, addr, router))
}

async fn order(reviewer: Shared, Json(order): Json<Order>) -> Json<Value> {
    reviewer.faults.plan(order);
    Json(json!({}))
}

async fn well(reviewer: Shared) -> Json<Value> {
    reviewer.faults.clear();
    Json(json!({}))
}

async fn calls(reviewer: Shared) -> Json<Value> {
    let calls = reviewer.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let told = |call: Call| json!({ "wire": call.wire, "status": call.status, "text": call.text });
    Json(calls.into_iter().map(told).collect())
}

/// `POST /v1/moderations`, with one text as `input`.
async fn moderation(State(reviewer): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let key = header(&headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    let expected = reviewer.config.api_key.reveal();
    let refused = (!expected.is_empty() && key != Some(expected)).then_some(StatusCode::UNAUTHORIZED);
    let text =
        serde_json::from_slice(&body).ok().and_then(|body: Value| Some(body["input"].as_str()?.to_owned()));
    let flagged = text.as_deref().is_some_and(|text| has(text, &reviewer.config.unsafe_words));
    let verdict = json!({
        "id": "modr-1", "model": "omni-moderation-latest",
        "results": [{
            "flagged": flagged,
            "categories": { "hate": false, "violence": flagged },
            "category_scores": { "hate": 0.01, "violence": if flagged { 0.93 } else { 0.02 } },
        }],
    });
    let lie = json!({ "results": [{ "flagged": "no", "categories": {} }] });
    reviewer.reply("moderation", refused, text, Words { verdict, lie }).await
}

/// `POST /review`, signed.
async fn webhook(State(reviewer): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let claim = |name: &str| header(&headers, name).unwrap_or_default().to_owned();
    let claim = signature::Claim {
        id: claim("x-huiyin-id"),
        timestamp: claim("x-huiyin-timestamp"),
        signature: claim("x-huiyin-signature"),
    };
    let refused = claim.refused(&reviewer.config.secret, &body, &reviewer.seen);
    let read: Value = serde_json::from_slice(&body).unwrap_or_default();
    // The id that is signed is that of the body.
    let text = read["text"].as_str().filter(|_| read["id"].as_str() == Some(&claim.id)).map(str::to_owned);
    let found = text.as_deref().unwrap_or_default();
    let verdict = if has(found, &reviewer.config.unsafe_words) {
        json!({ "verdict": "unsafe", "category": "violence" })
    } else if has(found, &reviewer.config.controversial_words) {
        json!({ "verdict": "controversial", "category": "politics" })
    } else {
        json!({ "verdict": "safe" })
    };
    reviewer.reply("webhook", refused, text, Words { verdict, lie: json!({ "verdict": "fine" }) }).await
}

/// What is said, and what is said in its place by a server that is not what it seems.
struct Words {
    verdict: Value,
    lie: Value,
}

impl Reviewer {
    async fn reply(
        &self,
        wire: &'static str,
        refused: Option<StatusCode>,
        text: Option<String>,
        words: Words,
    ) -> Response {
        let status = refused.or(text.is_none().then_some(StatusCode::BAD_REQUEST));
        let response = match (status, self.faults.next()) {
            (Some(status), _) => (status, Json(json!({ "error": { "message": "refused" } }))).into_response(),
            (None, None) => Json(words.verdict).into_response(),
            (None, Some(Fault::Slow { ms })) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Json(words.verdict).into_response()
            }
            (None, Some(Fault::Status { status })) => {
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
            (None, Some(Fault::Lie)) => Json(words.lie).into_response(),
            (None, Some(Fault::NoJson)) => "<html>a page</html>".into_response(),
            (None, Some(Fault::Huge)) => {
                Json(json!({ "verdict": "safe", "more": "x".repeat(1 << 20) })).into_response()
            }
        };
        let call = Call { wire, status: response.status().as_u16(), text: text.unwrap_or_default() };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        response
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn has(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| text.contains(word.as_str()))
}
