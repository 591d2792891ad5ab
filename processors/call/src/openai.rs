//! OpenAI's own service.

use outbound::Class;

use crate::chat::{Dialect, Wrong};

pub(crate) const DIALECT: Dialect = Dialect { person: "safety_identifier", class };

fn class(status: u16, wrong: &Wrong) -> Class {
    let code = wrong.code.as_deref().unwrap_or_default();
    let out_of_money = |word: &str| matches!(word, "insufficient_quota" | "credit_balance_exhausted");
    match status {
        400 if code == "context_length_exceeded" => Class::ContextTooLong,
        400 if matches!(code, "invalid_prompt" | "content_policy_violation" | "content_filter") => {
            Class::ContentBlocked
        }
        408 | 409 => Class::Timeout,
        429 if out_of_money(code) || out_of_money(wrong.kind.as_deref().unwrap_or_default()) => {
            Class::QuotaExhausted
        }
        429 if code == "slow_down" => Class::RampLimited,
        502 | 504 | 520..=524 => Class::ServerError,
        _ => Class::of_status(status).unwrap_or(Class::Protocol),
    }
}
