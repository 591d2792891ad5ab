//! A bounded number of slots for connections. When all are taken, a new connection gets the slot of the one that has waited longest
//! for its client, in a header, in a body, or idle, so that nobody keeps callbacks out by merely holding connections open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

/// How long an evicted connection is given to close before the next one is evicted.
const PATIENCE: Duration = Duration::from_millis(20);

/// All slots.
pub(crate) struct ConnectionSlots {
    free: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

/// Connections that wait for their clients, longest first.
#[derive(Default)]
struct Waiting {
    last_number: u64,
    evictions: BTreeMap<u64, Arc<Notify>>,
}

/// The slot of one connection, free again when it is dropped.
pub(crate) struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    evicted: Arc<Notify>,
    state: Mutex<State>,
    _permit: OwnedSemaphorePermit,
}

#[derive(Clone, Copy)]
struct State {
    /// Its number among the connections that wait for their clients; `None` while a request is at work.
    waiting_number: Option<u64>,
    since: Instant,
}

impl ConnectionSlots {
    pub(crate) fn new(slots: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(slots)), waiting: Mutex::default() })
    }

    /// A slot, if need be that of the connection that has waited longest.
    pub(crate) async fn take(self: &Arc<Self>) -> Arc<ConnectionSlot> {
        let permit = loop {
            if self.free.available_permits() == 0 {
                self.evict_longest();
            }
            // The semaphore is never closed.
            if let Ok(Ok(permit)) = timeout(PATIENCE, Arc::clone(&self.free).acquire_owned()).await {
                break permit;
            }
        };
        let evicted = Arc::new(Notify::new());
        let waiting_number = Some(self.enqueue(&evicted));
        let state = Mutex::new(State { waiting_number, since: Instant::now() });
        Arc::new(ConnectionSlot { slots: Arc::clone(self), evicted, state, _permit: permit })
    }

    fn evict_longest(&self) {
        if let Some((_, longest)) = self.waiting().evictions.pop_first() {
            longest.notify_one();
        }
    }

    fn enqueue(&self, evicted: &Arc<Notify>) -> u64 {
        let mut waiting = self.waiting();
        waiting.last_number += 1;
        let number = waiting.last_number;
        waiting.evictions.insert(number, Arc::clone(evicted));
        number
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// A request is complete: the connection is not evicted until it is answered.
    pub(crate) fn begin_request(&self) {
        if let Some(number) = self.change(None) {
            self.slots.waiting().evictions.remove(&number);
        }
    }

    /// The request is answered, if there was one: the connection waits for its client again.
    pub(crate) fn end_request(&self) {
        if self.state().waiting_number.is_none() {
            let number = self.slots.enqueue(&self.evicted);
            self.change(Some(number));
        }
    }

    /// Waits until the connection must close: because it was evicted, or because it has waited for `longest`, which no client
    /// that reads its responses needs.
    pub(crate) async fn must_close(&self, longest: Duration) {
        loop {
            let State { since, .. } = *self.state();
            tokio::select! {
                () = self.evicted.notified() => {}
                () = sleep_until(since + longest) => {}
            }
            let State { waiting_number, since } = *self.state();
            let is_queued =
                waiting_number.is_some_and(|number| self.slots.waiting().evictions.contains_key(&number));
            if waiting_number.is_some() && (!is_queued || since.elapsed() >= longest) {
                return;
            }
            if waiting_number.is_none() && since.elapsed() >= longest {
                // A request is at work, which has a deadline of its own.
                *self.state() = State { waiting_number, since: Instant::now() };
            }
        }
    }

    fn change(&self, waiting_number: Option<u64>) -> Option<u64> {
        let mut state = self.state();
        let before = state.waiting_number;
        *state = State { waiting_number, since: Instant::now() };
        before
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        if let Some(number) = self.state().waiting_number {
            self.slots.waiting().evictions.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn is_over(slot: &ConnectionSlot) -> bool {
        timeout(Duration::ZERO, slot.must_close(LONG)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_connection_that_has_waited_longest_makes_room_and_one_with_a_request_never_does() {
        let slots = ConnectionSlots::new(3);
        let [first, second, third] = [slots.take().await, slots.take().await, slots.take().await];
        first.begin_request();
        let next = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move { slots.take().await }
        });
        second.must_close(LONG).await;
        assert!(!is_over(&first).await && !is_over(&third).await);
        drop(second);
        let next = next.await.unwrap();
        first.end_request();
        let last = tokio::spawn(async move { slots.take().await });
        third.must_close(LONG).await;
        assert!(!is_over(&first).await && !is_over(&next).await);
        drop(third);
        last.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_waits_too_long_is_closed_though_nobody_needs_its_slot() {
        let slots = ConnectionSlots::new(2);
        let slot = slots.take().await;
        slot.begin_request();
        assert!(timeout(LONG * 3, slot.must_close(LONG)).await.is_err(), "a request is at work");
        slot.end_request();
        let began = Instant::now();
        slot.must_close(LONG).await;
        assert_eq!(began.elapsed(), LONG);
    }
}
