//! `/ernie/oauth/2.0/token`: access tokens of v1.

use crate::model::dialect::Arrival;
use crate::model::family::Family;
use crate::model::faults::{Caller, Fault, Scope};
use crate::model::keys;
use crate::model::request::ChatRequest;
use crate::model::state::Model;
use crate::time::now_ms;
use crate::wire;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// The name under which faults are planned for this endpoint, in place of a model's.
const NAME: &str = "oauth";

/// Answers a call for a token.
pub(crate) async fn token(model: &Model, arrival: &Arrival) -> Response {
    let caller = Caller { family: Family::Ernie, key: None, connection: arrival.connection };
    let request = ChatRequest { model: NAME.into(), ..ChatRequest::default() };
    let is_for_tokens = |scope: &Scope| scope.model.is_some() && scope.matches(&request, caller);
    match model.faults.take(now_ms(), is_for_tokens).map(|planned| planned.fault) {
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::Reset) => return wire::reset(),
        Some(Fault::Reply { script }) => {
            script.wait().await;
            return script.reply();
        }
        Some(Fault::Slow { after }) => tokio::time::sleep(after).await,
        Some(_) => return refused(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "try again later"),
        None => {}
    }
    let text = |name: &str| arrival.query(name).or_else(|| form(arrival, name)).unwrap_or_default();
    if text("grant_type") != "client_credentials" {
        let text = "The authorization grant type is not supported";
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", text);
    }
    let (id, secret) = (text("client_id"), text("client_secret"));
    let key = format!("{id}:{secret}");
    if !keys::admits(&model.config, Some(&key)) {
        let known = keys::secret_of(&model.config, &id).is_some();
        let text = if known { "Client authentication failed" } else { "unknown client id" };
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", text);
    }
    let token = model.tokens.give(&model.config, &key);
    let reply = json!({
        "access_token": token, "expires_in": model.config.token_life.as_secs(), "refresh_token": format!("25.{token}"),
        "scope": "public ai_custom_yiyan_com", "session_key": "", "session_secret": "",
    });
    Json(reply).into_response()
}

/// A value of a body that is a form.
fn form(arrival: &Arrival, name: &str) -> Option<String> {
    let body = std::str::from_utf8(&arrival.bytes).ok()?;
    let uri = format!("/?{body}").parse().ok()?;
    Arrival { uri, ..arrival.clone() }.query(name)
}

fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}
