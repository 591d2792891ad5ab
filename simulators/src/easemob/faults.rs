//! Faults of the REST side.

use super::rest_error::RestError;
use crate::script::Script;
use crate::wire::{self, Connection};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What goes wrong with a REST call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum RestFault {
    /// 429, too many calls.
    ReachLimit,
    /// 403, too many messages.
    MessageLimit,
    /// 429, the plan's limit; retrying does not help.
    ResourceLimited,
    /// 401, the token expired.
    Unauthorized,
    /// 403, feature not enabled.
    Forbidden,
    /// 400 that will not go away.
    BadRequest,
    /// 500 with an HTML page.
    ServerError,
    /// 502 with an HTML page.
    BadGateway,
    /// 503 with an HTML page.
    ServiceUnavailable,
    /// Works, but only after a time; a client that leaves earlier has sent nothing.
    Slow {
        #[serde(with = "crate::duration")]
        after: Duration,
    },
    /// Accepted at once, answered after a time.
    SlowAfterAccept {
        #[serde(with = "crate::duration")]
        after: Duration,
    },
    /// Connection reset; nothing was accepted.
    Reset,
    /// Accepted, then the connection is reset without an answer.
    ResetAfterAccept,
    /// Accepted twice; the answer names the second.
    Duplicate,
    /// Answered with exactly these bytes.
    Reply {
        #[serde(flatten)]
        script: Box<Script>,
        /// The call is looked at as usual, and the bytes take the place of its reply if it is accepted.
        #[serde(default)]
        accepted: bool,
    },
}

/// What a planned fault applies to; an absent field matches everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scope {
    /// `users`, `chatgroups`, `chatrooms`, `msg_recall` or `token`.
    pub(crate) path: Option<String>,
    /// `org#app`.
    pub(crate) app: Option<String>,
    /// Text that the request body contains.
    pub(crate) contains: Option<String>,
    /// Whether another request came over the same connection before.
    pub(crate) reused: Option<bool>,
}

/// What a scope is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// Last part of the path.
    pub(crate) path: &'a str,
    pub(crate) app: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) connection: Connection,
}

impl Scope {
    pub(crate) fn matches(&self, asked: Asked<'_>) -> bool {
        let equal = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let contains = |text: &String| String::from_utf8_lossy(asked.body).contains(text.as_str());
        equal(&self.path, asked.path)
            && equal(&self.app, asked.app)
            && self.contains.as_ref().is_none_or(contains)
            && self.reused.is_none_or(|reused| reused == asked.connection.is_reused)
    }
}

impl RestFault {
    /// What the fault does before the call is looked at: waits, or answers in the call's place.
    pub(crate) async fn before(&self) -> Option<Response> {
        let page = |status: StatusCode| {
            let reason = status.canonical_reason().unwrap_or_default();
            let body =
                format!("<html><head><title>{status}</title></head><body><h1>{reason}</h1></body></html>");
            Some((status, Html(body)).into_response())
        };
        let refuse = |error: RestError| Some(error.into_response());
        match self {
            Self::ReachLimit => refuse(RestError::reach_limit()),
            Self::MessageLimit => refuse(RestError::message_limit()),
            Self::ResourceLimited => refuse(RestError::resource_limited()),
            Self::Unauthorized => refuse(RestError::unauthorized()),
            Self::Forbidden => refuse(RestError::forbidden()),
            Self::BadRequest => refuse(RestError::invalid_body()),
            Self::ServerError => page(StatusCode::INTERNAL_SERVER_ERROR),
            Self::BadGateway => page(StatusCode::BAD_GATEWAY),
            Self::ServiceUnavailable => page(StatusCode::SERVICE_UNAVAILABLE),
            Self::Reset => Some(wire::reset()),
            Self::Slow { after } => {
                tokio::time::sleep(*after).await;
                None
            }
            Self::Reply { script, accepted: false } => {
                script.wait().await;
                Some(script.reply())
            }
            Self::Reply { .. } | Self::SlowAfterAccept { .. } | Self::ResetAfterAccept | Self::Duplicate => {
                None
            }
        }
    }

    /// What the fault does to the reply of an accepted call.
    pub(crate) async fn after(&self, reply: Response) -> Response {
        match self {
            Self::ResetAfterAccept => wire::reset(),
            Self::SlowAfterAccept { after } => {
                tokio::time::sleep(*after).await;
                reply
            }
            Self::Reply { script, .. } => {
                script.wait().await;
                script.reply()
            }
            Self::ReachLimit
            | Self::MessageLimit
            | Self::ResourceLimited
            | Self::Unauthorized
            | Self::Forbidden
            | Self::BadRequest
            | Self::ServerError
            | Self::BadGateway
            | Self::ServiceUnavailable
            | Self::Slow { .. }
            | Self::Reset
            | Self::Duplicate => reply,
        }
    }
}
