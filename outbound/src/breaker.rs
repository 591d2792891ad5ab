//! The circuit breaker of one target: closed, open, half open. Pure; time is passed in.
//!
//! It counts lanes, not calls: a few people whose questions fail again and again are no reason to stop everybody else. One
//! lane alone never opens the breaker, since it has only one call at a time.

use std::time::Duration;

use tokio::time::Instant;

use crate::{outlook::Refusal, retry::Steps};

/// Lanes are remembered in this many places, so that memory does not grow with their number. With more lanes than places, the
/// last outcome in each place is a sample.
const PLACES: usize = 256;

/// When to open and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Outcomes of this last stretch of time are judged.
    pub window: Duration,
    /// Fewer lanes in the window are not judged by their share.
    pub min_lanes: u32,
    /// Opens when this share of the lanes in the window, from 0 to 1, ended with a failure.
    pub failure_share: f64,
    /// Opens at this many failures in a row, of at least two lanes, with no success in the window.
    pub in_a_row: u32,
    /// How long it stays open first; doubled by each failed probe.
    pub open: Duration,
    /// Longest time that it stays open.
    pub open_cap: Duration,
    /// Time between probes by requests that have no other target; never doubled.
    pub probe: Duration,
}

/// What the breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Closed,
    /// Nothing before `until`. Requests that have no other target may probe it earlier, from `probe` on.
    Open {
        /// For those who have another target.
        until: Instant,
        /// For those who have none.
        probe: Instant,
        /// When it opened first, before all failed probes.
        since: Instant,
    },
    /// One call at a time, as a probe; `probing` while one runs.
    HalfOpen {
        /// A probe is running.
        probing: bool,
        /// When it opened first.
        since: Instant,
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

impl Admission {
    /// Whether it is the one call that a half-open breaker lets through.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.probe
    }
}

/// The breaker.
#[derive(Debug)]
pub struct Breaker {
    limits: Limits,
    state: State,
    /// Changes with each opening and closing: what began before says nothing about after.
    epoch: u64,
    failed_probes: u32,
    row: Row,
    /// How each lane ended last, and when.
    lanes: Vec<Option<(Instant, bool)>>,
}

/// Failures in a row.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    failures: u32,
    lane: Option<u64>,
    several_lanes: bool,
}

impl State {
    /// The state's name in logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half_open",
        }
    }
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Closed,
            epoch: 0,
            failed_probes: 0,
            row: Row::default(),
            lanes: vec![None; PLACES],
        }
    }

    /// The state at this time.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        match self.state {
            State::Open { until, since, .. } if until <= now => State::HalfOpen { probing: false, since },
            state => state,
        }
    }

    /// Nothing is let through, but for early probes. A half-open breaker lets one through, so that it can close.
    pub(crate) fn refusal(&self, now: Instant) -> Option<Refusal> {
        match self.state(now) {
            State::Open { until, .. } => Some(Refusal::Open(until)),
            State::Closed | State::HalfOpen { .. } => None,
        }
    }

    /// Asks for a call. Who is `alone`, without another target, may probe an open breaker ahead of the others.
    pub fn admit(&mut self, now: Instant, alone: bool) -> Option<Admission> {
        let probe = match self.state(now) {
            State::Closed => false,
            State::HalfOpen { probing: false, since } => self.probing(since),
            State::Open { probe, since, .. } if alone && probe <= now => self.probing(since),
            State::Open { .. } | State::HalfOpen { probing: true, .. } => return None,
        };
        Some(Admission { epoch: self.epoch, probe })
    }

    fn probing(&mut self, since: Instant) -> bool {
        self.state = State::HalfOpen { probing: true, since };
        true
    }

    /// Whether what was admitted may still begin: the breaker has not changed since.
    #[must_use]
    pub const fn holds(&self, admission: &Admission) -> bool {
        self.epoch == admission.epoch
    }

    /// Notes how an admitted call of a lane went, when its answer is complete.
    pub fn finish(&mut self, now: Instant, admission: &Admission, lane: u64, health: Health) {
        if admission.epoch != self.epoch {
            return;
        }
        match (admission.probe, health) {
            (true, Health::Unknown) => {
                if let State::HalfOpen { since, .. } = self.state {
                    self.state = State::HalfOpen { probing: false, since };
                }
            }
            (true, Health::Bad) => {
                self.failed_probes = self.failed_probes.saturating_add(1);
                self.open(now);
            }
            (true, Health::Good | Health::Neutral) => self.close(),
            (false, Health::Good) => {
                self.row = Row::default();
                self.note(now, lane, Health::Good);
            }
            (false, Health::Bad) => {
                self.row = self.row.longer(lane);
                self.note(now, lane, Health::Bad);
                if self.has_failed(now) {
                    self.open(now);
                }
            }
            (false, Health::Neutral | Health::Unknown) => {}
        }
    }

    /// Whether the target fails for most: open, or it would be if it had seen enough. `None` when nobody called within
    /// the window.
    #[must_use]
    pub fn fails(&self, now: Instant) -> Option<bool> {
        let (lanes, failed) = self.judged(now);
        match self.state(now) {
            State::Closed if lanes == 0 => None,
            State::Closed => Some(self.is_share(lanes, failed)),
            State::Open { .. } | State::HalfOpen { .. } => Some(true),
        }
    }

    /// Whether so many lanes fail that repeats could become a storm: half as many as would open it.
    #[must_use]
    pub fn is_strained(&self, now: Instant) -> bool {
        let (lanes, failed) = self.judged(now);
        lanes >= self.limits.min_lanes && self.is_share(lanes, failed * 2)
    }

    /// Lanes of the window, and those of them that ended with a failure.
    #[must_use]
    pub fn judged(&self, now: Instant) -> (u32, u32) {
        let window = self.limits.window;
        let seen = self.lanes.iter().flatten().filter(|(at, _)| now.saturating_duration_since(*at) < window);
        seen.fold((0, 0), |(lanes, failed), (_, good)| (lanes + 1, failed + u32::from(!good)))
    }

    /// Opens, unless it is open.
    pub fn open(&mut self, now: Instant) {
        let since = match self.state(now) {
            State::Closed => now,
            State::Open { since, .. } | State::HalfOpen { since, .. } => since,
        };
        let steps = Steps { base: self.limits.open, cap: self.limits.open_cap };
        let until = now + steps.nth(self.failed_probes);
        self.reset();
        self.state = State::Open { until, probe: until.min(now + self.limits.probe), since };
    }

    /// Closes and starts over.
    pub fn close(&mut self) {
        self.reset();
        self.failed_probes = 0;
        self.state = State::Closed;
    }

    fn reset(&mut self) {
        self.epoch += 1;
        self.row = Row::default();
        self.lanes.fill(None);
    }

    fn note(&mut self, now: Instant, lane: u64, health: Health) {
        let place = usize::try_from(lane % PLACES as u64).unwrap_or_default();
        if let Some(place) = self.lanes.get_mut(place) {
            *place = Some((now, health == Health::Good));
        }
    }

    fn has_failed(&self, now: Instant) -> bool {
        let (lanes, failed) = self.judged(now);
        let share = lanes >= self.limits.min_lanes && failed > 1 && self.is_share(lanes, failed);
        let row = self.row.failures >= self.limits.in_a_row && self.row.several_lanes && lanes == failed;
        share || row
    }

    fn is_share(&self, lanes: u32, failed: u32) -> bool {
        f64::from(failed) >= f64::from(lanes) * self.limits.failure_share
    }
}

impl Row {
    fn longer(self, lane: u64) -> Self {
        let other = self.lane.is_some_and(|first| first != lane);
        Self {
            failures: self.failures.saturating_add(1),
            lane: self.lane.or(Some(lane)),
            several_lanes: self.several_lanes || other,
        }
    }
}

#[cfg(test)]
mod tests;
