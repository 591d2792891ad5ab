//! Why a request is refused, and the response to it, which never shows content.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::failures::Blame;
use crate::metrics;

/// Why a request is refused. Easemob takes each as a failure and applies the rule's fallback: a verdict is never one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("read body as json: {0}")]
    BadJson(String),
    #[error("read envelope: {0} is missing or malformed")]
    BadEnvelope(&'static str),
    #[error("read record: {0}")]
    BadRecord(String),
    #[error("check signature: it is not that of this path")]
    BadSignature,
    #[error("check timestamp: it is too far from now")]
    Stale,
    #[error("find rule: no rule has this path")]
    UnknownRule,
    #[error("check method: only POST is answered here")]
    Method,
    #[error("read body: it is too large")]
    TooLarge,
    #[error("read body: it is too slow")]
    SlowBody,
    #[error("read body: it ends early")]
    BrokenBody,
    #[error("read body: only bodies that are not compressed are read")]
    Encoding,
    #[error("take request: too many are at work")]
    TooMany,
    #[error("find app: the bundle in force does not have it")]
    Unconfigured,
    #[error("await acknowledgement: the record may or may not be written")]
    Unacknowledged,
    #[error("queue record: nothing is written")]
    Unqueued,
    #[error("answer request: its handler ended without an answer")]
    Broken,
}

impl Refusal {
    /// What is wrong with a JSON text, without the text.
    pub(crate) fn bad_json(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Io => "it cannot be read",
            serde_json::error::Category::Syntax => "its syntax, encoding or depth is wrong",
            serde_json::error::Category::Data => "it has another form",
            serde_json::error::Category::Eof => "it ends early",
        };
        Self::BadJson(format!("{what} at line {} column {}", error.line(), error.column()))
    }

    /// Its name in bodies, logs and metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::BadJson(_) => "bad_json",
            Self::BadEnvelope(_) => "bad_envelope",
            Self::BadRecord(_) => "bad_record",
            Self::BadSignature => "bad_signature",
            Self::Stale => "stale_timestamp",
            Self::UnknownRule => "unknown_rule",
            Self::Method => "method",
            Self::TooLarge => "too_large",
            Self::SlowBody => "slow_body",
            Self::BrokenBody => "broken_body",
            Self::Encoding => "content_encoding",
            Self::TooMany => "too_many_in_flight",
            Self::Unconfigured => "unconfigured",
            Self::Unacknowledged => "unacknowledged",
            Self::Unqueued => "unqueued",
            Self::Broken => "broken",
        }
    }

    /// Who is to blame.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::TooMany | Self::Unconfigured | Self::Unacknowledged | Self::Unqueued | Self::Broken => {
                Blame::Line
            }
            Self::BadJson(_)
            | Self::BadEnvelope(_)
            | Self::BadRecord(_)
            | Self::BadSignature
            | Self::Stale
            | Self::UnknownRule
            | Self::Method
            | Self::TooLarge
            | Self::SlowBody
            | Self::BrokenBody
            | Self::Encoding => Blame::Caller,
        }
    }

    /// The same body with HTTP 200, so that Easemob does not count a failure.
    pub(crate) fn spared(self, stage: &'static str) -> Response {
        metrics::spared(stage, self.label());
        let mut response = self.into_response();
        *response.status_mut() = StatusCode::OK;
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadJson(_) | Self::BadEnvelope(_) | Self::BadRecord(_) | Self::BrokenBody => {
                StatusCode::BAD_REQUEST
            }
            Self::BadSignature | Self::Stale => StatusCode::UNAUTHORIZED,
            Self::UnknownRule => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Encoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany | Self::Unconfigured | Self::Unacknowledged | Self::Unqueued => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        metrics::refused(self.label());
        tracing::info!(reason = self.label(), "request refused");
        let body = json!({ "error": self.label(), "detail": self.to_string() });
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        if self == Self::Method {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        // The rest of such a body is not read, so the connection cannot be used again.
        if matches!(self, Self::TooLarge | Self::SlowBody | Self::BrokenBody | Self::Encoding) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
