//! `iFlytek` Spark: HTTP under one path per generation, and the signed WebSocket of old accounts.

mod check;
mod errors;
mod http;
mod messages;
mod signature;
mod socket;

pub(crate) use http::HTTP;
pub(crate) use socket::connect;

/// The name of a call.
fn sid(number: u64) -> String {
    format!("cha{number:09x}@dx1")
}
