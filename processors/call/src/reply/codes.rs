//! Vendors' numbers for errors. The same number means different things to different vendors; its place in the body tells
//! whose it is.

use outbound::Class;

use super::provider_error::{Form, ProviderError};

/// The class of an error that has a number.
pub(super) fn class(error: &ProviderError) -> Option<Class> {
    let number: u32 = error.code.as_deref()?.parse().ok()?;
    match error.form {
        Form::BaseResp => minimax(number),
        Form::ErrorCode => baidu(number),
        Form::Error | Form::Flat | Form::Words => zhipu(number).or_else(|| spark(number)),
    }
}

/// MiniMax, `base_resp.status_code`.
fn minimax(number: u32) -> Option<Class> {
    Some(match number {
        1000 | 1013 | 1024 | 1033 => Class::ServerError,
        1001 => Class::Timeout,
        1002 | 1039 | 1041 => Class::RateLimited,
        1004 | 2049 => Class::Auth,
        1008 | 2056 => Class::QuotaExhausted,
        1026 | 1027 => Class::ContentBlocked,
        1042 | 2013 => Class::BadRequest,
        _ => return None,
    })
}

/// Baidu's first interface, `error_code` in a reply of status 200.
fn baidu(number: u32) -> Option<Class> {
    Some(match number {
        1 | 2 | 336_000 => Class::ServerError,
        4 | 18 | 336_501 | 336_502 => Class::RateLimited,
        15 | 336_100 => Class::Overloaded,
        17 | 19 => Class::QuotaExhausted,
        6 | 13 | 14 | 100 | 110 | 111 => Class::Auth,
        336_103 => Class::ContextTooLong,
        336_001..=336_005 | 336_101 | 336_104 | 336_105 => Class::BadRequest,
        _ => return None,
    })
}

/// Zhipu, four digits as text.
fn zhipu(number: u32) -> Option<Class> {
    Some(match number {
        1000..=1004 | 1220 => Class::Auth,
        1110..=1121 | 1304 | 1308 | 1309 => Class::QuotaExhausted,
        1210 | 1212..=1215 => Class::BadRequest,
        1211 | 1221 | 1222 => Class::ModelUnavailable,
        1234 => Class::ServerError,
        1261 => Class::ContextTooLong,
        1300 | 1301 => Class::ContentBlocked,
        1302 | 1303 => Class::RateLimited,
        1305 => Class::Overloaded,
        _ => return None,
    })
}

/// iFlytek Spark, five digits.
fn spark(number: u32) -> Option<Class> {
    Some(match number {
        10_001..=10_005 | 10_163 => Class::BadRequest,
        10_006 | 10_007 | 11_202 | 11_203 | 11_210 => Class::RateLimited,
        10_008 | 10_110 => Class::Overloaded,
        10_009..=10_012 | 10_222 | 10_223 => Class::ServerError,
        10_013..=10_015 | 10_019 | 10_021 => Class::ContentBlocked,
        10_016 | 11_200 | 11_201 => Class::QuotaExhausted,
        10_018 => Class::Timeout,
        10_404 => Class::ModelUnavailable,
        10_907 => Class::ContextTooLong,
        11_500 => Class::Auth,
        _ => return None,
    })
}
