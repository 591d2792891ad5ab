use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;

use pipeline::call::Cancellation;

use super::*;

#[tokio::test]
async fn a_run_that_is_not_cancelled_yields() {
    let (_canceller, cancellation) = Cancellation::new();
    assert_eq!(unless_idle(&cancellation, pin!(async { 7 })).await, Some(7));
}

#[tokio::test]
async fn a_run_without_an_attempt_is_given_up() {
    let (canceller, cancellation) = Cancellation::new();
    canceller.cancel();
    assert_eq!(unless_idle(&cancellation, pin!(pending::<()>())).await, None);
}

/// The attempt looks for a cancel first; that one comes right after, before the run itself is seen to wait.
#[tokio::test]
async fn an_attempt_under_way_tells_its_end_however_late_the_cancel_comes() {
    let (canceller, cancellation) = Cancellation::new();
    let polls = Cell::new(0);
    let run = poll_fn(|_| {
        polls.set(polls.get() + 1);
        if polls.get() > 1 {
            return Poll::Ready("what was read");
        }
        canceller.cancel();
        Poll::Pending
    });
    assert_eq!(unless_idle(&cancellation, pin!(run)).await, Some("what was read"));
    assert_eq!(polls.get(), 2);
}
