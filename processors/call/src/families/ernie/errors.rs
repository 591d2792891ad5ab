//! What an error of Qianfan's means.

use outbound::Class;

use crate::reply::{self, ProviderError};

/// The class of an error of the current interface: by its code, then as everywhere.
pub(super) fn class(status: u16, error: &ProviderError) -> Class {
    let words = [&error.code, &error.kind].into_iter().flatten();
    words.filter_map(|word| by_word(status, word)).next().unwrap_or_else(|| reply::class(status, error))
}

fn by_word(status: u16, word: &str) -> Option<Class> {
    Some(match word {
        "tokens_too_long" | "characters_too_long" => Class::ContextTooLong,
        "account_overdue" => Class::QuotaExhausted,
        // Its window of hours has to pass.
        word if word.starts_with("coding_plan") => Class::QuotaExhausted,
        "model_offline" => Class::ModelUnavailable,
        // With 401, the model exists and the account has no right to it.
        "invalid_model" if status == 401 => Class::Auth,
        "invalid_model" => Class::ModelUnavailable,
        "invalid_iam_token" | "invalid_appid" | "no_parameter_permission" | "access_denied" => Class::Auth,
        "malformed_json" | "invalid_messages" | "invalid_argument" | "method_not_supported" => {
            Class::BadRequest
        }
        "unsafe_request" => Class::ContentBlocked,
        word if word.ends_with("_unsafe") => Class::ContentBlocked,
        // The vendor's machines have no room for anybody.
        word if word.starts_with("cluster_") => Class::Overloaded,
        word if word.ends_with("rate_limit_exceeded") => Class::RateLimited,
        "internal_error" | "dispatch_internal_error" => Class::ServerError,
        _ => return None,
    })
}
