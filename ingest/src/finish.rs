//! Work that is finished even if nobody waits for it any more.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use tokio::runtime::Handle;

/// Work that runs where it is awaited. When it is dropped before its end it goes on as a task of its own. A task for every request
/// would cost more, and nearly every caller waits.
pub(crate) struct Finish<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = Option<T>> + Send>>>);

impl<T: Send + 'static> Finish<T> {
    /// Wraps the work. Its value is `None` when it ended by a panic.
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(AssertUnwindSafe(work).catch_unwind().map(Result::ok))))
    }
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(work) = &mut self.0 else { return Poll::Ready(None) };
        let end = ready!(work.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(end)
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        // Without a runtime the process is ending.
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(work.map(drop));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_begun_is_finished_though_nobody_waits() {
        for wait in [Duration::ZERO, Duration::from_millis(10)] {
            let (told, end) = oneshot::channel();
            let work = Finish::new(async move {
                sleep(Duration::from_secs(1)).await;
                told.send(7)
            });
            assert!(timeout(wait, work).await.is_err());
            assert_eq!(end.await, Ok(7));
        }
    }

    #[tokio::test]
    async fn what_nobody_ever_awaited_is_done_as_well() {
        let (told, end) = oneshot::channel();
        drop(Finish::new(async move { told.send(7) }));
        assert_eq!(end.await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_an_end_and_stays_where_it_is() {
        assert_eq!(Finish::new(async { panic!("on purpose") }).await, None::<()>);
        assert_eq!(Finish::new(async { 7 }).await, Some(7));
    }
}
