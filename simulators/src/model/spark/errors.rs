//! Spark's errors. Those with the status 200 are told inside a reply that looks well.

use crate::model::refusal::Trouble::{
    AnswerBlocked, BadRequest, Burst, Concurrency, ContextTooLong, InputTokenRate, InvalidKey, NoMoney,
    OutputTokenRate, Overloaded, PermissionDenied, PromptBlocked, Ramp, RequestRate, RetiredModel,
    ServerError, SpendLimit, Timeout, TokenRate, UnknownModel, UnsupportedField, UnsupportedValue,
};
use crate::model::refusal::{Row, Trouble, row};

const fn inside(troubles: &'static [Trouble], code: &'static str, message: &'static str) -> Row {
    row(troubles, (200, "", code), message)
}

pub(crate) const ROWS: &[Row] = &[
    row(&[InvalidKey], (401, "api_error", ""), "invalid user"),
    row(
        &[NoMoney, PermissionDenied],
        (403, "api_error", "11200"),
        "AppIdNoAuthError:no auth for this model, or its package is used up",
    ),
    row(&[BadRequest, UnsupportedField, UnsupportedValue], (400, "api_error", "10163"), "RequestParamsError"),
    inside(&[], "10001", "upgrade to WebSocket failed"),
    inside(&[], "10002", "cannot read the message"),
    inside(&[], "10003", "cannot send the message"),
    inside(&[], "10004", "the format of the message is wrong"),
    inside(&[], "10005", "a value of the message is wrong"),
    inside(&[], "10006", "the user already has a conversation, please try later"),
    inside(&[], "10007", "the user is served already, please wait"),
    inside(&[Overloaded], "10008", "EngineCapacityError:the engine has no capacity left"),
    inside(&[], "10009", "cannot connect to the engine"),
    inside(&[], "10010", "cannot receive from the engine"),
    inside(&[], "10011", "cannot send to the engine"),
    inside(&[ServerError], "10012", "EngineInternalError:the engine failed"),
    inside(&[PromptBlocked], "10013", "the input is blocked by the audit"),
    inside(&[AnswerBlocked], "10014", "the output is blocked by the audit"),
    inside(&[], "10015", "the app is blocked"),
    inside(&[], "10016", "AppIdAuthError:the app has no right, or too many calls at a time"),
    inside(&[Timeout], "10018", "the connection was idle too long"),
    inside(&[], "10019", "the session is blocked"),
    inside(&[], "10021", "the input is suspicious"),
    inside(&[], "10110", "the service is busy, please try later"),
    inside(&[], "10222", "network error of the engine"),
    inside(&[], "10223", "no engine found by the load balancer"),
    inside(&[UnknownModel, RetiredModel], "10404", "the domain is not known"),
    inside(&[ContextTooLong], "10907", "the tokens are over the limit"),
    inside(&[SpendLimit], "11201", "AppIdLimitError:the calls of the day are over the limit"),
    inside(
        &[RequestRate, Burst, Ramp],
        "11202",
        "AppIdQpsOverFlowError:the calls of the second are over the limit",
    ),
    inside(&[Concurrency], "11203", "AppIdConcurrencyError:too many calls at a time"),
    inside(
        &[TokenRate, InputTokenRate, OutputTokenRate],
        "11210",
        "the tokens of the minute are over the limit",
    ),
    inside(&[], "11500", "the signature cannot be verified"),
];
