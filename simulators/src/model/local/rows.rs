//! Errors of the local servers.

use crate::model::refusal::Trouble::{
    BadRequest, Burst, Concurrency, ContextTooLong, InvalidKey, Overloaded, Ramp, RequestRate, ServerError,
    TokenRate, UnknownModel, UnsupportedField, UnsupportedValue,
};
use crate::model::refusal::{Row, row};

const INVALID: &str = "invalid_request_error";

/// Ollama's, on both of its wires.
pub(crate) const OLLAMA: &[Row] = &[
    row(
        &[BadRequest, UnsupportedField, UnsupportedValue, ContextTooLong],
        (400, INVALID, ""),
        "invalid request",
    ),
    row(&[UnknownModel], (404, "not_found_error", ""), "model not found, try pulling it first"),
    row(&[ServerError], (500, "api_error", ""), "model runner has unexpectedly stopped"),
    row(
        &[Concurrency, Overloaded, RequestRate, TokenRate, Burst, Ramp],
        (503, "api_error", ""),
        "server busy, please try again. maximum pending requests exceeded",
    ),
];

/// vLLM's.
pub(crate) const VLLM: &[Row] = &[
    row(&[BadRequest, UnsupportedField, UnsupportedValue], (400, "BadRequestError", ""), "invalid request"),
    row(
        &[ContextTooLong],
        (400, "BadRequestError", ""),
        "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
    ),
    row(&[InvalidKey], (401, "Unauthorized", ""), "Unauthorized"),
    row(&[UnknownModel], (404, "NotFoundError", ""), "The model does not exist."),
    row(&[ServerError], (500, "InternalServerError", ""), "EngineCore encountered an issue."),
    row(
        &[Overloaded, Concurrency, RequestRate, TokenRate, Burst, Ramp],
        (503, "ServiceUnavailableError", ""),
        "The server is overloaded.",
    ),
];

/// llama.cpp's.
pub(crate) const LLAMA_CPP: &[Row] = &[
    row(&[BadRequest, UnsupportedField, UnsupportedValue], (400, INVALID, ""), "invalid request"),
    row(
        &[ContextTooLong],
        (400, "exceed_context_size_error", ""),
        "the request exceeds the available context size, try increasing it",
    ),
    row(&[InvalidKey], (401, "authentication_error", ""), "Invalid API Key"),
    row(&[UnknownModel], (404, "not_found_error", ""), "model not found"),
    row(&[ServerError], (500, "server_error", ""), "the slot failed"),
    row(&[], (501, "not_supported_error", ""), "This server does not support this endpoint."),
    row(
        &[Overloaded, Concurrency, RequestRate, TokenRate, Burst, Ramp],
        (503, "unavailable_error", ""),
        "Loading model",
    ),
];
