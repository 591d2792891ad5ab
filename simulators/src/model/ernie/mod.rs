//! Baidu Qianfan: v2, and v1 for old accounts with the tokens that it takes.

mod oauth;
mod v1;
mod v1_errors;
mod v2;
mod v2_errors;

pub(crate) use oauth::token;
pub(crate) use v1::V1;
pub(crate) use v2::V2;

/// The name of a call.
fn id(number: u64) -> String {
    format!("as-sim{number:09}")
}
