//! The circuit breaker of one target: closed, open, half open. Pure; time is passed in.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::retry::Steps;

/// The window is counted in this many slices, so that its memory does not grow with the load.
const SLICES: u32 = 10;

/// When to open and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Calls of this last stretch of time are judged.
    pub window: Duration,
    /// Fewer calls in the window are not judged.
    pub min_calls: u32,
    /// Opens at this share of failures in the window, from 0 to 1.
    pub failure_share: f64,
    /// Opens at this many failures in a row.
    pub in_a_row: u32,
    /// How long it stays open first; doubled by each failed probe.
    pub open: Duration,
    /// Longest time that it stays open.
    pub open_cap: Duration,
}

/// What the breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Closed,
    /// Nothing before this time; then it is half open.
    Open(Instant),
    /// One call at a time, as a probe; `probing` while one runs.
    HalfOpen {
        /// A probe is running.
        probing: bool,
    },
}

/// How a call went, as far as the target's health is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It succeeded.
    Good,
    /// It failed in a way that speaks against the target.
    Bad,
    /// The target answered, with a failure that says nothing about its health.
    Neutral,
    /// It was given up before it could tell anything.
    Unknown,
}

/// The right to make one call; must come back with [`Breaker::finish`].
#[derive(Debug)]
#[must_use]
pub struct Admission {
    epoch: u64,
    probe: bool,
}

/// The breaker.
#[derive(Debug)]
pub struct Breaker {
    limits: Limits,
    state: State,
    /// Changes with each opening and closing: what began before says nothing about after.
    epoch: u64,
    failed_probes: u32,
    failures_in_a_row: u32,
    slices: VecDeque<Slice>,
}

#[derive(Debug)]
struct Slice {
    began: Instant,
    calls: u32,
    failures: u32,
}

impl State {
    /// The state's name in logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open(_) => "open",
            Self::HalfOpen { .. } => "half_open",
        }
    }
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Closed,
            epoch: 0,
            failed_probes: 0,
            failures_in_a_row: 0,
            slices: VecDeque::new(),
        }
    }

    /// The state at this time.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        match self.state {
            State::Open(until) if until <= now => State::HalfOpen { probing: false },
            state => state,
        }
    }

    /// Asks for a call. `forced` turns an open breaker half open ahead of time.
    pub fn admit(&mut self, now: Instant, forced: bool) -> Option<Admission> {
        let probe = match self.state(now) {
            State::Closed => false,
            State::HalfOpen { probing } if probing => return None,
            State::Open(_) if !forced => return None,
            State::HalfOpen { .. } | State::Open(_) => {
                self.state = State::HalfOpen { probing: true };
                true
            }
        };
        Some(Admission { epoch: self.epoch, probe })
    }

    /// Notes how an admitted call went, when its answer is complete.
    pub fn finish(&mut self, now: Instant, admission: Admission, health: Health) {
        if admission.epoch != self.epoch {
            return;
        }
        match (admission.probe, health) {
            (true, Health::Unknown) => self.state = State::HalfOpen { probing: false },
            (true, Health::Bad) => {
                self.failed_probes = self.failed_probes.saturating_add(1);
                self.open(now);
            }
            (true, Health::Good | Health::Neutral) => self.close(),
            (false, Health::Good) => {
                self.failures_in_a_row = 0;
                self.count(now, 0);
            }
            (false, Health::Bad) => {
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.count(now, 1);
                if self.failures_in_a_row >= self.limits.in_a_row || self.window_failed() {
                    self.open(now);
                }
            }
            (false, Health::Neutral | Health::Unknown) => {}
        }
    }

    fn open(&mut self, now: Instant) {
        let steps = Steps { base: self.limits.open, cap: self.limits.open_cap };
        self.reset();
        self.state = State::Open(now + steps.nth(self.failed_probes));
    }

    fn close(&mut self) {
        self.reset();
        self.failed_probes = 0;
        self.state = State::Closed;
    }

    fn reset(&mut self) {
        self.epoch += 1;
        self.failures_in_a_row = 0;
        self.slices.clear();
    }

    fn count(&mut self, now: Instant, failures: u32) {
        let length = self.limits.window / SLICES;
        match self.slices.back_mut() {
            Some(slice) if now.saturating_duration_since(slice.began) < length => {
                slice.calls += 1;
                slice.failures += failures;
            }
            _ => self.slices.push_back(Slice { began: now, calls: 1, failures }),
        }
        let window = self.limits.window;
        self.slices.retain(|slice| now.saturating_duration_since(slice.began) < window);
    }

    /// Right after [`Self::count`], which drops what has left the window.
    fn window_failed(&self) -> bool {
        let sum = |(calls, failures), slice: &Slice| (calls + slice.calls, failures + slice.failures);
        let (calls, failures) = self.slices.iter().fold((0, 0), sum);
        calls >= self.limits.min_calls && f64::from(failures) >= f64::from(calls) * self.limits.failure_share
    }
}

#[cfg(test)]
mod tests;
