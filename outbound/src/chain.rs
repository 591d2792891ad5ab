//! Runs a request along its chain of targets under one deadline.

mod run;
mod signals;

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep, timeout_at};

use self::run::Run;
pub use self::{run::OUTRUN, signals::Signals};
use crate::{
    class::Class,
    failure::Failure,
    limiter::{Ticket, Tokens},
    metrics::{self, WaitCause},
    origin::Origin,
    pace::{Claim, Pace, PaceError, Turn},
    plan::{Availability, Plan, Rules, Seat, Step, Stop, Try, View},
    target::{Kind, Permit, Target},
};

/// One target of a chain.
#[derive(Debug, Clone)]
pub struct Link {
    /// The target.
    pub target: Arc<Target>,
    /// The paces of its calls, one for each of its keys; tenants take turns at each.
    pub keys: Vec<Arc<Pace>>,
    /// What a call is estimated to take of limits that count tokens.
    pub tokens: Tokens,
    /// How much input it takes, in one unit for the whole chain; zero when unknown. A request that was too long
    /// for one target is only tried at larger ones.
    pub capacity: u64,
    /// Longest time of one attempt. Should be well below the requests' usual deadline: an attempt that gets less
    /// than half of it and times out says nothing about the target.
    pub attempt_timeout: Duration,
}

/// Targets in the order of preference, and the rules for moving along them.
#[derive(Debug, Clone)]
pub struct Chain {
    rules: Rules,
    links: Vec<Link>,
}

/// One attempt about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The target's place in the chain.
    pub target: usize,
    /// Which of its keys to use, counted from 0.
    pub key: usize,
    /// Its start, for [`Pace::settle`].
    pub ticket: Ticket,
    /// How many attempts were begun before.
    pub number: u32,
    /// When the attempt is cut off.
    pub deadline: Instant,
}

/// One attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The target's place in the chain.
    pub target: usize,
    /// Which of its keys was used, counted from 0.
    pub key: usize,
    /// How many attempts were begun before.
    pub number: u32,
    /// Time from the start of the run to the start of the attempt.
    pub started: Duration,
    /// How long it took.
    pub took: Duration,
    /// The failure, `None` for a success.
    pub failure: Option<Failure>,
}

/// The right to make one attempt now.
struct Right {
    permit: Permit,
    turn: Turn,
}

/// Why a run ended without success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("call along the chain: stopped ({}){}", stop.label(), last.as_ref().map_or_else(String::new, |failure| format!(", last failure {failure}")))]
pub struct Ending {
    /// Why nothing more was tried.
    pub stop: Stop,
    /// The last failure, `None` when no attempt was made.
    pub last: Option<Failure>,
}

/// A finished run.
#[derive(Debug)]
pub struct Ran<T> {
    /// Every attempt in the order of their ends; the last one succeeded if the run did.
    pub attempts: Vec<Attempt>,
    /// What the successful attempt yielded.
    pub result: Result<T, Ending>,
}

impl Ending {
    /// The kind of error, for metrics and logs.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        self.stop.label()
    }
}

impl Link {
    /// The target with each of its keys as this origin meets it, paces included.
    fn views(&self, now: Instant, origin: &Origin) -> impl Iterator<Item = View> {
        self.keys.iter().enumerate().map(move |(key, pace)| {
            let view = self.target.view(now, origin, key);
            let availability = match view.availability {
                Availability::Free(_) => {
                    Availability::Free(pace.expected(now, &origin.tenant, origin.weight))
                }
                other => other,
            };
            View { availability, load: pace.load(), ..view }
        })
    }
}

impl Chain {
    /// A chain. Without links every run is [`Stop::Exhausted`] at once.
    #[must_use]
    pub const fn new(rules: Rules, links: Vec<Link>) -> Self {
        Self { rules, links }
    }

    /// The links in order.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Makes attempts on behalf of `origin` until one succeeds or the rules, the targets' health and pace or the
    /// deadline end the run. An attempt still running at its own deadline is dropped and counts as an ambiguous
    /// timeout. Dropping the future ends the run without a trace in the targets' health.
    pub async fn run<T, F, Fut>(&self, origin: &Origin, deadline: Instant, mut attempt: F) -> Ran<T>
    where
        F: FnMut(Slot) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        self.run_resting(origin, deadline, || (), |slot, _| attempt(slot)).await
    }

    /// [`Chain::run`], and what `rest` makes lives as long as a wait that follows a failure or a refusal, or that is for a
    /// target which is away. An attempt gives its first token's signal, and ends when it is cut.
    pub async fn run_resting<T, R, F, Fut>(
        &self,
        origin: &Origin,
        deadline: Instant,
        rest: impl Fn() -> R,
        attempt: F,
    ) -> Ran<T>
    where
        F: FnMut(Slot, Signals) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let mut run = Run::new(self, origin, deadline, attempt);
        loop {
            let now = Instant::now();
            let views = self.views(now, origin);
            let step = match run.plan.next(now, &views) {
                Step::Try(step) => step,
                Step::Wait(time) => {
                    metrics::waited(WaitCause::Target, time);
                    let resting = rest();
                    sleep(time).await;
                    drop(resting);
                    continue;
                }
                Step::Stop(stop) => return self.stopped(stop, run.attempts, run.last),
            };
            let resting = step.again.then(&rest);
            let soon = run.plan.soon(now, &views, step);
            drop(views);
            let right = self.right(&mut run.plan, step, soon, origin).await;
            drop(resting);
            let Some(right) = right else { continue };
            if let Some(value) = run.attempt(step, right).await {
                return Ran { attempts: run.attempts, result: Ok(value) };
            }
        }
    }

    fn views(&self, now: Instant, origin: &Origin) -> Vec<View> {
        self.links.iter().flat_map(|link| link.views(now, origin)).collect()
    }

    fn seats(&self) -> impl Iterator<Item = Seat> {
        self.links.iter().enumerate().flat_map(|(target, link)| {
            (0..link.keys.len()).map(move |key| Seat { target, key, capacity: link.capacity })
        })
    }

    /// The right to make an attempt now, after the wait for its turn, which ends `soon` where another target is free; `None` when
    /// the targets must be looked at again.
    async fn right(
        &self,
        plan: &mut Plan,
        step: Try,
        soon: Option<Instant>,
        origin: &Origin,
    ) -> Option<Right> {
        let Try { target, key, repeat, again, alone } = step;
        let link = &self.links[target];
        let pace = link.keys.get(key)?;
        // Refused means that another run was faster; the next look at the targets shows it.
        let permit = link.target.admit(Instant::now(), Kind { repeat, alone, key }, origin)?;
        // Others wait for a probe.
        let again = again || permit.is_probe();
        let (latest, weight) = (plan.latest(), origin.weight);
        let claim = Claim { key: &origin.tenant, again, latest, tokens: link.tokens, weight };
        let since = Instant::now();
        // A turn that was near when the request came is not when others were refused since.
        let turn = match soon {
            Some(at) => timeout_at(at, pace.turn(claim)).await,
            None => Ok(pace.turn(claim).await),
        };
        plan.waited(since.elapsed());
        let Ok(turn) = turn else {
            plan.no_turn_soon(step);
            return None;
        };
        match turn {
            Ok(turn) if permit.holds() => Some(Right { permit, turn }),
            Ok(turn) => {
                turn.give_back();
                None
            }
            Err(PaceError::Disturbed) => None,
            Err(PaceError::NotInTime) => {
                plan.no_turn(step);
                None
            }
        }
    }

    /// Makes the attempt, which begins now, and tells its target how it went.
    fn watch<T>(
        &self,
        slot: Slot,
        right: Right,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> impl Future<Output = Result<T, Failure>> {
        let started = Instant::now();
        timeout_at(slot.deadline, attempt).map(move |ended| {
            let result = ended.unwrap_or_else(|_| {
                let given = slot.deadline.saturating_duration_since(started);
                let detail = format!("attempt cut off after {} ms", given.as_millis());
                Err(Failure::new(Class::Timeout, detail).possibly_done())
            });
            self.tell(slot, right, started, result)
        })
    }

    /// Tells the target of an attempt how it went.
    fn tell<T>(
        &self,
        slot: Slot,
        Right { permit, turn }: Right,
        started: Instant,
        result: Result<T, Failure>,
    ) -> Result<T, Failure> {
        let link = &self.links[slot.target];
        let given = slot.deadline.saturating_duration_since(started);
        let failure = result.as_ref().err();
        let is_hurried = given < link.attempt_timeout / 2;
        match failure {
            Some(failure) if is_hurried && failure.class == Class::Timeout => {
                permit.finish_hurried(Instant::now(), failure);
            }
            failure => permit.finish(Instant::now(), failure.map_or(Ok(()), Err)),
        }
        if let Some((failure, excess)) = failure.and_then(|failure| Some((failure, failure.excess()?))) {
            turn.exceeded(excess, failure.retry_after);
        }
        metrics::attempt(
            link.target.name(),
            slot.key + 1,
            failure.map_or("ok", Failure::label),
            started.elapsed(),
        );
        result
    }

    fn stopped<T>(&self, stop: Stop, attempts: Vec<Attempt>, last: Option<Failure>) -> Ran<T> {
        if let Stop::Budget(target) = stop {
            let target = self.links[target].target.name();
            tracing::warn!(
                target,
                "request ended: so many fail there that its retry budget had no repeat in time"
            );
            metrics::budget_refused(target);
        }
        metrics::stopped(stop.label());
        Ran { attempts, result: Err(Ending { stop, last }) }
    }
}

#[cfg(test)]
mod tests;
