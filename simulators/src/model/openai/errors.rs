//! `OpenAI`'s errors.

use crate::model::refusal::Trouble::{
    BadRequest, Burst, Concurrency, ContextTooLong, InputTokenRate, InvalidKey, NoMoney, OutputTokenRate,
    Overloaded, PermissionDenied, PromptBlocked, Ramp, RequestRate, RetiredModel, ServerError, SpendLimit,
    Timeout, TokenRate, UnknownModel, UnsupportedField, UnsupportedValue,
};
use crate::model::refusal::{Row, row};

const INVALID: &str = "invalid_request_error";

pub(crate) const ROWS: &[Row] = &[
    row(&[BadRequest], (400, INVALID, ""), "The request is malformed."),
    row(&[UnsupportedField], (400, INVALID, "unsupported_parameter"), "Unsupported parameter."),
    row(&[UnsupportedValue], (400, INVALID, "unsupported_value"), "Unsupported value."),
    row(
        &[ContextTooLong],
        (400, INVALID, "context_length_exceeded"),
        "This model's maximum context length is 8192 tokens.",
    ),
    row(
        &[PromptBlocked],
        (400, INVALID, "invalid_prompt"),
        "Invalid prompt: your prompt was flagged by our usage policy.",
    ),
    row(
        &[],
        (400, INVALID, "content_policy_violation"),
        "Your request was rejected as a result of our safety system.",
    ),
    row(&[InvalidKey], (401, INVALID, "invalid_api_key"), "Incorrect API key provided."),
    row(
        &[PermissionDenied],
        (403, INVALID, "unsupported_country_region_territory"),
        "Country, region, or territory not supported",
    ),
    row(
        &[UnknownModel, RetiredModel],
        (404, INVALID, "model_not_found"),
        "The model does not exist or you do not have access to it.",
    ),
    row(&[], (409, INVALID, "conflict"), "The resource was changed by another request."),
    row(&[Timeout], (408, "server_error", "timeout"), "The request timed out."),
    row(
        &[RequestRate, Burst, Concurrency],
        (429, "requests", "rate_limit_exceeded"),
        "Rate limit reached for requests.",
    ),
    row(
        &[TokenRate, InputTokenRate, OutputTokenRate],
        (429, "tokens", "rate_limit_exceeded"),
        "Rate limit reached for tokens.",
    ),
    row(
        &[Ramp],
        (429, "rate_limit_error", "slow_down"),
        "Your request rate increased too quickly. Please reduce it and raise it slowly.",
    ),
    row(
        &[NoMoney],
        (429, "insufficient_quota", "insufficient_quota"),
        "You exceeded your current quota, please check your plan.",
    ),
    row(
        &[SpendLimit],
        (429, "insufficient_quota", "credit_balance_exhausted"),
        "Your credit balance is exhausted.",
    ),
    row(
        &[ServerError],
        (500, "server_error", "server_error"),
        "The server had an error while processing your request.",
    ),
    row(
        &[Overloaded],
        (503, "service_unavailable_error", "server_is_overloaded"),
        "The server is overloaded. Please try again later.",
    ),
];
