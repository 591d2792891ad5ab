//! Error replies of the model stand-in.

use super::config::CodeForm;
use super::faults::{Fault, RetryAfter};
use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Status, `type`, `code` and `message` of an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<&'static str>,
}

/// A date that is farther away is brought here, since dates of HTTP end with the year 9999.
const FARTHEST: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);
const INVALID: &str = "invalid_request_error";

pub(crate) const BAD_REQUEST: Refusal = Refusal::new(400, INVALID, None);
pub(crate) const INVALID_KEY: Refusal = Refusal::new(401, INVALID, Some("invalid_api_key"));
pub(crate) const UNKNOWN_MODEL: Refusal = Refusal::new(404, INVALID, Some("model_not_found"));
pub(crate) const CONTEXT: Refusal = Refusal::new(400, INVALID, Some("context_length_exceeded"));
pub(crate) const MAX_TOKENS: Refusal =
    Refusal { param: Some("max_tokens"), ..Refusal::new(400, INVALID, Some("unsupported_parameter")) };
pub(crate) const STREAM: Refusal =
    Refusal { param: Some("stream"), ..Refusal::new(400, INVALID, Some("unsupported_value")) };
const FLAGGED: Refusal = Refusal::new(400, INVALID, Some("invalid_prompt"));
pub(crate) const RATE: Refusal = Refusal::new(429, "requests", Some("rate_limit_exceeded"));
const MONEY: Refusal = Refusal::new(429, "insufficient_quota", Some("insufficient_quota"));
const SERVER: Refusal = Refusal::new(500, "server_error", Some("server_error"));
const OVERLOAD: Refusal = Refusal::new(503, "service_unavailable_error", Some("server_is_overloaded"));

impl Refusal {
    const fn new(status: u16, kind: &'static str, code: Option<&'static str>) -> Self {
        Self { status, kind, code, param: None }
    }

    /// The reply, with `code` in the form that a server uses.
    pub(crate) fn reply(self, message: &str, form: CodeForm) -> Response {
        let code = match form {
            CodeForm::Text => json!(self.code),
            CodeForm::Integer => json!(self.status),
            CodeForm::Null => Value::Null,
        };
        let error = json!({ "message": message, "type": self.kind, "param": self.param, "code": code });
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// The error of a request over a limit.
pub(crate) fn over_limit(retry_after: RetryAfter, form: CodeForm) -> Response {
    (headers(retry_after), RATE.reply("Rate limit reached for requests.", form)).into_response()
}

/// The error that a fault answers with, if it is one that answers with an error.
pub(crate) fn refuse(fault: &Fault, form: CodeForm) -> Option<Response> {
    let (refusal, message) = match fault {
        Fault::RateLimited { retry_after } => {
            return Some(over_limit(*retry_after, form));
        }
        Fault::Overloaded { retry_after } => {
            let reply = OVERLOAD.reply("The server is overloaded. Please try again later.", form);
            return Some((headers(*retry_after), reply).into_response());
        }
        Fault::Reply { script } => return Some(script.reply()),
        Fault::BadGateway => return Some(page(StatusCode::BAD_GATEWAY)),
        Fault::GatewayTimeout => return Some(page(StatusCode::GATEWAY_TIMEOUT)),
        Fault::InsufficientQuota => (MONEY, "You exceeded your current quota, please check your plan."),
        Fault::ServerError => (SERVER, "The server had an error while processing your request."),
        Fault::InvalidApiKey => (INVALID_KEY, "Incorrect API key provided."),
        Fault::ModelNotFound => (UNKNOWN_MODEL, "The model does not exist or you do not have access to it."),
        Fault::ContextLengthExceeded => (CONTEXT, "This model's maximum context length is 8192 tokens."),
        Fault::InvalidPrompt => (FLAGGED, "Invalid prompt: your prompt was flagged by our usage policy."),
        _ => return None,
    };
    Some(refusal.reply(message, form))
}

fn page(status: StatusCode) -> Response {
    let html = format!(
        "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
    );
    (status, Html(html)).into_response()
}

fn headers(retry_after: RetryAfter) -> HeaderMap {
    let RetryAfter { retry_after, retry_after_date, retry_after_in_ms } = retry_after;
    let seconds = retry_after.map(|time| time.as_secs_f64().to_string());
    let date = retry_after_date.map(|time| httpdate::fmt_http_date(SystemTime::now() + time.min(FARTHEST)));
    let texts = [
        (header::RETRY_AFTER, seconds.or(date)),
        (
            header::HeaderName::from_static("retry-after-ms"),
            retry_after_in_ms.map(|time| time.as_millis().to_string()),
        ),
    ];
    let set = texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text?).ok()?)));
    set.collect()
}
