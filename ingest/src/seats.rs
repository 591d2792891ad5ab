//! Places for connections. When all are taken, a new connection gets the place of the one that has waited longest for its
//! client, in a header, in a body, or idle: whoever only holds connections open cannot keep callbacks out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

/// How long a connection that was sent away is given to go before the next one is.
const PATIENCE: Duration = Duration::from_millis(20);

/// All places, and who waits on them, longest first.
pub(crate) struct Seats {
    free: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    seats: BTreeMap<u64, Arc<Notify>>,
}

/// The place of one connection, which waits for its client until it works.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    sent_away: Arc<Notify>,
    state: Mutex<State>,
    _place: OwnedSemaphorePermit,
}

#[derive(Clone, Copy)]
struct State {
    /// Its number among those that wait; `None` while it works.
    number: Option<u64>,
    since: Instant,
}

impl Seats {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(places)), waiting: Mutex::default() })
    }

    /// A place, if need be that of the connection that has waited longest.
    pub(crate) async fn take(self: &Arc<Self>) -> Arc<Seat> {
        let place = loop {
            if self.free.available_permits() == 0 {
                self.send_away();
            }
            // The semaphore is never closed.
            if let Ok(Ok(place)) = timeout(PATIENCE, Arc::clone(&self.free).acquire_owned()).await {
                break place;
            }
        };
        let sent_away = Arc::new(Notify::new());
        let state = Mutex::new(State { number: Some(self.join(&sent_away)), since: Instant::now() });
        Arc::new(Seat { seats: Arc::clone(self), sent_away, state, _place: place })
    }

    fn send_away(&self) {
        if let Some((_, longest)) = self.waiting().seats.pop_first() {
            longest.notify_one();
        }
    }

    fn join(&self, sent_away: &Arc<Notify>) -> u64 {
        let mut waiting = self.waiting();
        waiting.next += 1;
        let number = waiting.next;
        waiting.seats.insert(number, Arc::clone(sent_away));
        number
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// A request is complete: the connection stays until it is answered.
    pub(crate) fn works(&self) {
        if let Some(number) = self.change(None) {
            self.seats.waiting().seats.remove(&number);
        }
    }

    /// The request is answered, if there was one.
    pub(crate) fn waits(&self) {
        if self.state().number.is_none() {
            let number = self.seats.join(&self.sent_away);
            self.change(Some(number));
        }
    }

    /// Waits until the connection must go: another one needs its place, or it has waited longer than any client that
    /// reads its answers may.
    pub(crate) async fn over(&self, longest: Duration) {
        loop {
            let State { since, .. } = *self.state();
            tokio::select! {
                () = self.sent_away.notified() => {}
                () = sleep_until(since + longest) => {}
            }
            let State { number, since } = *self.state();
            let waits = number.is_some_and(|number| self.seats.waiting().seats.contains_key(&number));
            if number.is_some() && (!waits || since.elapsed() >= longest) {
                return;
            }
            if number.is_none() && since.elapsed() >= longest {
                // It works: what is at work has deadlines of its own.
                *self.state() = State { number, since: Instant::now() };
            }
        }
    }

    fn change(&self, number: Option<u64>) -> Option<u64> {
        let mut state = self.state();
        let before = state.number;
        *state = State { number, since: Instant::now() };
        before
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(number) = self.state().number {
            self.seats.waiting().seats.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn is_over(seat: &Seat) -> bool {
        timeout(Duration::ZERO, seat.over(LONG)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_longest_makes_room_and_who_works_never_does() {
        let seats = Seats::new(3);
        let [first, second, third] = [seats.take().await, seats.take().await, seats.take().await];
        first.works();
        let next = tokio::spawn({
            let seats = Arc::clone(&seats);
            async move { seats.take().await }
        });
        second.over(LONG).await;
        assert!(!is_over(&first).await && !is_over(&third).await);
        drop(second);
        let next = next.await.unwrap();
        first.waits();
        let last = tokio::spawn(async move { seats.take().await });
        third.over(LONG).await;
        assert!(!is_over(&first).await && !is_over(&next).await);
        drop(third);
        last.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_goes_on_is_sent_away_in_time_though_nobody_needs_the_place() {
        let seats = Seats::new(2);
        let seat = seats.take().await;
        seat.works();
        assert!(timeout(LONG * 3, seat.over(LONG)).await.is_err(), "it works");
        seat.waits();
        let began = Instant::now();
        seat.over(LONG).await;
        assert_eq!(began.elapsed(), LONG);
    }
}
