//! Limits of each model, and the traffic that met them.

use super::config::{LARGE, LimitConfig, ModelConfig};
use super::faults::RetryAfter;
use super::refusal::Trouble;
use crate::time::whole_ms;
use crate::traffic::{Fate, Traffic};
use crate::window::{Counting, Limit, Window};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is left of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) limit: u32,
    pub(crate) remaining: u64,
    /// Until all of it is left again.
    pub(crate) reset: Duration,
}

/// What is left of a model's limits per minute; nothing of a limit that it does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) requests: Option<Level>,
    pub(crate) tokens: Option<Level>,
    pub(crate) input: Option<Level>,
    pub(crate) output: Option<Level>,
}

/// One model, or one model and one key.
#[derive(Debug, Default)]
struct Gate {
    limits: LimitConfig,
    second: Window,
    minute: Window,
    tokens: Window,
    input: Window,
    output: Window,
    /// Beginning of the window of the ramp, its requests, and those of the window before.
    ramp: (u64, u32, u32),
    running: u32,
    most_running: u32,
    traffic: Traffic,
}

impl Gate {
    /// Lets a request in that takes so many tokens, or says what it is over.
    fn admit(&mut self, tokens: u64, now_ms: u64) -> Result<(), Trouble> {
        let LimitConfig { requests_per_s, requests_per_min, .. } = self.limits;
        let LimitConfig { tokens_per_min, input_tokens_per_min, output_tokens_per_min, .. } = self.limits;
        let (second, minute) = (self.limit(requests_per_s, 1_000), self.minute(requests_per_min));
        let (all, input, output) = (
            self.minute(tokens_per_min),
            self.minute(input_tokens_per_min),
            self.minute(output_tokens_per_min),
        );
        let over = if self.running >= self.limits.concurrent {
            Some(Trouble::Concurrency)
        } else if !self.grows_slowly(now_ms) {
            Some(Trouble::Ramp)
        } else if !self.second.fits(1, second, now_ms) {
            Some(Trouble::Burst)
        } else if !self.minute.fits(1, minute, now_ms) {
            Some(Trouble::RequestRate)
        } else if !self.tokens.fits(tokens, all, now_ms) {
            Some(Trouble::TokenRate)
        } else if !self.input.fits(tokens, input, now_ms) {
            Some(Trouble::InputTokenRate)
        } else if !self.output.fits(0, output, now_ms) || self.output.used() >= u64::from(output.most) {
            Some(Trouble::OutputTokenRate)
        } else {
            None
        };
        if let Some(over) = over {
            return Err(over);
        }
        self.second.spend(1, now_ms);
        self.minute.spend(1, now_ms);
        self.tokens.spend(tokens, now_ms);
        self.input.spend(tokens, now_ms);
        self.ramp.1 += 1;
        self.running += 1;
        self.most_running = self.most_running.max(self.running);
        Ok(())
    }

    fn limit(&self, most: u32, window_ms: u64) -> Limit {
        Limit { most, window_ms, counting: self.limits.counting }
    }

    fn minute(&self, most: u32) -> Limit {
        self.limit(most, 60_000)
    }

    /// Whether one more request keeps within the growth that is allowed.
    fn grows_slowly(&mut self, now_ms: u64) -> bool {
        let LimitConfig { ramp_percent, ramp_floor, ramp_window, .. } = self.limits;
        if ramp_percent == 0 {
            return true;
        }
        let window = whole_ms(ramp_window).max(1);
        let (begun, now, before) = self.ramp;
        self.ramp = match (now_ms / window).saturating_sub(begun) {
            0 => (begun, now, before),
            1 => (now_ms / window, 0, now),
            _ => (now_ms / window, 0, 0),
        };
        let (_, now, before) = self.ramp;
        let most = u64::from(before) * u64::from(ramp_percent) / 100;
        u64::from(now) < most.max(ramp_floor.into())
    }

    /// When what a request is over will be forgotten.
    fn clears_in(&self, trouble: Trouble, now_ms: u64) -> Duration {
        let window = match trouble {
            Trouble::TokenRate => &self.tokens,
            Trouble::InputTokenRate => &self.input,
            Trouble::OutputTokenRate => &self.output,
            Trouble::RequestRate => &self.minute,
            _ => return Duration::from_secs(1),
        };
        Duration::from_millis(window.clears_in(self.minute(0), now_ms))
    }

    fn quota(&mut self, now_ms: u64) -> Quota {
        let counting = self.limits.counting;
        Quota {
            requests: level(&mut self.minute, self.limits.requests_per_min, counting, now_ms),
            tokens: level(&mut self.tokens, self.limits.tokens_per_min, counting, now_ms),
            input: level(&mut self.input, self.limits.input_tokens_per_min, counting, now_ms),
            output: level(&mut self.output, self.limits.output_tokens_per_min, counting, now_ms),
        }
    }
}

fn level(window: &mut Window, most: u32, counting: Counting, now_ms: u64) -> Option<Level> {
    let limit = Limit { most, window_ms: 60_000, counting };
    // Forgets what is over.
    let _fits = window.fits(0, limit, now_ms);
    let remaining = u64::from(most).saturating_sub(window.used());
    let reset = Duration::from_millis(window.clears_in(limit, now_ms));
    (most < LARGE).then_some(Level { limit: most, remaining, reset })
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Over {
    pub(crate) trouble: Trouble,
    pub(crate) retry_after: RetryAfter,
    /// When it would be let in.
    pub(crate) clears_in: Duration,
}

/// The gates of all models by name; one that is not configured has no limits until it is given some.
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
        let of_key = format!("{model} of ");
        let mut gates = self.lock();
        for (_, gate) in gates.iter_mut().filter(|(name, _)| name.starts_with(&of_key)) {
            gate.limits = limits.clone();
        }
        gates.entry(model.to_owned()).or_default().limits = limits;
    }

    /// A request of a key arrives that takes so many tokens; over a limit it is told when to come back.
    pub(crate) fn arrive(
        &self,
        (model, key): (&str, Option<&str>),
        tokens: u64,
        now_ms: u64,
    ) -> Result<Pass, Over> {
        let mut gates = self.lock();
        let limits = gates.entry(model.to_owned()).or_default().limits.clone();
        let name = match key.filter(|_| limits.per_key) {
            Some(key) => format!("{model} of {key}"),
            None => model.to_owned(),
        };
        let gate = gates.entry(name.clone()).or_insert_with(|| Gate { limits, ..Gate::default() });
        let number = gate.traffic.arrive(now_ms);
        match gate.admit(tokens, now_ms) {
            Ok(()) => Ok(Pass { limits: self.clone(), gate: name, number }),
            Err(trouble) => {
                gate.traffic.end(number, Fate::Refused);
                let retry_after =
                    RetryAfter { retry_after: gate.limits.retry_after, ..RetryAfter::default() };
                Err(Over { trouble, retry_after, clears_in: gate.clears_in(trouble, now_ms) })
            }
        }
    }

    /// What is left for a model, or for a key where each has its own.
    pub(crate) fn quota(&self, (model, key): (&str, Option<&str>), now_ms: u64) -> Quota {
        let mut gates = self.lock();
        let of_key = key.map(|key| format!("{model} of {key}"));
        let name = of_key.as_deref().filter(|name| gates.contains_key(*name)).unwrap_or(model);
        gates.get_mut(name).map(|gate| gate.quota(now_ms)).unwrap_or_default()
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

/// A request that was let in; it runs until this is dropped. Without a fate, the client went away.
#[derive(Debug)]
pub(crate) struct Pass {
    limits: Limits,
    gate: String,
    number: u64,
}

impl Pass {
    /// What became of the request.
    pub(crate) fn end(&self, fate: Fate) {
        if let Some(gate) = self.limits.lock().get_mut(&self.gate) {
            gate.traffic.end(self.number, fate);
        }
    }

    /// It generated so many tokens.
    pub(crate) fn spend(&self, tokens: u64) {
        let now_ms = crate::time::now_ms();
        if let Some(gate) = self.limits.lock().get_mut(&self.gate) {
            gate.tokens.spend(tokens, now_ms);
            gate.output.spend(tokens, now_ms);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(gate) = self.limits.lock().get_mut(&self.gate) {
            gate.running = gate.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
