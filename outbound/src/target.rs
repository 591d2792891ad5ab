//! One endpoint that can be called, and what its calls have taught us: breaker, cooldown, retry budget.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::{
    breaker::{Admission, Breaker, Health, State},
    budget::Budget,
    config::health::HealthSettings,
    cooldown::Cooldown,
    failure::Failure,
    metrics,
    plan::{Availability, View},
};

/// A target, shared by everybody in the process who calls it.
#[derive(Debug)]
pub struct Target {
    name: String,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    breaker: Breaker,
    cooldown: Cooldown,
    budget: Budget,
}

/// The right to make one attempt at a target. Dropped without [`Permit::finish`], the attempt counts as given
/// up: it frees the place of a probe and teaches nothing.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    target: Arc<Target>,
    admission: Option<Admission>,
}

/// What kind of attempt is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The same request was tried at this target before.
    pub repeat: bool,
    /// Go ahead although the breaker is open, as its probe.
    pub forced: bool,
}

impl Target {
    /// A target without a past. Its name appears in metrics, so it must come from the configuration.
    #[must_use]
    pub fn new(name: impl Into<String>, settings: &HealthSettings) -> Arc<Self> {
        let memory = Memory {
            breaker: Breaker::new(settings.breaker),
            cooldown: Cooldown::new(settings.cooldown),
            budget: Budget::new(settings.budget, Instant::now()),
        };
        let target = Self { name: name.into(), memory: Mutex::new(memory) };
        metrics::breaker(&target.name, State::Closed);
        Arc::new(target)
    }

    /// The target's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an attempt would be let through at this time.
    #[must_use]
    pub fn view(&self, now: Instant) -> View {
        let memory = self.memory();
        let availability = match (memory.breaker.state(now), memory.cooldown.until(now)) {
            (State::Open(until), _) => Availability::Open(until),
            (State::HalfOpen { probing: true }, _) => Availability::Probing,
            (State::Closed | State::HalfOpen { probing: false }, Some(until)) => Availability::Cooling(until),
            (State::Closed | State::HalfOpen { probing: false }, None) => Availability::Ready,
        };
        View { availability, may_repeat: memory.budget.allows_repeat(now) }
    }

    /// Asks for an attempt; `None` when breaker or budget refuse, for instance because somebody else was faster
    /// since [`Target::view`].
    pub fn admit(self: &Arc<Self>, now: Instant, kind: Kind) -> Option<Permit> {
        let mut memory = self.memory();
        if kind.repeat && !memory.budget.allows_repeat(now) {
            return None;
        }
        let admission = memory.breaker.admit(now, kind.forced)?;
        if kind.repeat {
            memory.budget.repeat(now);
        } else {
            memory.budget.first_attempt(now);
        }
        metrics::breaker(&self.name, memory.breaker.state(now));
        Some(Permit { target: Arc::clone(self), admission: Some(admission) })
    }

    fn finish(&self, now: Instant, admission: Admission, result: Result<(), &Failure>, health: Health) {
        let mut memory = self.memory();
        let before = memory.breaker.state(now);
        memory.breaker.finish(now, admission, health);
        let after = memory.breaker.state(now);
        let cooled = match result {
            Ok(()) => {
                memory.cooldown.succeeded();
                None
            }
            Err(failure) => memory.cooldown.failed(now, failure).then_some(failure.class),
        };
        drop(memory);
        metrics::breaker(&self.name, after);
        if before.label() != after.label() {
            tracing::warn!(target = self.name, from = before.label(), to = after.label(), "breaker changed");
        }
        if let Some(class) = cooled {
            metrics::cooled(&self.name, class.label());
            tracing::warn!(target = self.name, class = class.label(), "target cools down");
        }
    }

    fn give_up(&self, admission: Admission) {
        self.memory().breaker.finish(Instant::now(), admission, Health::Unknown);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Notes how the attempt ended, when its answer is complete. `fair` is false when the attempt was given too
    /// little time for a timeout to say anything about the target.
    pub fn finish(mut self, now: Instant, result: Result<(), &Failure>, fair: bool) {
        let health = match result {
            Ok(()) => Health::Good,
            Err(failure) if !failure.counts_for_breaker() => Health::Neutral,
            Err(_) if fair => Health::Bad,
            Err(_) => Health::Unknown,
        };
        if let Some(admission) = self.admission.take() {
            self.target.finish(now, admission, result, health);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.target.give_up(admission);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{class::Class, config::HealthConfig};

    const FIRST: Kind = Kind { repeat: false, forced: false };

    fn target() -> Arc<Target> {
        Target::new("one", &HealthConfig::default().validate().unwrap())
    }

    fn fail(target: &Arc<Target>, class: Class, fair: bool) {
        let now = Instant::now();
        let permit = target.admit(now, FIRST).unwrap();
        permit.finish(now, Err(&Failure::new(class, "")), fair);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_frees_its_place() {
        let target = target();
        (0..5).for_each(|_| fail(&target, Class::ServerError, true));
        assert!(matches!(target.view(Instant::now()).availability, Availability::Open(_)));
        assert!(target.admit(Instant::now(), FIRST).is_none());
        tokio::time::advance(std::time::Duration::from_secs(15)).await;
        let probe = target.admit(Instant::now(), FIRST).unwrap();
        assert_eq!(target.view(Instant::now()).availability, Availability::Probing);
        drop(probe);
        assert_eq!(target.view(Instant::now()).availability, Availability::Ready);
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limits_cool_and_unfair_timeouts_teach_nothing() {
        let target = target();
        (0..20).for_each(|_| fail(&target, Class::Timeout, false));
        assert_eq!(target.view(Instant::now()).availability, Availability::Ready);
        (0..20).for_each(|_| fail(&target, Class::RateLimited, true));
        assert!(matches!(target.view(Instant::now()).availability, Availability::Cooling(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_refuses_repeats_but_never_first_attempts() {
        let target = target();
        let repeat = Kind { repeat: true, forced: false };
        let repeats = (0..100).take_while(|_| target.admit(Instant::now(), repeat).is_some()).count();
        assert_eq!(repeats, 10);
        assert!(!target.view(Instant::now()).may_repeat);
        assert!(target.admit(Instant::now(), FIRST).is_some());
    }
}
