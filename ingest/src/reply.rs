//! What Easemob is told about a message before its delivery. Always HTTP 200: Easemob takes any other status as a failure.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

/// Easemob takes longer replies as an attack: the callback has failed then.
const MAX_CHARACTERS: usize = 1_000;
/// Easemob takes larger replacements of text messages only after asking its sales.
const MAX_PAYLOAD_BYTES: usize = 1_024;

/// The reply to a pre-send callback.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// Deliver the message.
    Deliver,
    /// Deliver it with this payload.
    Change(Value),
    /// Do not deliver it; the sender's client may be told why.
    Reject(Option<String>),
}

impl Reply {
    /// A reply that changes the payload; `None` when it is longer than Easemob takes.
    pub(crate) fn change(payload: Value) -> Option<Self> {
        let reply = Self::Change(payload);
        let text = reply.to_string();
        let Self::Change(payload) = &reply else { return None };
        let fits = text.chars().count() <= MAX_CHARACTERS && payload.to_string().len() <= MAX_PAYLOAD_BYTES;
        fits.then_some(reply)
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = match self {
            Self::Deliver => ReplyBody { valid: true, payload: None, code: None },
            Self::Change(payload) => ReplyBody { valid: true, payload: Some(payload), code: None },
            Self::Reject(code) => ReplyBody { valid: false, payload: None, code: code.as_deref() },
        };
        f.write_str(&serde_json::to_string(&body).map_err(|_| std::fmt::Error)?)
    }
}

/// The body of a reply, as Easemob reads it.
#[derive(Serialize)]
struct ReplyBody<'a> {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.to_string()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_are_what_easemob_reads() {
        assert_eq!(Reply::Deliver.to_string(), r#"{"valid":true}"#);
        assert_eq!(Reply::Reject(None).to_string(), r#"{"valid":false}"#);
        assert_eq!(Reply::Reject(Some("no".into())).to_string(), r#"{"valid":false,"code":"no"}"#);
    }

    #[test]
    fn a_replacement_that_is_too_long_is_no_reply() {
        let payload = |n: usize| json!({"bodies": [{"type": "txt", "msg": "x".repeat(n)}]});
        assert!(Reply::change(payload(900)).is_some());
        assert!(Reply::change(payload(960)).is_none(), "more than 1,000 characters");
        assert!(Reply::change(json!({"msg": "赌".repeat(400)})).is_none(), "more than 1 KB");
    }
}
