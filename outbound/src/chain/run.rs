//! One run along a chain: its attempts, one after the other, and at most one beside another.
//!
//! Where the rules hedge and an attempt's first token is late, a second attempt starts at the next free target. Whichever has its
//! whole answer first wins, and the other is cut. The second takes a repeat from the retry budget of the target that is late, so
//! that hedges never are more than a part of the first attempts there.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use tokio::{
    select,
    task::coop::unconstrained,
    time::{Instant, sleep_until},
};

use super::{Attempt, Chain, Right, Signals, Slot};
use crate::{
    class::Class,
    failure::Failure,
    metrics,
    origin::Origin,
    plan::{Plan, Try},
};

/// Detail of an attempt that was cut because another one made it useless.
pub const OUTRUN: &str = "another target answered first";

/// A run under way; `make` makes its attempts.
pub(super) struct Run<'a, F> {
    chain: &'a Chain,
    origin: &'a Origin,
    began: Instant,
    deadline: Instant,
    make: F,
    made: u32,
    pub(super) plan: Plan,
    /// Those that have ended.
    pub(super) attempts: Vec<Attempt>,
    /// The last failure of one that was not cut.
    pub(super) last: Option<Failure>,
}

/// An attempt under way.
struct Flight {
    step: Try,
    slot: Slot,
    signals: Signals,
    started: Instant,
}

/// An attempt that races with another.
struct Racer<'f, W> {
    flight: Flight,
    ends: Pin<&'f mut W>,
}

impl<'a, F> Run<'a, F> {
    pub(super) fn new(chain: &'a Chain, origin: &'a Origin, deadline: Instant, make: F) -> Self {
        let plan = Plan::new(chain.rules, deadline, chain.seats(), fastrand::Rng::new());
        Self {
            chain,
            origin,
            began: Instant::now(),
            deadline,
            make,
            made: 0,
            plan,
            attempts: Vec::new(),
            last: None,
        }
    }

    /// Makes an attempt, and a second one beside it where that is due; what the one that succeeded yields.
    pub(super) async fn attempt<T, Fut>(&mut self, step: Try, right: Right) -> Option<T>
    where
        F: FnMut(Slot, Signals) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let chain = self.chain;
        let hedges = self.plan.hedge_after().is_some();
        let signals = if hedges { Signals::heard() } else { Signals::default() };
        let (flight, attempt) = self.begin(step, &right, signals);
        let mut ends = pin!(chain.watch(flight.slot, right, attempt));
        let second = match self.alone(&flight, ends.as_mut()).await {
            Alone::Ended(result) => return self.ended(&flight, result),
            Alone::Late(step, right) => {
                let (flight, attempt) = self.begin(step, &right, Signals::heard());
                // Few attempts have a second one, so that none has the room for it in its own future.
                (Box::pin(chain.watch(flight.slot, right, attempt)), flight)
            }
        };
        let (mut second_ends, second) = second;
        let first = Racer { flight, ends };
        self.race(first, Racer { flight: second, ends: second_ends.as_mut() }).await
    }

    fn begin<Fut>(&mut self, step: Try, right: &Right, signals: Signals) -> (Flight, Fut)
    where
        F: FnMut(Slot, Signals) -> Fut,
    {
        let (Try { target, key, .. }, started) = (step, Instant::now());
        let deadline = self.deadline.min(started + self.chain.links[target].attempt_timeout);
        let slot = Slot { target, key, ticket: right.turn.ticket(), number: self.made, deadline };
        self.made = self.made.saturating_add(1);
        let attempt = (self.make)(slot, signals.clone());
        (Flight { step, slot, signals, started }, attempt)
    }

    /// The end of the first attempt, or the right to make a second one before it has ended.
    async fn alone<T>(
        &mut self,
        first: &Flight,
        mut ends: Pin<&mut impl Future<Output = Result<T, Failure>>>,
    ) -> Alone<T> {
        let Some(after) = self.plan.hedge_after() else { return Alone::Ended(ends.await) };
        select! {
            biased;
            result = ends.as_mut() => return Alone::Ended(result),
            () = first.signals.has_begun() => return Alone::Ended(ends.await),
            () = sleep_until(first.started + after) => {}
        }
        select! {
            biased;
            result = ends.as_mut() => Alone::Ended(result),
            // Without it the first is waited for alone.
            Some((step, right)) = self.second(first) => Alone::Late(step, right),
        }
    }

    /// The right to make a second attempt now, unless the first token comes meanwhile.
    async fn second(&mut self, first: &Flight) -> Option<(Try, Right)> {
        let (now, late) = (Instant::now(), &self.chain.links[first.slot.target].target);
        let step = self.plan.hedge(now, &self.chain.views(now, self.origin), first.step)?;
        if !late.hedge(now, self.origin) {
            metrics::hedged(late.name(), "budget");
            return None;
        }
        select! {
            biased;
            () = first.signals.has_begun() => None,
            right = self.chain.right(&mut self.plan, step, None, self.origin) => Some((step, right?)),
        }
    }

    /// Both attempts, until one succeeds, or both have failed.
    async fn race<T, W>(&mut self, mut first: Racer<'_, W>, mut second: Racer<'_, W>) -> Option<T>
    where
        W: Future<Output = Result<T, Failure>>,
    {
        let late = self.chain.links[first.flight.slot.target].target.name();
        let (result, of_first) = select! {
            biased;
            result = first.ends.as_mut() => (result, true),
            result = second.ends.as_mut() => (result, false),
        };
        let (ended, mut other) = if of_first { (first, second) } else { (second, first) };
        let told = |of_first| if of_first { "first" } else { "second" };
        if result.is_ok() {
            metrics::hedged(late, told(of_first));
            let failure = other.cut().await;
            self.note(&other.flight, Some(failure));
            return self.ended(&ended.flight, result);
        }
        let value = self.ended(&ended.flight, result);
        if self.plan.is_over() {
            metrics::hedged(late, "neither");
            let failure = other.cut().await;
            self.note(&other.flight, Some(failure));
            return value;
        }
        let result = other.ends.as_mut().await;
        metrics::hedged(late, if result.is_ok() { told(!of_first) } else { "neither" });
        self.ended(&other.flight, result)
    }

    /// Notes how an attempt ended that nobody cut.
    fn ended<T>(&mut self, flight: &Flight, result: Result<T, Failure>) -> Option<T> {
        let (value, failure) = match result {
            Ok(value) => (Some(value), None),
            Err(failure) => (None, Some(failure)),
        };
        if let Some(failure) = &failure {
            self.plan.record(Instant::now(), flight.step, failure);
            self.last = Some(failure.clone());
        }
        self.note(flight, failure);
        value
    }

    fn note(&mut self, flight: &Flight, failure: Option<Failure>) {
        let Slot { target, key, number, .. } = flight.slot;
        let (started, took) = (flight.started - self.began, flight.started.elapsed());
        self.attempts.push(Attempt { target, key, number, started, took, failure });
    }
}

/// How an attempt went until it ended or was late.
enum Alone<T> {
    Ended(Result<T, Failure>),
    Late(Try, Right),
}

impl<T, W: Future<Output = Result<T, Failure>>> Racer<'_, W> {
    /// Cuts it. It has one chance to end by itself and to tell what it has read.
    async fn cut(&mut self) -> Failure {
        self.flight.signals.end();
        let once = poll_fn(|context| match self.ends.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(result.err()),
            Poll::Pending => Poll::Ready(None),
        });
        let own = unconstrained(once).await;
        own.unwrap_or_else(|| Failure::new(Class::Cancelled, OUTRUN).possibly_done())
    }
}
