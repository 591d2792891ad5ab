//! `DashScope`'s errors: the type is the code of its own wire, the code that of the compatible mode.

use crate::model::refusal::Trouble::{
    AnswerBlocked, BadRequest, Burst, Concurrency, ContextTooLong, InputTokenRate, InvalidKey, NoMoney,
    OutputTokenRate, Overloaded, PermissionDenied, PromptBlocked, Ramp, RequestRate, RetiredModel,
    ServerError, SpendLimit, Timeout, TokenRate, UnknownModel, UnsupportedField, UnsupportedValue,
};
use crate::model::refusal::{Row, row};

/// A row whose code is the same on both wires.
const fn same(status: u16, code: &'static str, message: &'static str) -> Row {
    row(&[], (status, code, code), message)
}

pub(crate) const ROWS: &[Row] = &[
    row(
        &[BadRequest, UnsupportedField, UnsupportedValue],
        (400, "InvalidParameter", "invalid_parameter_error"),
        "A parameter of the request is not valid.",
    ),
    row(
        &[ContextTooLong],
        (400, "InvalidParameter", "invalid_parameter_error"),
        "Range of input length should be [1, 129024]",
    ),
    row(
        &[NoMoney],
        (400, "Arrearage", "Arrearage"),
        "Access denied, please make sure your account is in good standing.",
    ),
    row(
        &[PromptBlocked],
        (400, "DataInspectionFailed", "data_inspection_failed"),
        "Input data may contain inappropriate content.",
    ),
    row(
        &[AnswerBlocked],
        (400, "DataInspectionFailed", "data_inspection_failed"),
        "Output data may contain inappropriate content.",
    ),
    same(
        400,
        "CustomRoleBlocked",
        "Input or output data may contain inappropriate content with custom rule.",
    ),
    same(400, "FaqRuleBlocked", "Input or output data is blocked by faq rule."),
    same(400, "IPInfringementSuspect", "Input data is suspected of being involved in IP infringement."),
    row(
        &[InvalidKey],
        (401, "InvalidApiKey", "invalid_api_key"),
        "Incorrect API key provided. Please check it, and the region that it belongs to.",
    ),
    same(
        401,
        "NOT AUTHORIZED",
        "Access denied: Either you are not authorized or the workspace does not exist.",
    ),
    row(&[PermissionDenied], (403, "AccessDenied", "access_denied"), "Access denied."),
    same(403, "AccessDenied.Unpurchased", "Access to model denied. Please make sure you are eligible."),
    same(403, "Model.AccessDenied", "Model access denied."),
    same(403, "Workspace.AccessDenied", "Workspace access denied."),
    same(
        403,
        "AllocationQuota.FreeTierOnly",
        "The free tier of the model has been exhausted. Switch off the use of the free tier only to go on.",
    ),
    row(
        &[UnknownModel, RetiredModel],
        (404, "ModelNotFound", "model_not_found"),
        "The model does not exist or you do not have access to it.",
    ),
    row(&[], (404, "ModelNotSupported", "model_not_supported"), "Unsupported model."),
    row(&[Timeout], (500, "RequestTimeOut", "request_timeout"), "Request timed out, please try again later."),
    row(
        &[RequestRate, Concurrency],
        (429, "Throttling.RateQuota", "limit_requests"),
        "You have exceeded your current request limit.",
    ),
    row(&[], (429, "Throttling", "Throttling"), "Requests throttling triggered."),
    row(&[], (429, "LimitRequests", "LimitRequests"), "You have exceeded your current request limit."),
    row(
        &[Burst, Ramp],
        (429, "Throttling.BurstRate", "limit_burst_rate"),
        "Request rate increased too quickly. Please raise the rate smoothly.",
    ),
    row(
        &[TokenRate, InputTokenRate, OutputTokenRate],
        (429, "Throttling.AllocationQuota", "insufficient_quota"),
        "Allocated quota exceeded, please increase your quota limit.",
    ),
    row(&[], (429, "FreeQuota", "free_quota"), "Free allocated quota exceeded."),
    same(429, "CommodityNotPurchased", "Commodity has not purchased yet."),
    same(429, "PrepaidBillOverdue", "The prepaid bill is overdue."),
    row(&[SpendLimit], (429, "PostpaidBillOverdue", "PostpaidBillOverdue"), "The postpaid bill is overdue."),
    row(
        &[ServerError],
        (500, "InternalError", "internal_error"),
        "An internal error has occured, please try again.",
    ),
    same(500, "InternalError.Algo", "Inference internal error."),
    same(500, "InternalError.Timeout", "An internal timeout error has occured during execution."),
    same(500, "SystemError", "An system error has occured, please try again later."),
    same(500, "ModelServiceFailed", "Failed to request model service."),
    row(
        &[Overloaded],
        (503, "ModelServingError", "model_serving_error"),
        "Too many requests. Your requests are being throttled due to system capacity limits.",
    ),
    same(503, "ModelUnavailable", "Model is unavailable, please try again later."),
];
