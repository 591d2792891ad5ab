//! Qianfan's errors of v2.

use crate::model::refusal::Trouble::{
    BadRequest, Burst, Concurrency, ContextTooLong, InputTokenRate, InvalidKey, NoMoney, OutputTokenRate,
    Overloaded, PermissionDenied, PromptBlocked, Ramp, RequestRate, RetiredModel, ServerError, TokenRate,
    UnknownModel, UnsupportedField, UnsupportedValue,
};
use crate::model::refusal::{Row, row};

const INVALID: &str = "invalid_request_error";
const RATE: &str = "rate_limit_exceeded";
const DENIED: &str = "access_denied";
const UNSAFE: &str = "unsafe_request";

/// A row of a limit that no trouble stands for.
const fn limit(code: &'static str) -> Row {
    row(&[], (429, RATE, code), "Rate limit reached.")
}

pub(crate) const ROWS: &[Row] = &[
    row(
        &[BadRequest, UnsupportedField, UnsupportedValue],
        (400, INVALID, "invalid_argument"),
        "The request has an invalid argument.",
    ),
    row(&[], (400, INVALID, "malformed_json"), "The body is not valid JSON."),
    row(&[], (400, INVALID, "invalid_messages"), "The messages are invalid."),
    row(&[UnknownModel], (400, INVALID, "invalid_model"), "The model does not exist."),
    row(
        &[ContextTooLong],
        (400, INVALID, "tokens_too_long"),
        "The prompt tokens are too long, at most 119000 are allowed.",
    ),
    row(&[], (400, INVALID, "characters_too_long"), "The prompt has too many characters."),
    row(&[], (400, UNSAFE, "image_url_unsafe"), "The image is unsafe."),
    row(&[InvalidKey], (401, DENIED, "invalid_iam_token"), "IAM certification failed."),
    row(&[], (401, DENIED, "invalid_appid"), "The appid is not valid."),
    row(
        &[PermissionDenied],
        (401, DENIED, "no_parameter_permission"),
        "There is no permission to use this parameter.",
    ),
    row(&[PromptBlocked], (403, UNSAFE, "user_setting_unsafe"), "The prompt contains sensitive content."),
    row(&[], (403, UNSAFE, "system_unsafe"), "The system prompt contains sensitive content."),
    row(&[], (403, UNSAFE, "functions_unsafe"), "The functions contain sensitive content."),
    row(&[NoMoney], (403, DENIED, "account_overdue"), "The account is overdue, please recharge."),
    row(&[RetiredModel], (403, INVALID, "model_offline"), "The model is offline."),
    row(&[], (405, INVALID, "method_not_supported"), "Only POST is supported."),
    row(&[RequestRate, Burst, Ramp], (429, RATE, "rpm_rate_limit_exceeded"), "Rate limit reached for RPM."),
    row(&[TokenRate], (429, RATE, "tpm_rate_limit_exceeded"), "Rate limit reached for TPM."),
    row(&[InputTokenRate], (429, RATE, "input_tpm_rate_limit_exceeded"), "Rate limit reached for input TPM."),
    row(
        &[OutputTokenRate],
        (429, RATE, "output_tpm_rate_limit_exceeded"),
        "Rate limit reached for output TPM.",
    ),
    row(&[Concurrency], (429, RATE, "user_rate_limit_exceeded"), "Rate limit reached for the user."),
    row(&[Overloaded], (429, RATE, "cluster_rate_limit_exceeded"), "The cluster is busy."),
    limit("cluster_rpm_rate_limit_exceeded"),
    limit("cluster_tpm_rate_limit_exceeded"),
    limit("preemptible_rate_limit_exceeded"),
    row(
        &[],
        (429, RATE, "coding_plan_rate_limit_exceeded"),
        "The quota of the plan is used up for this window.",
    ),
    row(&[ServerError], (500, "internal_error", "internal_error"), "Internal error."),
    row(&[], (500, "internal_error", "dispatch_internal_error"), "Internal error of the dispatcher."),
];
