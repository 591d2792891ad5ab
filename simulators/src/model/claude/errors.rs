//! Anthropic's errors.

use crate::model::refusal::Trouble::{
    BadRequest, Burst, Concurrency, ContextTooLong, InputTokenRate, InvalidKey, NoMoney, OutputTokenRate,
    Overloaded, PermissionDenied, Ramp, RequestRate, RetiredModel, ServerError, SpendLimit, Timeout,
    TokenRate, UnknownModel, UnsupportedField, UnsupportedValue,
};
use crate::model::refusal::{Row, row};

const INVALID: &str = "invalid_request_error";
const RATE: &str = "rate_limit_error";

/// The code stands in `details.error_code`.
pub(crate) const ROWS: &[Row] = &[
    row(&[BadRequest, UnsupportedField, UnsupportedValue], (400, INVALID, ""), "The request is malformed."),
    row(&[ContextTooLong], (400, INVALID, ""), "prompt is too long: 210000 tokens > 200000 maximum"),
    row(
        &[],
        (400, INVALID, "customer_spend_cap"),
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
    ),
    row(&[InvalidKey], (401, "authentication_error", ""), "invalid x-api-key"),
    row(
        &[NoMoney],
        (402, "billing_error", ""),
        "Your credit balance is too low to access the Anthropic API.",
    ),
    row(
        &[PermissionDenied],
        (403, "permission_error", ""),
        "Your API key does not have permission to use the specified resource.",
    ),
    row(&[UnknownModel, RetiredModel], (404, "not_found_error", ""), "model: not found"),
    row(&[], (409, "conflict_error", ""), "The resource was changed by another request."),
    row(&[], (413, "request_too_large", ""), "Request exceeds the maximum allowed number of bytes."),
    row(
        &[RequestRate, TokenRate, InputTokenRate, OutputTokenRate, Burst, Concurrency],
        (429, RATE, ""),
        "This request would exceed your account's rate limit. Please try again later.",
    ),
    row(
        &[Ramp],
        (429, RATE, "ramp_limit_exceeded"),
        "Your usage grew faster than your acceleration limit allows. Please raise it gradually.",
    ),
    row(
        &[SpendLimit],
        (429, RATE, "enforced_spend_limit_reached"),
        "Your organization has reached its spend limit for this month.",
    ),
    row(
        &[],
        (429, RATE, "contract_spend_limit_reached"),
        "Your organization has reached the spend limit of its contract.",
    ),
    row(&[ServerError], (500, "api_error", ""), "Internal server error"),
    row(&[Timeout], (504, "timeout_error", ""), "The request timed out."),
    row(&[Overloaded], (529, "overloaded_error", ""), "Overloaded"),
];

/// Headers of the limits on requests, tokens, input tokens and output tokens.
pub(crate) const QUOTA_HEADERS: [[&str; 3]; 4] = [
    [
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ],
    [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ],
    [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ],
    [
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ],
];
