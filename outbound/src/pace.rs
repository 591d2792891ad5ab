//! Waiting for one's turn under a rate that several instances share.

use std::{
    sync::{Mutex as Lock, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex, Notify},
    time::{Instant, sleep, timeout_at},
};

use crate::{
    bucket::{Bucket, Rate},
    metrics::{self, WaitCause},
};

/// A token bucket that callers queue at, first come first served.
#[derive(Debug)]
pub struct Pace {
    bucket: Lock<Bucket>,
    /// Held by the caller whose turn is next; the lock serves in the order of asking.
    turn: Mutex<()>,
    share_changed: Notify,
}

/// No token was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaceError {
    /// The deadline passed, or will pass, before enough tokens are there.
    #[error("wait for the pace: not before the deadline")]
    Deadline,
}

impl PaceError {
    /// The kind of error, for metrics and logs.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Deadline => "pace_deadline",
        }
    }
}

impl Pace {
    /// A pace that owns the whole rate; see [`Pace::set_share`].
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            bucket: Lock::new(Bucket::new(rate, Instant::now())),
            turn: Mutex::new(()),
            share_changed: Notify::new(),
        }
    }

    /// From now on only this share of the rate, from 0 to 1: owned partitions ÷ all partitions. Applies to those
    /// who already wait.
    pub fn set_share(&self, share: f64) {
        self.bucket().set_share(Instant::now(), share);
        self.share_changed.notify_one();
    }

    /// Waits for `n` tokens and returns how long that took. Dropping the future gives up the place in the queue
    /// and takes nothing.
    ///
    /// # Errors
    /// [`PaceError::Deadline`], at once when it is the caller's turn and the wait is known to be too long.
    pub async fn acquire(&self, n: u32, deadline: Instant) -> Result<Duration, PaceError> {
        let asked = Instant::now();
        let _turn = timeout_at(deadline, self.turn.lock()).await.map_err(|_| PaceError::Deadline)?;
        loop {
            let now = Instant::now();
            let taken = self.bucket().take(now, n);
            let Err(wait) = taken else {
                let waited = now.saturating_duration_since(asked);
                metrics::waited(WaitCause::Pace, waited);
                return Ok(waited);
            };
            // Waiting in vain would keep the turn from those who have more time.
            if now + wait > deadline {
                return Err(PaceError::Deadline);
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.share_changed.notified() => {}
            }
        }
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const RATE: Rate = Rate { per_second: 10.0, burst: 1.0 };

    fn after(millis: u64) -> Instant {
        Instant::now() + Duration::from_millis(millis)
    }

    #[tokio::test(start_paused = true)]
    async fn callers_are_served_in_the_order_of_asking() {
        let pace = Arc::new(Pace::new(RATE));
        let order = Arc::new(Lock::new(Vec::new()));
        let start = Instant::now();
        let tasks: Vec<_> = (0..5)
            .map(|number| {
                let (pace, order) = (Arc::clone(&pace), Arc::clone(&order));
                tokio::spawn(async move {
                    pace.acquire(1, after(60_000)).await.unwrap();
                    order.lock().unwrap().push(number);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
        let took = start.elapsed();
        assert!(took.abs_diff(Duration::from_millis(400)) < Duration::from_millis(20), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_a_wait_in_the_queue_and_a_hopeless_one_at_its_head() {
        let pace = Arc::new(Pace::new(RATE));
        pace.acquire(5, after(0)).await.unwrap();
        let waiting = Arc::clone(&pace);
        let head = tokio::spawn(async move { waiting.acquire(1, after(600)).await });
        tokio::task::yield_now().await;
        let start = Instant::now();
        assert_eq!(pace.acquire(1, after(200)).await, Err(PaceError::Deadline));
        assert_eq!(start.elapsed().as_millis(), 200);
        head.await.unwrap().unwrap();
        let start = Instant::now();
        assert_eq!(pace.acquire(1, after(50)).await, Err(PaceError::Deadline));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_larger_share_shortens_a_wait_that_has_begun() {
        let pace = Arc::new(Pace::new(RATE));
        pace.acquire(2, after(0)).await.unwrap();
        pace.set_share(0.05);
        let waiting = Arc::clone(&pace);
        let waiter = tokio::spawn(async move { waiting.acquire(1, after(60_000)).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        pace.set_share(1.0);
        let waited = waiter.await.unwrap().unwrap();
        assert!(waited < Duration::from_millis(1300), "{waited:?}");
    }
}
