//! What an error of Anthropic's means.

use outbound::Class;

use crate::reply::{self, ProviderError};

/// Money is told in words only, inside a 400. These are the vendor's own sentences; it does not quote prompts beside them.
const MONEY: [&str; 2] = ["reached your specified api usage limits", "credit balance is too low"];
const TOO_LONG: [&str; 2] = ["prompt is too long", "exceed context limit"];
const FILTERED: &str = "content filtering policy";

/// The class of an error: by its code, by its type, by its status.
pub(super) fn class(status: u16, error: &ProviderError) -> Class {
    let class = error.code.as_deref().and_then(by_code).or_else(|| by_type(status, error));
    class.unwrap_or_else(|| match status {
        402 => Class::QuotaExhausted,
        429 => limited(status, error),
        _ => reply::class(status, error),
    })
}

fn by_code(code: &str) -> Option<Class> {
    match code {
        "ramp_limit_exceeded" => Some(Class::RampLimited),
        // `enforced_spend_limit_reached`, `contract_spend_limit_reached` and the caps that a customer sets.
        code if code.contains("spend") => Some(Class::QuotaExhausted),
        _ => None,
    }
}

fn by_type(status: u16, error: &ProviderError) -> Option<Class> {
    Some(match error.kind.as_deref()? {
        "authentication_error" | "permission_error" => Class::Auth,
        "billing_error" => Class::QuotaExhausted,
        "not_found_error" => Class::ModelUnavailable,
        "request_too_large" => Class::BadRequest,
        "rate_limit_error" => limited(status, error),
        "api_error" => Class::ServerError,
        "timeout_error" => Class::Timeout,
        "overloaded_error" => Class::Overloaded,
        "invalid_request_error" => return Some(invalid(error)),
        _ => return None,
    })
}

/// A limit that passes names the time after which it has. One that names none is a limit of money, and asking again is of no use
/// before a month or a person has changed it. In a stream nobody can name a time.
fn limited(status: u16, error: &ProviderError) -> Class {
    if status == 429 && error.retry_after.is_none() { Class::QuotaExhausted } else { Class::RateLimited }
}

fn invalid(error: &ProviderError) -> Class {
    let message = error.message.as_deref().unwrap_or_default().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match () {
        () if says(&TOO_LONG) => Class::ContextTooLong,
        () if says(&MONEY) => Class::QuotaExhausted,
        () if says(&[FILTERED]) => Class::ContentBlocked,
        () => Class::BadRequest,
    }
}
