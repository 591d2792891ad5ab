//! Cuts what is under way for a request that is cancelled.

use outbound::{Class, Failure};
use pipeline::call::Cancellation;

/// Drops a part of an attempt when the request is cancelled, which closes its connection.
pub(crate) async fn unless_cancelled<T>(
    cancellation: &Cancellation,
    part: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = cancellation.happened() => Err(cancelled()),
        result = part => result,
    }
}

/// The provider may have had the request, and may bill what it generated until the connection was closed.
pub(crate) fn cancelled() -> Failure {
    Failure::new(Class::Cancelled, "the request was cancelled").possibly_done()
}

/// Whether that is how an attempt, or a run, ended.
pub(crate) fn is_cancelled(failure: &Failure) -> bool {
    failure.class == Class::Cancelled
}
