//! An answer in one piece, whole or broken on the wire.

use super::faults::Fault;
use crate::wire;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::Value;

/// The reply, broken if the fault says so.
pub(crate) fn reply(body: &Value, fault: Option<&Fault>) -> Response {
    let body = Bytes::from(body.to_string());
    let half = body.slice(..body.len() / 2);
    let mut reply = match fault {
        Some(Fault::MalformedJson) => half.into_response(),
        Some(Fault::WrongLength) => wire::cut_short(body.clone(), body.len() + 64),
        Some(Fault::Cut) => wire::cut_short(half, body.len()),
        Some(Fault::ResetAfterHeaders) => wire::reset_after_headers(body.len()),
        _ => body.into_response(),
    };
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
