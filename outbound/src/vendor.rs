//! A vendor for tests: it counts calls by fixed or by sliding stretches of time and refuses what is too much.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{class::Class, failure::Failure};

/// How a vendor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// Whole seconds of its own clock.
    Fixed,
    /// The last second before each call.
    Sliding,
}

pub(crate) struct Vendor {
    counting: Counting,
    limit: usize,
    length: Duration,
    begun: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    random: fastrand::Rng,
    taken: VecDeque<Instant>,
    calls: Vec<Instant>,
    refused: usize,
    /// So many of the next calls are refused whatever was counted.
    injected: usize,
}

impl Vendor {
    pub(crate) fn new(counting: Counting, limit: usize, length: Duration) -> Self {
        let state = State { random: fastrand::Rng::with_seed(7), ..State::default() };
        // Its seconds do not begin when ours do.
        let begun = Instant::now() - Duration::from_millis(370);
        Self { counting, limit, length, begun, state: Mutex::new(state) }
    }

    /// One call: its way there, its count, its way back.
    pub(crate) async fn call(&self) -> Result<(), Failure> {
        let way = || Duration::from_millis(self.state.lock().unwrap().random.u64(3..12));
        sleep(way()).await;
        let taken = self.count(Instant::now());
        sleep(way()).await;
        if taken { Ok(()) } else { Err(Failure::new(Class::RateLimited, "too many")) }
    }

    pub(crate) fn inject(&self, refusals: usize) {
        self.state.lock().unwrap().injected += refusals;
    }

    fn count(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap();
        state.calls.push(now);
        let from = match self.counting {
            Counting::Sliding => now.checked_sub(self.length).unwrap(),
            Counting::Fixed => {
                let whole = (now - self.begun).as_nanos() / self.length.as_nanos();
                self.begun + self.length * u32::try_from(whole).unwrap() - Duration::from_nanos(1)
            }
        };
        while state.taken.front().is_some_and(|at| *at <= from) {
            state.taken.pop_front();
        }
        let injected = state.injected > 0;
        state.injected -= usize::from(injected);
        let taken = !injected && state.taken.len() < self.limit;
        if taken {
            state.taken.push_back(now);
        } else {
            state.refused += 1;
        }
        taken
    }

    pub(crate) fn refused(&self) -> usize {
        self.state.lock().unwrap().refused
    }

    /// Most calls, refused ones included, in any stretch of the window's length.
    pub(crate) fn most_calls(&self) -> usize {
        let calls = &self.state.lock().unwrap().calls;
        let within = |(at, first): (usize, &Instant)| {
            calls[at..].iter().take_while(|call| **call - *first < self.length).count()
        };
        calls.iter().enumerate().map(within).max().unwrap_or_default()
    }
}
