//! Qianfan's errors of v1, all inside HTTP 200.

use crate::model::refusal::Trouble::{
    BadRequest, Burst, Concurrency, ContextTooLong, ExpiredToken, InputTokenRate, InvalidKey, NoMoney,
    OutputTokenRate, Overloaded, PermissionDenied, Ramp, RequestRate, RetiredModel, ServerError, SpendLimit,
    TokenRate, UnknownModel, UnsupportedField, UnsupportedValue,
};
use crate::model::refusal::{Row, Trouble, row};

/// A row: every error has the status 200.
const fn coded(troubles: &'static [Trouble], code: &'static str, message: &'static str) -> Row {
    row(troubles, (200, "", code), message)
}

pub(crate) const ROWS: &[Row] = &[
    coded(&[], "1", "Unknown error"),
    coded(&[], "2", "Service temporarily unavailable"),
    coded(&[UnknownModel, RetiredModel], "3", "Unsupported openapi method"),
    coded(&[], "4", "Open api request limit reached"),
    coded(&[PermissionDenied], "6", "No permission to access data"),
    coded(&[], "13", "Get service token failed"),
    coded(&[], "14", "IAM certification failed"),
    coded(&[], "15", "Cluster limit reached"),
    coded(&[NoMoney], "17", "Open api daily request limit reached"),
    coded(&[Burst, Ramp, Concurrency], "18", "Open api qps request limit reached"),
    coded(&[SpendLimit], "19", "Open api total request limit reached"),
    coded(&[], "100", "Invalid parameter"),
    coded(&[InvalidKey], "110", "Access token invalid or no longer valid"),
    coded(&[ExpiredToken], "111", "Access token expired"),
    coded(&[ServerError], "336000", "Internal error"),
    coded(&[], "336001", "Invalid argument"),
    coded(&[], "336002", "Invalid JSON"),
    coded(&[BadRequest, UnsupportedField, UnsupportedValue], "336003", "Invalid parameter"),
    coded(&[], "336004", "Invalid permission"),
    coded(&[], "336005", "Invalid API name"),
    coded(&[Overloaded], "336100", "Try again"),
    coded(&[], "336101", "Invalid name of a plugin"),
    coded(&[ContextTooLong], "336103", "Prompt tokens too long"),
    coded(&[], "336104", "Prompt is empty"),
    coded(&[], "336105", "Invalid request of a function"),
    coded(&[RequestRate], "336501", "Rate limit reached for RPM"),
    coded(&[TokenRate, InputTokenRate, OutputTokenRate], "336502", "Rate limit reached for TPM"),
];
