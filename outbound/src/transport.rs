//! Sorts errors of the HTTP client into classes.

use std::error::Error as _;

use crate::{class::Class, failure::Failure};

/// How far the exchange had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Connecting, sending, waiting for the reply's head.
    Head,
    /// Reading the reply's body.
    Body,
}

/// A refused connection is the endpoint's failure and safe to repeat; once bytes may have been sent, a missing
/// or cut reply is ambiguous.
pub(crate) fn failure(error: &reqwest::Error, phase: Phase) -> Failure {
    let cause = innermost(error);
    if error.is_builder() {
        return Failure::new(Class::BadRequest, format!("build the request: {cause}"));
    }
    if phase == Phase::Head && error.is_connect() {
        let class = if error.is_timeout() { Class::Timeout } else { Class::ServerError };
        return Failure::new(class, format!("connect: {cause}")).with_code("connect");
    }
    let doing = match phase {
        Phase::Head => "await the reply",
        Phase::Body => "read the reply's body",
    };
    let class = if error.is_timeout() { Class::Timeout } else { Class::Protocol };
    Failure::new(class, format!("{doing}: {cause}")).possibly_done()
}

/// The outer layers repeat the address, which may hold secrets; the cause says what happened.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(|error| error.source()) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "no cause given".to_owned(), ToString::to_string)
}
