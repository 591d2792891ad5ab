//! Runs a request along its chain of targets under one deadline.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    class::Class,
    failure::Failure,
    metrics::{self, WaitCause},
    origin::Origin,
    pace::{Claim, Pace, PaceError, Turn},
    plan::{Availability, Plan, Rules, Step, Stop, Try, View, is_limit},
    target::{Kind, Permit, Target},
};

/// One target of a chain.
#[derive(Debug, Clone)]
pub struct Link {
    /// The target.
    pub target: Arc<Target>,
    /// The pace of its calls; tenants take turns at it.
    pub pace: Arc<Pace>,
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
    /// How many attempts went before.
    pub number: u32,
    /// When the attempt is cut off.
    pub deadline: Instant,
}

/// One attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The target's place in the chain.
    pub target: usize,
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
    /// Every attempt in order; the last one succeeded if the run did.
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
    /// The target as this origin meets it, its pace included.
    fn view(&self, now: Instant, origin: &Origin) -> View {
        let view = self.target.view(now, origin);
        match view.availability {
            Availability::Free(_) => {
                let availability = Availability::Free(self.pace.expected(now, &origin.tenant));
                View { availability, ..view }
            }
            _ => view,
        }
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
        let began = Instant::now();
        let capacities = self.links.iter().map(|link| link.capacity);
        let mut plan = Plan::new(self.rules, deadline, capacities, fastrand::Rng::new());
        let mut attempts = Vec::new();
        loop {
            let now = Instant::now();
            let views: Vec<_> = self.links.iter().map(|link| link.view(now, origin)).collect();
            let step = match plan.next(now, &views) {
                Step::Try(step) => step,
                Step::Wait(time) => {
                    metrics::waited(WaitCause::Target, time);
                    sleep(time).await;
                    continue;
                }
                Step::Stop(stop) => return self.stopped(stop, attempts),
            };
            let Some(right) = self.right(&mut plan, step, origin).await else { continue };
            let (target, started) = (step.target, Instant::now());
            let number = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
            let deadline = deadline.min(started + self.links[target].attempt_timeout);
            let slot = Slot { target, number, deadline };
            let result = self.watch(slot, right, attempt(slot)).await;
            let (started, took) = (started - began, started.elapsed());
            let (value, failure) = match result {
                Ok(value) => (Some(value), None),
                Err(failure) => (None, Some(failure)),
            };
            if let Some(failure) = &failure {
                plan.record(Instant::now(), target, failure);
            }
            attempts.push(Attempt { target, started, took, failure });
            if let Some(value) = value {
                return Ran { attempts, result: Ok(value) };
            }
        }
    }

    /// The right to make an attempt now, after the wait for its turn; `None` when the targets must be looked at again.
    async fn right(&self, plan: &mut Plan, step: Try, origin: &Origin) -> Option<Right> {
        let Try { target, repeat, again, alone } = step;
        let link = &self.links[target];
        // Refused means that another run was faster; the next look at the targets shows it.
        let permit = link.target.admit(Instant::now(), Kind { repeat, alone }, origin)?;
        // Others wait for a probe.
        let again = again || permit.is_probe();
        let claim = Claim { key: &origin.tenant, again, latest: plan.latest() };
        match link.pace.turn(claim).await {
            Ok(turn) if permit.holds() => Some(Right { permit, turn }),
            Ok(turn) => {
                turn.give_back();
                None
            }
            Err(PaceError::Disturbed) => None,
            Err(PaceError::NotInTime) => {
                plan.no_turn(target);
                None
            }
        }
    }

    /// Makes the attempt and tells its target how it went.
    async fn watch<T>(
        &self,
        slot: Slot,
        Right { permit, turn }: Right,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let link = &self.links[slot.target];
        let started = Instant::now();
        let given = slot.deadline.saturating_duration_since(started);
        let result = timeout_at(slot.deadline, attempt).await.unwrap_or_else(|_| {
            let detail = format!("attempt cut off after {} ms", given.as_millis());
            Err(Failure::new(Class::Timeout, detail).possibly_done())
        });
        let failure = result.as_ref().err();
        let is_hurried = given < link.attempt_timeout / 2;
        match failure {
            Some(failure) if is_hurried && failure.class == Class::Timeout => {
                permit.finish_hurried(Instant::now(), failure);
            }
            failure => permit.finish(Instant::now(), failure.map_or(Ok(()), Err)),
        }
        if let Some(limit) = failure.filter(|failure| is_limit(failure)) {
            turn.refused(limit.retry_after);
        }
        metrics::attempt(link.target.name(), failure.map_or("ok", Failure::label), started.elapsed());
        result
    }

    fn stopped<T>(&self, stop: Stop, attempts: Vec<Attempt>) -> Ran<T> {
        if let Stop::Budget(target) = stop {
            let target = self.links[target].target.name();
            tracing::warn!(
                target,
                "request ended: so many fail there that its retry budget had no repeat in time"
            );
            metrics::budget_refused(target);
        }
        metrics::stopped(stop.label());
        let last = attempts.last().and_then(|attempt| attempt.failure.clone());
        Ran { attempts, result: Err(Ending { stop, last }) }
    }
}

#[cfg(test)]
mod tests;
