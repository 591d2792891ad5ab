//! What is known of a target's health: for each tenant apart, and for all together once several have failed. Pure.
//!
//! The failures of one tenant may be its own fault, so they open a breaker, cool the target and use up retries for that
//! tenant only. The target is closed to all when at least two tenants, and most of those who call, fail.
//!
//! A key that is refused, or whose money is gone, rests alone: the target is called with its other keys. Everything else is
//! the target's, whichever key was used.

use std::{collections::HashMap, sync::Arc};

use tokio::time::Instant;

use crate::{
    breaker::{Admission, Breaker, Health, State},
    budget::Budget,
    config::health::HealthSettings,
    cooldown::Cooldown,
    failure::Failure,
    origin::Origin,
    outlook::Refusal,
    target::Kind,
};

#[derive(Debug)]
pub(crate) struct Memory {
    settings: HealthSettings,
    breaker: Breaker,
    cooldowns: Cooldowns<Arc<str>>,
    tenants: HashMap<Arc<str>, Tenant>,
}

#[derive(Debug)]
struct Tenant {
    breaker: Breaker,
    cooldowns: Cooldowns<u64>,
    budget: Budget,
}

/// The cooldowns of a target and of its keys.
#[derive(Debug)]
struct Cooldowns<K> {
    target: Cooldown<K>,
    keys: Vec<Cooldown<K>>,
}

/// The right to make one attempt.
#[derive(Debug)]
pub(crate) struct Pass {
    /// It was given by the breaker of all, as its probe.
    of_all: bool,
    repeat: bool,
    key: usize,
    admission: Admission,
}

impl Pass {
    /// The key that the attempt uses.
    pub(crate) const fn key(&self) -> usize {
        self.key
    }

    pub(crate) const fn is_probe(&self) -> bool {
        self.admission.is_probe()
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome<'a> {
    pub(crate) health: Health,
    pub(crate) failure: Option<&'a Failure>,
}

/// The state of a target and of one of its keys, as one tenant meets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) state: State,
    /// The target asked to be left alone until then.
    pub(crate) cooling: Option<Instant>,
    /// The key is left alone until then.
    pub(crate) resting: Option<Instant>,
    pub(crate) next_repeat: Option<Instant>,
}

/// What the end of a call changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changes {
    /// State for the tenant before and after.
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// It is the state for all.
    pub(crate) for_all: bool,
    pub(crate) cools: bool,
}

impl Memory {
    /// The memory of a target with so many keys.
    pub(crate) fn new(settings: HealthSettings, keys: usize) -> Self {
        Self {
            settings,
            breaker: Breaker::new(settings.breaker),
            cooldowns: Cooldowns::new(keys),
            tenants: HashMap::new(),
        }
    }

    pub(crate) fn standing(&mut self, now: Instant, origin: &Origin, key: usize) -> Standing {
        let shared = self.breaker.state(now);
        let (cooling, resting) = (self.cooldowns.target.until(now), self.cooldowns.resting(now, key));
        let tenant = self.tenant(now, origin);
        Standing {
            state: if shared == State::Closed { tenant.breaker.state(now) } else { shared },
            cooling: cooling.max(tenant.cooldowns.target.until(now)),
            resting: resting.max(tenant.cooldowns.resting(now, key)),
            next_repeat: tenant.next_repeat(now),
        }
    }

    /// Why nothing is let through for everybody, and for tenants for whom that is different.
    pub(crate) fn refusals(&self, now: Instant) -> (Option<Refusal>, Vec<(Arc<str>, Refusal)>) {
        let for_all = self.cooldowns.refusal(now, None::<&Cooldowns<u64>>);
        let for_all = Refusal::worse(self.breaker.refusal(now), for_all);
        let own = self.tenants.iter().filter_map(|(name, tenant)| {
            let cools = self.cooldowns.refusal(now, Some(&tenant.cooldowns));
            let own = Refusal::worse(tenant.breaker.refusal(now), cools);
            let both = Refusal::worse(for_all, own).filter(|both| Some(*both) != for_all)?;
            Some((Arc::clone(name), both))
        });
        (for_all, own.collect())
    }

    /// The worst state that any tenant meets.
    pub(crate) fn worst(&self, now: Instant) -> State {
        let own = self.tenants.values().map(|tenant| tenant.breaker.state(now));
        let rank = |state: &State| match state {
            State::Closed => 0,
            State::HalfOpen { .. } => 1,
            State::Open { .. } => 2,
        };
        own.chain([self.breaker.state(now)]).max_by_key(rank).unwrap_or(State::Closed)
    }

    /// `None` when breaker or budget refuse.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        origin: &Origin,
        Kind { repeat, alone, key }: Kind,
    ) -> Option<Pass> {
        let of_all = self.breaker.state(now) != State::Closed;
        let shared = if of_all { Some(self.breaker.admit(now, alone)?) } else { None };
        let tenant = self.tenant(now, origin);
        if repeat && tenant.next_repeat(now).is_none_or(|at| at > now) {
            if let Some(admission) = &shared {
                self.breaker.finish(now, admission, origin.lane, Health::Unknown);
            }
            return None;
        }
        let admission = match shared {
            Some(admission) => admission,
            None => tenant.breaker.admit(now, alone)?,
        };
        if repeat {
            tenant.budget.repeat(now);
        } else {
            tenant.budget.first_attempt(now);
        }
        Some(Pass { of_all, repeat, key, admission })
    }

    /// Takes one of the tenant's repeats, if one is left.
    pub(crate) fn hedge(&mut self, now: Instant, origin: &Origin) -> bool {
        self.tenant(now, origin).budget.repeat(now)
    }

    /// Whether what was admitted may still begin.
    pub(crate) fn holds(&mut self, now: Instant, origin: &Origin, pass: &Pass) -> bool {
        if pass.of_all {
            return self.breaker.holds(&pass.admission);
        }
        self.breaker.state(now) == State::Closed && self.tenant(now, origin).breaker.holds(&pass.admission)
    }

    pub(crate) fn finish(
        &mut self,
        now: Instant,
        origin: &Origin,
        pass: &Pass,
        Outcome { health, failure }: Outcome<'_>,
    ) -> Changes {
        // A request that fails once more says nothing new. If repeats counted, they would outvote first attempts once the
        // load is gone.
        let repeated = pass.repeat && !pass.is_probe() && health == Health::Bad;
        let health = if repeated { Health::Unknown } else { health };
        let from = self.standing(now, origin, pass.key).state.label();
        if pass.of_all {
            self.breaker.finish(now, &pass.admission, origin.lane, health);
            if self.breaker.state(now) == State::Closed {
                self.tenants.values_mut().for_each(|tenant| tenant.breaker.close());
            }
        } else {
            self.tenant(now, origin).breaker.finish(now, &pass.admission, origin.lane, health);
            if health == Health::Bad && self.breaker.state(now) == State::Closed && self.fails_for_most(now) {
                self.breaker.open(now);
            }
        }
        if health == Health::Good {
            self.cooldowns.succeeded(pass.key);
            self.tenant(now, origin).cooldowns.succeeded(pass.key);
        }
        let cools = failure.is_some_and(|failure| self.cool(now, origin, pass.key, failure));
        let to = self.standing(now, origin, pass.key).state.label();
        Changes { from, to, for_all: self.breaker.state(now) != State::Closed, cools }
    }

    fn fails_for_most(&self, now: Instant) -> bool {
        let seen: Vec<bool> = self.tenants.values().filter_map(|tenant| tenant.breaker.fails(now)).collect();
        let failing = seen.iter().filter(|fails| **fails).count();
        let judged = self.tenants.values().map(|tenant| tenant.breaker.judged(now));
        let (lanes, failed) = judged.fold((0, 0), |sum, judged| (sum.0 + judged.0, sum.1 + judged.1));
        let limits = self.settings.breaker;
        let open = |tenant: &Tenant| tenant.breaker.state(now) != State::Closed;
        let enough = lanes >= limits.min_lanes
            || lanes == failed && failed >= limits.in_a_row
            || self.tenants.values().any(open);
        enough && failing >= 2 && failing * 2 > seen.len()
    }

    fn cool(&mut self, now: Instant, origin: &Origin, key: usize, failure: &Failure) -> bool {
        let lengths = self.settings.cooldown;
        let (of_key, of_target) = (lengths.of_key(failure), lengths.of_target(failure));
        let Some(length) = of_key.or(of_target) else { return false };
        // While most are served, it is those who are not that are told to wait.
        if of_key.is_none() && self.tenant(now, origin).breaker.fails(now) == Some(false) {
            return false;
        }
        let (until, key) = (now + length, of_key.map(|_| key));
        let own = self.tenant(now, origin).cooldowns.failed(key, until, origin.lane);
        self.cooldowns.failed(key, until, Arc::clone(&origin.tenant)) || own
    }

    fn tenant(&mut self, now: Instant, origin: &Origin) -> &mut Tenant {
        let (settings, keys) = (self.settings, self.cooldowns.keys.len());
        self.tenants.entry(Arc::clone(&origin.tenant)).or_insert_with(|| Tenant {
            breaker: Breaker::new(settings.breaker),
            cooldowns: Cooldowns::new(keys),
            budget: Budget::new(settings.budget, now),
        })
    }
}

impl Tenant {
    /// The budget prevents storms of repeats: it applies while many lanes fail, and to nobody while few do.
    fn next_repeat(&self, now: Instant) -> Option<Instant> {
        if self.breaker.is_strained(now) { self.budget.next_repeat(now) } else { Some(now) }
    }
}

impl<K: PartialEq> Cooldowns<K> {
    fn new(keys: usize) -> Self {
        Self { target: Cooldown::new(), keys: (0..keys).map(|_| Cooldown::new()).collect() }
    }

    fn resting(&self, now: Instant, key: usize) -> Option<Instant> {
        self.keys.get(key)?.until(now)
    }

    /// The target cools, or each of its keys rests, as these cooldowns and those of a tenant have it.
    fn refusal<T: PartialEq>(&self, now: Instant, own: Option<&Cooldowns<T>>) -> Option<Refusal> {
        let of_target = self.target.until(now).max(own.and_then(|own| own.target.until(now)));
        let resting = |key| self.resting(now, key).max(own.and_then(|own| own.resting(now, key)));
        let keys: Option<Vec<Instant>> = (0..self.keys.len()).map(resting).collect();
        let of_keys = keys.and_then(|keys| keys.into_iter().min());
        of_target.max(of_keys).map(Refusal::Cooling)
    }

    fn succeeded(&mut self, key: usize) {
        self.target.succeeded();
        if let Some(key) = self.keys.get_mut(key) {
            key.succeeded();
        }
    }

    /// Notes a failure that asks for a cooldown of this key or, with none, of the target; true when it began one or made it
    /// longer.
    fn failed(&mut self, key: Option<usize>, until: Instant, origin: K) -> bool {
        let cooldown = match key {
            Some(key) => self.keys.get_mut(key),
            None => Some(&mut self.target),
        };
        cooldown.is_some_and(|cooldown| cooldown.failed(until, origin))
    }
}

#[cfg(test)]
mod tests;
