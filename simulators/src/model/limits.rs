//! Limits of each model, and the traffic that met them.

use super::config::{LimitConfig, ModelConfig};
use super::faults::RetryAfter;
use crate::traffic::{Fate, Traffic};
use crate::window::{Limit, Window};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One model.
#[derive(Debug, Default)]
struct Gate {
    limits: LimitConfig,
    second: Window,
    minute: Window,
    running: u32,
    most_running: u32,
    traffic: Traffic,
}

impl Gate {
    fn admits(&mut self, now_ms: u64) -> bool {
        let LimitConfig { counting, requests_per_s, requests_per_min, concurrent, .. } = self.limits;
        let second = Limit { most: requests_per_s, window_ms: 1_000, counting };
        let minute = Limit { most: requests_per_min, window_ms: 60_000, counting };
        let fits = self.running < concurrent
            && self.second.fits(1, second, now_ms)
            && self.minute.fits(1, minute, now_ms);
        if fits {
            self.second.spend(1, now_ms);
            self.minute.spend(1, now_ms);
            self.running += 1;
            self.most_running = self.most_running.max(self.running);
        }
        fits
    }
}

/// The limits of all models by name. A model that is not configured has none until an order gives it some.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    gates: Arc<Mutex<BTreeMap<String, Gate>>>,
}

impl Limits {
    pub(crate) fn new(models: &[ModelConfig]) -> Self {
        let limits = Self::default();
        for model in models {
            limits.set(&model.name, model.limits.clone());
        }
        limits
    }

    /// Replaces the limits of a model; what was spent stays spent.
    pub(crate) fn set(&self, model: &str, limits: LimitConfig) {
        self.lock().entry(model.to_owned()).or_default().limits = limits;
    }

    /// A request arrives; over a limit it is told when to come back.
    pub(crate) fn arrive(&self, model: &str, now_ms: u64) -> Result<Pass, RetryAfter> {
        let mut gates = self.lock();
        let gate = gates.entry(model.to_owned()).or_default();
        let number = gate.traffic.arrive(now_ms);
        if gate.admits(now_ms) {
            return Ok(Pass { limits: self.clone(), model: model.to_owned(), number });
        }
        gate.traffic.end(number, Fate::Refused);
        Err(RetryAfter { retry_after: gate.limits.retry_after, ..RetryAfter::default() })
    }

    /// Traffic of each model, with each call if wanted.
    pub(crate) fn told(&self, calls: bool) -> Value {
        let gates = self.lock();
        let told = gates.iter().map(|(name, gate)| {
            let mut told = gate.traffic.told(calls);
            told["running"] = json!(gate.running);
            told["most_running"] = json!(gate.most_running);
            (name, told)
        });
        json!(told.collect::<BTreeMap<_, _>>())
    }

    /// Forgets the traffic of all models.
    pub(crate) fn forget(&self) {
        for gate in self.lock().values_mut() {
            (gate.traffic, gate.most_running) = (Traffic::default(), gate.running);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Gate>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that was let in. When it is dropped before it has ended, the client went away.
#[derive(Debug)]
pub(crate) struct Pass {
    limits: Limits,
    model: String,
    number: u64,
}

impl Pass {
    /// The request was answered.
    pub(crate) fn end(self, fate: Fate) {
        if let Some(gate) = self.limits.lock().get_mut(&self.model) {
            gate.traffic.end(self.number, fate);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(gate) = self.limits.lock().get_mut(&self.model) {
            gate.running = gate.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;
    use crate::model::config::LimitConfig;
    use crate::traffic::Fate;
    use crate::window::Counting;
    use std::time::Duration;

    fn limited(limits: LimitConfig) -> Limits {
        let all = Limits::default();
        all.set("m", limits);
        all
    }

    #[test]
    fn requests_over_a_fixed_or_a_sliding_second_are_refused_with_the_time_to_come_back() {
        let arrivals = [900, 950, 999, 1_000, 1_899, 1_900];
        for (counting, expected) in [
            (Counting::Sliding, [true, true, false, false, false, true]),
            (Counting::Fixed, [true, true, false, true, true, false]),
        ] {
            let limits = LimitConfig { requests_per_s: 2, counting, ..LimitConfig::default() };
            let all = limited(LimitConfig { retry_after: Some(Duration::from_millis(1_500)), ..limits });
            let let_in = arrivals.map(|at| all.arrive("m", at).is_ok());
            assert_eq!(let_in, expected, "{counting:?}");
            let again = all.arrive("m", 1_901).err().and_then(|again| again.retry_after);
            assert_eq!(again, Some(Duration::from_millis(1_500)));
            assert!(all.arrive("another", 900).is_ok(), "each model has limits of its own");
        }
    }

    #[test]
    fn a_minute_that_is_full_spends_nothing_of_the_second() {
        let all = limited(LimitConfig { requests_per_s: 2, requests_per_min: 2, ..LimitConfig::default() });
        let let_in = [0, 0, 59_500, 60_000, 60_001, 60_002].map(|at| all.arrive("m", at).is_ok());
        assert_eq!(let_in, [true, true, false, true, true, false]);
    }

    #[test]
    fn so_many_run_at_a_time_and_one_that_ends_makes_room() {
        let all = limited(LimitConfig { concurrent: 2, ..LimitConfig::default() });
        let (one, two) = (all.arrive("m", 0).unwrap(), all.arrive("m", 0).unwrap());
        assert!(all.arrive("m", 0).is_err());
        one.end(Fate::Accepted);
        let three = all.arrive("m", 0).unwrap();
        drop((two, three));
        let told = all.told(false);
        let sums = ["calls", "accepted", "refused", "unanswered", "running", "most_running"];
        assert_eq!(sums.map(|name| told["m"][name].as_u64()), [4, 1, 1, 2, 0, 2].map(Some));
        all.forget();
        assert_eq!(all.told(false)["m"]["calls"], 0);
    }
}
