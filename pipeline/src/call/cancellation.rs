//! How a running job hears that it is to end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::watch;

/// What a record calls itself, so that a later one of its partition can cancel it.
pub type Name = Arc<[u8]>;

/// Tells a job that it was cancelled.
#[derive(Debug, Clone)]
pub struct Cancellation(watch::Receiver<bool>);

/// Cancels a job.
#[derive(Debug)]
pub struct Canceller(watch::Sender<bool>);

impl Cancellation {
    /// One that has not happened, and whoever makes it happen.
    #[must_use]
    pub fn new() -> (Canceller, Self) {
        let (sender, receiver) = watch::channel(false);
        (Canceller(sender), Self(receiver))
    }

    /// One that never happens.
    #[must_use]
    pub fn never() -> Self {
        Self::new().1
    }

    /// Resolves once the job is cancelled: whoever looks after one other has seen it sees it as well.
    pub async fn happened(&self) {
        let mut heard = self.0.clone();
        let mut told = pin!(heard.wait_for(|cancelled| *cancelled));
        // Those who wait are told one after the other, while the job may already be looked at because of the first.
        let cancelled = poll_fn(|context| {
            let cancelled = *self.0.borrow();
            if cancelled { Poll::Ready(true) } else { told.as_mut().poll(context).map(|told| told.is_ok()) }
        });
        if !cancelled.await {
            // Nobody is left who could cancel it.
            std::future::pending().await
        }
    }
}

impl Canceller {
    /// Cancels the job, if that has not happened yet.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn a_job_hears_of_its_cancellation_whenever_it_listens() {
        let (canceller, early) = Cancellation::new();
        let late = early.clone();
        let listening = tokio::spawn(async move { early.happened().await });
        canceller.cancel();
        canceller.cancel();
        listening.await.unwrap();
        drop(canceller);
        late.happened().await;
    }

    #[test]
    fn who_was_not_told_yet_sees_it_all_the_same() {
        let (canceller, cancellation) = Cancellation::new();
        let mut happened = pin!(cancellation.happened());
        let mut context = Context::from_waker(Waker::noop());
        assert!(happened.as_mut().poll(&mut context).is_pending());
        canceller.0.send_if_modified(|cancelled| {
            *cancelled = true;
            false
        });
        assert!(happened.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn what_nobody_can_cancel_waits_without_being_woken() {
        let never = Cancellation::never();
        let mut happened = pin!(never.happened());
        let mut context = Context::from_waker(Waker::noop());
        assert!(happened.as_mut().poll(&mut context).is_pending());
        assert!(happened.as_mut().poll(&mut context).is_pending());
    }
}
