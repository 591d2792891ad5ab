//! Cuts what is under way: for a request that is cancelled, or because another attempt has made it useless.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use outbound::{Class, Failure, OUTRUN, Signals};
use pipeline::call::Cancellation;
use tokio::task::coop::unconstrained;

/// What may cut an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cuts<'a> {
    pub(crate) cancellation: &'a Cancellation,
    pub(crate) signals: &'a Signals,
}

impl Cuts<'_> {
    /// Waits for a part of an attempt, until it is cut. Dropping the part then closes its connection.
    pub(crate) async fn unless_cut<T>(
        self,
        part: Pin<&mut impl Future<Output = Result<T, Failure>>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.cancellation.happened() => Err(cancelled()),
            () = self.signals.cut() => Err(cut(OUTRUN)),
            result = part => result,
        }
    }
}

/// Waits for a run whose attempts may each be cut; `None` when it is cancelled while no attempt is under way.
pub(crate) async fn unless_idle<T>(
    cancellation: &Cancellation,
    mut run: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    tokio::select! {
        biased;
        ran = run.as_mut() => return Some(ran),
        () = cancellation.happened() => {}
    }
    // The cancel may have come after the attempt under way had looked for it: it sees it now, ends, and is recorded.
    let once = poll_fn(|context| match run.as_mut().poll(context) {
        Poll::Ready(ran) => Poll::Ready(Some(ran)),
        Poll::Pending => Poll::Ready(None),
    });
    unconstrained(once).await
}

/// The request is of no more use.
pub(crate) fn cancelled() -> Failure {
    cut("the request was cancelled")
}

/// The provider may have had the request, and may bill what it generated until the connection was closed.
fn cut(why: &str) -> Failure {
    Failure::new(Class::Cancelled, why).possibly_done()
}

/// Whether that is how an attempt, or a run, ended.
pub(crate) fn is_cancelled(failure: &Failure) -> bool {
    failure.class == Class::Cancelled
}

#[cfg(test)]
mod tests;
