//! Sorts errors of the HTTP client into classes.

use std::{error::Error, io};

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

/// Whether the connection ended before a reply began: not a time-out, not a malformed reply, no error of ours. A head that is cut in
/// its middle looks the same, but servers write a head in one piece.
pub(crate) fn is_unanswered(error: &reqwest::Error) -> bool {
    !error.is_timeout() && !error.is_connect() && !error.is_builder() && causes(error).any(ends_connection)
}

fn ends_connection(cause: &(dyn Error + 'static)) -> bool {
    let by_peer = |error: &io::Error| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
        matches!(
            error.kind(),
            ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected | UnexpectedEof
        )
    };
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    }
    if let Some(error) = cause.downcast_ref::<h2::Error>() {
        // Streams that a server refuses or gives back when it goes away in order are repeated by the HTTP library.
        return error.is_io() || (error.is_go_away() && error.is_remote());
    }
    cause.downcast_ref::<io::Error>().is_some_and(by_peer)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The outer layers repeat the address, which may hold secrets; the cause says what happened.
fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "no cause given".to_owned(), ToString::to_string)
}
