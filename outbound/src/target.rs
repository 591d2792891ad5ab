//! One endpoint that can be called, and how it is doing for those who call it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    breaker::{Health, State},
    class::Class,
    config::health::HealthSettings,
    failure::Failure,
    health::{Memory, Outcome, Pass},
    metrics,
    origin::Origin,
    outlook::{Outlook, Prospect},
    pace::{Load, Pace},
    plan::{Availability, View},
};

/// The name of no tenant.
const NOBODY: &str = "";
/// Most tenants of a key whose waits are told apart, those that wait for most turns.
const MOST_QUEUES: usize = 32;
/// Label of the state in which nobody should wait for the pace.
const OPEN: &str = "open";

/// A target, shared by everybody in the process who calls it.
#[derive(Debug)]
pub struct Target {
    name: Arc<str>,
    memory: Mutex<Memory>,
    /// Those who wait at these paces have to look again when a breaker opens.
    paces: Vec<Arc<Pace>>,
    changed: Notify,
    successes: AtomicU64,
}

/// The right to make one attempt at a target. Dropped without [`Permit::finish`], the attempt counts as given
/// up: it frees the place of a probe and teaches nothing.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    target: Arc<Target>,
    origin: Origin,
    pass: Option<Pass>,
}

/// What kind of attempt is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kind {
    /// The same request failed at this target before, other than for its rate.
    pub repeat: bool,
    /// The request has no other target, so that it may probe an open breaker early.
    pub alone: bool,
    /// Which of the target's keys it uses, counted from 0.
    pub key: usize,
}

impl Target {
    /// A target without a past, with the paces at which its callers wait. It has one key. Its name appears in metrics, so it
    /// must come from the configuration.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, settings: &HealthSettings, paces: Vec<Arc<Pace>>) -> Arc<Self> {
        Self::of_keys(1, name.into(), settings, paces)
    }

    /// [`Target::new`] with one pace for each of its keys.
    #[must_use]
    pub fn keyed(name: impl Into<Arc<str>>, settings: &HealthSettings, paces: Vec<Arc<Pace>>) -> Arc<Self> {
        Self::of_keys(paces.len(), name.into(), settings, paces)
    }

    fn of_keys(keys: usize, name: Arc<str>, settings: &HealthSettings, paces: Vec<Arc<Pace>>) -> Arc<Self> {
        let memory = Mutex::new(Memory::new(*settings, keys));
        let target = Self { name, memory, paces, changed: Notify::new(), successes: AtomicU64::new(0) };
        metrics::breaker(&target.name, State::Closed);
        Arc::new(target)
    }

    /// The target's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of attempts by anybody that succeeded. Somebody who fails while it grows is alone with that.
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.successes.load(Ordering::Relaxed)
    }

    /// Whether an attempt with this key would be let through at this time, apart from its pace.
    #[must_use]
    pub fn view(&self, now: Instant, origin: &Origin, key: usize) -> View {
        let standing = self.memory().standing(now, origin, key);
        let availability = match (standing.state, standing.resting, standing.cooling) {
            (State::Open { until, probe, since }, ..) => Availability::Open { until, probe, since },
            (State::HalfOpen { probing: true, since }, ..) => Availability::Probing { since },
            (State::Closed | State::HalfOpen { .. }, Some(until), _) => Availability::Resting(until),
            (State::Closed | State::HalfOpen { .. }, None, Some(until)) => Availability::Cooling(until),
            (State::Closed | State::HalfOpen { .. }, None, None) => Availability::Free(now),
        };
        View { availability, next_repeat: standing.next_repeat, load: Load::default() }
    }

    /// What is to be expected of it now, by everybody and by tenants for whom it is different. Of its keys, the one counts at which a call
    /// waits least.
    #[must_use]
    pub fn outlook(&self, now: Instant) -> Outlook {
        let (refusal, refused) = self.memory().refusals(now);
        let wait_of = |tenant: &Arc<str>| {
            let waits =
                self.paces.iter().map(|pace| pace.expected(now, tenant).saturating_duration_since(now));
            waits.min().unwrap_or_default()
        };
        let for_all = Prospect { refusal, wait: wait_of(&NOBODY.into()) };
        let queues = self.paces.iter().flat_map(|pace| pace.queues(MOST_QUEUES));
        let mut tenants: BTreeMap<Arc<str>, Prospect> = BTreeMap::new();
        for tenant in queues {
            let wait = wait_of(&tenant);
            if wait > for_all.wait {
                tenants.insert(tenant, Prospect { wait, ..for_all });
            }
        }
        for (tenant, refusal) in refused {
            tenants.entry(tenant).or_insert(for_all).refusal = Some(refusal);
        }
        Outlook { for_all, tenants }
    }

    /// Asks for an attempt; `None` when breaker or budget refuse, for instance because somebody else was faster
    /// since [`Target::view`].
    pub fn admit(self: &Arc<Self>, now: Instant, kind: Kind, origin: &Origin) -> Option<Permit> {
        let mut memory = self.memory();
        let pass = memory.admit(now, origin, kind)?;
        metrics::breaker(&self.name, memory.worst(now));
        Some(Permit { target: Arc::clone(self), origin: origin.clone(), pass: Some(pass) })
    }

    /// Takes one repeat from the tenant's retry budget, for a second attempt elsewhere beside one here; false when none is left. A
    /// repeat that follows a failure is free while few fail; this one is not, or a target that is slow for everybody would double
    /// all calls.
    pub fn hedge(&self, now: Instant, origin: &Origin) -> bool {
        self.memory().hedge(now, origin)
    }

    /// Waits until an attempt is let through, `None` when that is not before `latest`. For callers that have no other
    /// target.
    pub async fn admitted(self: &Arc<Self>, kind: Kind, origin: &Origin, latest: Instant) -> Option<Permit> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = Instant::now();
            let view = self.view(now, origin, kind.key);
            let at = match view.availability {
                _ if kind.repeat && view.next_repeat.is_none_or(|at| at > now) => {
                    view.next_repeat.unwrap_or(latest)
                }
                Availability::Cooling(until) | Availability::Resting(until) => until,
                Availability::Open { probe, .. } if probe > now => probe,
                Availability::Probing { .. } => latest,
                Availability::Free(_) | Availability::Open { .. } => {
                    if let Some(permit) = self.admit(now, Kind { alone: true, ..kind }, origin) {
                        return Some(permit);
                    }
                    continue;
                }
            };
            if now >= latest {
                return None;
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(at.min(latest)) => {}
            }
        }
    }

    fn finish(&self, origin: &Origin, pass: &Pass, now: Instant, outcome: Outcome<'_>) {
        if outcome.health == Health::Good {
            self.successes.fetch_add(1, Ordering::Relaxed);
        }
        let mut memory = self.memory();
        let changes = memory.finish(now, origin, pass, outcome);
        let worst = memory.worst(now);
        drop(memory);
        metrics::breaker(&self.name, worst);
        if changes.from != changes.to {
            let (target, from, to) = (&*self.name, changes.from, changes.to);
            let tenant = if changes.for_all { "all" } else { &*origin.tenant };
            tracing::warn!(target, tenant, from, to, "breaker changed");
            if to == OPEN {
                self.paces.iter().for_each(|pace| pace.disturb());
            }
        }
        if pass.is_probe() || changes.from != changes.to {
            self.changed.notify_waiters();
        }
        if let Some(failure) = outcome.failure.filter(|_| changes.cools) {
            let (target, key, class) = (&*self.name, pass.key() + 1, failure.label());
            metrics::cooled(target, key, class);
            tracing::warn!(target, key, class, "target or key cools down");
            // Those who wait for a turn with the key may have another.
            self.paces.get(pass.key()).into_iter().for_each(|pace| pace.disturb());
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Whether the attempt is a probe, which others wait for.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.pass.as_ref().is_some_and(Pass::is_probe)
    }

    /// Whether the attempt may still begin, after a wait.
    #[must_use]
    pub fn holds(&self) -> bool {
        let holds = |pass| self.target.memory().holds(Instant::now(), &self.origin, pass);
        self.pass.as_ref().is_some_and(holds)
    }

    /// Notes how the attempt ended, when its answer is complete.
    pub fn finish(self, now: Instant, result: Result<(), &Failure>) {
        let health = match result {
            Ok(()) => Health::Good,
            Err(failure) if failure.counts_for_breaker() => Health::Bad,
            Err(failure) if failure.class == Class::Cancelled => Health::Unknown,
            Err(_) => Health::Neutral,
        };
        self.end(now, Outcome { health, failure: result.err() });
    }

    /// Notes the timeout of an attempt that was given too little time for this to say anything about the target.
    pub fn finish_hurried(self, now: Instant, failure: &Failure) {
        let health = if failure.counts_for_breaker() { Health::Unknown } else { Health::Neutral };
        self.end(now, Outcome { health, failure: Some(failure) });
    }

    fn end(mut self, now: Instant, outcome: Outcome<'_>) {
        if let Some(pass) = self.pass.take() {
            self.target.finish(&self.origin, &pass, now, outcome);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.target.finish(
                &self.origin,
                &pass,
                Instant::now(),
                Outcome { health: Health::Unknown, failure: None },
            );
        }
    }
}

#[cfg(test)]
mod tests;
