//! What a reply to a callback means, and what the sender sees of it.

use super::app::Rule;
use super::config::Fallback;
use super::exchange::{Exchange, Failure};
use serde::Serialize;
use serde_json::{Map, Value};

/// Longest reply, in characters.
pub(crate) const LONGEST: usize = 1_000;
/// Longest replacement of a text message, in bytes of JSON.
const LONGEST_REWRITE: usize = 1_024;
/// SDK error number of a blocked message.
const BLOCKED: u16 = 508;

/// A usable reply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Pass { payload: Option<Map<String, Value>> },
    Intercept { code: Option<String> },
}

/// Reads a reply as the server does.
pub(crate) fn read(exchange: &Exchange) -> Result<Verdict, Failure> {
    if let Some(failure) = exchange.failure {
        return Err(failure);
    }
    if exchange.status != Some(200) {
        return Err(Failure::Status);
    }
    if exchange.reply.chars().count() > LONGEST {
        return Err(Failure::TooLong);
    }
    let fields: Map<String, Value> = serde_json::from_str(&exchange.reply).map_err(|_| Failure::NotJson)?;
    let code = match fields.get("code") {
        None | Some(Value::Null) => None,
        Some(Value::String(code)) => Some(code.clone()),
        Some(_) => return Err(Failure::IllTyped),
    };
    let payload = match fields.get("payload") {
        None | Some(Value::Null) => None,
        Some(Value::Object(payload)) => Some(payload.clone()),
        Some(_) => return Err(Failure::IllTyped),
    };
    match fields.get("valid") {
        Some(Value::Bool(true)) => Ok(Verdict::Pass { payload }),
        Some(Value::Bool(false)) => Ok(Verdict::Intercept { code }),
        _ => Err(Failure::IllTyped),
    }
}

/// The error that a sender's client shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SenderError {
    /// SDK error number.
    pub(crate) error: u16,
    /// Error text.
    pub(crate) text: String,
}

/// Whether the message is delivered and what its sender sees; no error means success.
pub(crate) fn sender_view(read: &Result<Verdict, Failure>, rule: &Rule) -> (bool, Option<SenderError>) {
    let text = match read {
        Ok(Verdict::Pass { .. }) => return (true, None),
        Err(_) if rule.config.fallback == Fallback::Pass => return (true, None),
        Ok(Verdict::Intercept { code: None }) => "custom logic denied",
        Ok(Verdict::Intercept { code: Some(code) }) if code.is_empty() => "Message blocked by external logic",
        Ok(Verdict::Intercept { code: Some(code) }) => code,
        Err(_) => "custom internal error",
    };
    let shown = rule.config.report_error.then(|| SenderError { error: BLOCKED, text: text.to_owned() });
    (false, shown)
}

/// A replaced body and ext, if the payload of a reply replaces a text message within the limits.
pub(crate) fn rewrite(payload: &Map<String, Value>) -> Option<(Map<String, Value>, Option<Value>)> {
    if serde_json::to_string(payload).map_or(usize::MAX, |text| text.len()) > LONGEST_REWRITE {
        return None;
    }
    let body = match payload.get("bodies") {
        Some(Value::Array(bodies)) => bodies.first()?.as_object()?,
        _ => payload,
    };
    let is_text = body.get("type").and_then(Value::as_str) == Some("txt") && body.contains_key("msg");
    is_text.then(|| (body.clone(), payload.get("ext").cloned()))
}

#[cfg(test)]
mod tests;
