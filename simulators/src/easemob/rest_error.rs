//! Error replies of the REST side.

use crate::time::now_ms;
use crate::traffic::Fate;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The error of a message that is not sent, whatever the reason.
const MESSAGE_ERROR: &str = "message_send_error";

/// The error of a message that is not recalled.
const RECALL_ERROR: &str = "message_recall_error";

/// One error reply: status, the fields of the envelope, and the code that only sending has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestError {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) description: String,
    pub(crate) code: Option<u32>,
}

impl RestError {
    fn new(status: StatusCode, error: &'static str, description: &str) -> Self {
        Self { status, error, description: description.to_owned(), code: None }
    }

    /// A message that does not pass validation.
    pub(crate) fn message(description: &str, code: Option<u32>) -> Self {
        Self { code, ..Self::new(StatusCode::BAD_REQUEST, MESSAGE_ERROR, description) }
    }

    pub(crate) fn invalid_body() -> Self {
        let text = "Request body is invalid. Please check body is correct.";
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_body", text)
    }

    /// A field of a token request is missing.
    pub(crate) fn token_field(name: &str) -> Self {
        let text = format!("{name} must be provided.");
        Self::new(StatusCode::BAD_REQUEST, "illegal_argument", &text)
    }

    /// A field of a token request does not match.
    pub(crate) fn token_grant(text: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", text)
    }

    pub(crate) fn unauthorized() -> Self {
        let text = "Unable to authenticate due to expired access token";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", text)
    }

    pub(crate) fn corrupt_token() -> Self {
        let text = "Unable to authenticate due to corrupt access token";
        Self::new(StatusCode::UNAUTHORIZED, "auth_bad_access_token", text)
    }

    pub(crate) fn message_limit() -> Self {
        Self::new(StatusCode::FORBIDDEN, MESSAGE_ERROR, "message send reach limit")
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden_op", "this feature is not enabled")
    }

    /// A recall that is refused for what it asks.
    pub(crate) fn recall(status: u16, description: &str) -> Self {
        let status = if status == 403 { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        Self::new(status, RECALL_ERROR, description)
    }

    pub(crate) fn recall_not_found() -> Self {
        Self::recall(403, "not_found msg")
    }

    pub(crate) fn recall_closed() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden_op", "message recall service is unopened")
    }

    pub(crate) fn unknown_app() -> Self {
        let text = "Could not find application";
        Self::new(StatusCode::NOT_FOUND, "organization_application_not_found", text)
    }

    pub(crate) fn unknown_path() -> Self {
        let text = "Service resource not found";
        Self::new(StatusCode::NOT_FOUND, "service_resource_not_found", text)
    }

    pub(crate) fn media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "web_application", "Unsupported Media Type.")
    }

    pub(crate) fn reach_limit() -> Self {
        let text = "This request has reached api limit.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "reach_limit", text)
    }

    pub(crate) fn resource_limited() -> Self {
        let text = "You have exceeded the limit of the free edition. Please upgrade to higher edition.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "resource_limited", text)
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error, "timestamp": now_ms(), "duration": 0 });
        if self.error == MESSAGE_ERROR {
            body["exception"] = "MessageSendException".into();
        }
        if let Some(code) = self.code {
            body["error_code"] = code.into();
        }
        body["error_description"] = self.description.into();
        let is_limit = self.error == MESSAGE_ERROR && self.status == StatusCode::FORBIDDEN;
        let mut reply = (self.status, Json(body)).into_response();
        if is_limit {
            reply.extensions_mut().insert(Fate::Refused);
        }
        reply
    }
}
