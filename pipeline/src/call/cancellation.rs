//! How a running job hears that it is to end.

use std::sync::Arc;

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

    /// Resolves once the job is cancelled.
    pub async fn happened(&self) {
        let mut heard = self.0.clone();
        if heard.wait_for(|cancelled| *cancelled).await.is_err() {
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
    use std::pin::pin;
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
    fn what_nobody_can_cancel_waits_without_being_woken() {
        let never = Cancellation::never();
        let mut happened = pin!(never.happened());
        let mut context = Context::from_waker(Waker::noop());
        assert!(happened.as_mut().poll(&mut context).is_pending());
        assert!(happened.as_mut().poll(&mut context).is_pending());
    }
}
