//! The HTTP response of a handler.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A response and its result, as it is counted.
pub(crate) struct LabelledResponse {
    pub(crate) response: Response,
    /// Label `result` of the metric of callbacks.
    pub(crate) result: &'static str,
}

impl LabelledResponse {
    /// A response that is counted under that result.
    pub(crate) fn new(response: impl IntoResponse, result: &'static str) -> Self {
        Self { response: response.into_response(), result }
    }

    /// HTTP 200 for a request that no verdict is asked of.
    pub(crate) fn accepted(result: &'static str) -> Self {
        Self::new(Json(json!({ "accepted": true })), result)
    }
}
