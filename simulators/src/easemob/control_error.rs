//! Errors of the control surface.

use super::app::ConfigError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

/// Why a control call is refused.
#[derive(Debug, Error)]
pub(crate) enum ControlError {
    #[error("no app {0:?}")]
    App(String),
    #[error("no rule {0:?} in this app")]
    Rule(String),
    #[error("no callback {0}")]
    Callback(u64),
    #[error("no message {0:?} in this app")]
    Message(String),
    #[error("missing: {0}")]
    Missing(&'static str),
    #[error("{0}")]
    Header(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl ControlError {
    /// A short stable name, given to the caller beside the text.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::App(_) => "unknown_app",
            Self::Rule(_) => "unknown_rule",
            Self::Callback(_) => "unknown_callback",
            Self::Message(_) => "unknown_message",
            Self::Missing(_) => "missing",
            Self::Header(_) => "header",
            Self::Config(_) => "config",
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::App(_) | Self::Rule(_) | Self::Callback(_) | Self::Message(_) => StatusCode::NOT_FOUND,
            Self::Missing(_) | Self::Header(_) | Self::Config(_) => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": self.label(), "message": self.to_string() }))).into_response()
    }
}
