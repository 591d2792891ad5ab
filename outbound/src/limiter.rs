//! The pace towards one limit of an endpoint: when the next call may start. Pure; time is passed in.
//!
//! A limit may be configured: starts a second, starts a minute, calls at a time. Starts are then spread evenly and stay below
//! it. In any case the pace learns from refusals. All refusals of calls that had started before the pace was lowered are one
//! signal. After a signal comes a pause that fits a limit counted by the second; then calls start at the rate that the
//! endpoint still took, which grows back slowly. Nothing is saved up during a pause: those who waited come back at the pace.

mod learned;
mod window;

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use self::{
    learned::Learned,
    window::{NEVER, Window},
};
use crate::retry::Steps;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// Below so many starts a second a refusal says little about the rate.
const TELLING: f64 = 5.0;
/// What is nearly the pace.
const NEARLY: f64 = 0.8;
/// Rates are not taken over less than this, in seconds.
const BRIEF: f64 = 0.25;
/// The pause after a refusal far below the pace, as a part of the usual one: the rate was not the reason.
const UNPROVOKED: u32 = 4;

/// What all instances together may do at an endpoint; what is `None` is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Calls that may start within a second.
    pub per_second: Option<f64>,
    /// Calls that may start within a minute.
    pub per_minute: Option<f64>,
    /// Calls that may run at a time.
    pub at_once: Option<u32>,
}

/// How long nothing starts after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// When the endpoint names no time: doubled by each signal in a row without a call that was taken.
    pub steps: Steps,
    /// Longest pause, whatever the endpoint asks for.
    pub longest: Duration,
}

/// When the next call may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// Now.
    Now,
    /// Not before this time.
    At(Instant),
    /// When a running call ends.
    WhenOneEnds,
}

/// One call that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    number: u64,
    started: Instant,
}

/// The pace.
#[derive(Debug)]
pub struct Limiter {
    windows: Vec<Window>,
    at_once: Option<u32>,
    share: f64,
    pauses: Pauses,
    running: u32,
    next_number: u64,
    /// Calls with smaller numbers started before the last signal.
    adjusted: u64,
    /// Refusals of calls that started since.
    refused_since: u64,
    signals_in_a_row: u32,
    paused_until: Instant,
    /// Starts of the last second, and those of them that were refused.
    recent: VecDeque<Instant>,
    refused: VecDeque<Instant>,
    learned: Option<Learned>,
    /// What was learned last, whether it still binds or not.
    lesson: Option<Learned>,
}

impl Limiter {
    /// A pace that owns the whole limits.
    #[must_use]
    pub fn new(limits: Limits, pauses: Pauses, now: Instant) -> Self {
        let of = |limit: Option<f64>, length| limit.map(|limit| Window::new(limit, length, now));
        Self {
            windows: of(limits.per_second, SECOND).into_iter().chain(of(limits.per_minute, MINUTE)).collect(),
            at_once: limits.at_once,
            share: 1.0,
            pauses,
            running: 0,
            next_number: 0,
            adjusted: 0,
            refused_since: 0,
            signals_in_a_row: 0,
            paused_until: now,
            recent: VecDeque::new(),
            refused: VecDeque::new(),
            learned: None,
            lesson: None,
        }
    }

    /// From now on only this share of the limits, from 0 to 1 (values outside are brought inside).
    pub fn set_share(&mut self, share: f64) {
        self.share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.windows.iter_mut().for_each(|window| window.set_share(self.share));
    }

    /// When the next call may start.
    pub fn ready(&mut self, now: Instant) -> Ready {
        let ceiling = self.ceiling();
        self.learned.take_if(|learned| learned.is_over(now, ceiling));
        let even = self.windows.iter_mut().map(|window| window.ready_at(now));
        let learned = self.learned.iter().map(|learned| learned.due);
        let at = even.chain(learned).fold(self.paused_until, Instant::max);
        if at > now {
            return Ready::At(at);
        }
        // A share is one call at least: an instance that owns anything must be able to go on.
        let at_once = self.at_once.map(|most| (f64::from(most) * self.share).floor().max(1.0));
        if at_once.is_some_and(|most| f64::from(self.running) >= most) {
            Ready::WhenOneEnds
        } else {
            Ready::Now
        }
    }

    /// Notes a start, which [`Limiter::ready`] allowed; its call must come back by [`Limiter::ended`].
    pub fn start(&mut self, now: Instant) -> Ticket {
        self.windows.iter_mut().for_each(|window| window.start(now));
        if let Some(learned) = &mut self.learned {
            learned.start(now);
        }
        self.recent.push_back(now);
        self.forget(now);
        self.running += 1;
        self.next_number += 1;
        Ticket { number: self.next_number - 1, started: now }
    }

    /// The call has ended, however.
    pub fn ended(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Nothing was sent: the start counts no more.
    pub fn give_back(&mut self, ticket: Ticket) {
        self.windows.iter_mut().for_each(|window| window.give_back(ticket.started));
        if let Some(at) = self.recent.iter().rposition(|start| *start == ticket.started) {
            self.recent.remove(at);
        }
    }

    /// The endpoint refused the call for its rate, and may have `asked` for a pause. True when this is a signal of its
    /// own, not one more of the calls that had started before the last.
    pub fn refused(&mut self, now: Instant, ticket: Ticket, asked: Option<Duration>) -> bool {
        self.refused.push_back(ticket.started);
        let asked = asked.map(|asked| asked.min(self.pauses.longest));
        if ticket.number < self.adjusted {
            if let Some(asked) = asked {
                self.pause(now + asked);
            }
            return false;
        }
        let taken_since = ticket.number - self.adjusted > self.refused_since;
        self.signals_in_a_row = if taken_since { 0 } else { self.signals_in_a_row };
        self.forget(now);
        let provoked = self.is_provoked(now);
        let step = self.pauses.steps.nth(self.signals_in_a_row);
        let until = now + asked.unwrap_or(if provoked { step } else { step / UNPROVOKED });
        match &mut self.learned {
            // Nothing was taken since the last signal, so that there is nothing to learn but to wait longer.
            Some(learned) if self.signals_in_a_row > 0 => learned.begin(until),
            _ if provoked => {
                let learned = Learned::new(self.taken(now), until, self.rate(now), self.lesson);
                (self.learned, self.lesson) = (Some(learned), Some(learned));
            }
            _ => {}
        }
        self.pause(until);
        self.signals_in_a_row = self.signals_in_a_row.saturating_add(1);
        self.adjusted = self.next_number;
        self.refused_since = 0;
        true
    }

    /// Starts a second that the pace allows, `None` when nothing bounds them.
    #[must_use]
    pub fn rate(&self, now: Instant) -> Option<f64> {
        let learned = self.learned.map_or(f64::INFINITY, |learned| learned.rate(now));
        Some(self.ceiling().min(learned)).filter(|rate| rate.is_finite())
    }

    /// What refusals left of the configured rate, from 0 to 1; 1 when nothing is configured.
    #[must_use]
    pub fn learned_part(&self, now: Instant) -> f64 {
        let ceiling = self.ceiling();
        match self.learned {
            Some(learned) if ceiling.is_finite() && ceiling > 0.0 => (learned.rate(now) / ceiling).min(1.0),
            _ => 1.0,
        }
    }

    /// Whether a rate holds that refusals taught.
    #[must_use]
    pub const fn has_learned(&self) -> bool {
        self.learned.is_some()
    }

    /// When somebody with so many before him may expect to start; exact as long as nobody is refused.
    #[must_use]
    pub fn expected(&self, now: Instant, ahead: usize) -> Instant {
        let from = self.paused_until.max(now);
        let wait = self.rate(now).map_or(0.0, |rate| ahead as f64 / rate);
        from + Duration::try_from_secs_f64(wait).unwrap_or(NEVER).min(NEVER)
    }

    fn pause(&mut self, until: Instant) {
        self.paused_until = self.paused_until.max(until);
        self.windows.iter_mut().for_each(|window| window.pause_until(until));
        if let Some(learned) = &mut self.learned {
            learned.due = learned.due.max(until);
        }
    }

    /// Starts a second that the configured limits allow.
    fn ceiling(&self) -> f64 {
        self.windows.iter().map(Window::rate).fold(f64::INFINITY, f64::min)
    }

    /// For how long something could start within the last second, in seconds.
    fn active(&self, now: Instant) -> f64 {
        let active = now.saturating_duration_since(self.paused_until).as_secs_f64();
        active.clamp(BRIEF, SECOND.as_secs_f64())
    }

    /// Starts a second that the endpoint took. Where no pace is known they were not even, and count as they are.
    fn taken(&self, now: Instant) -> f64 {
        let taken = self.recent.len().saturating_sub(self.refused.len()) as f64;
        match self.rate(now) {
            Some(rate) => (taken / self.active(now)).min(rate),
            None => taken.max(TELLING),
        }
    }

    /// Whether the calls that were made can have been too many: nearly as many as the pace allows, or, where none is
    /// known, more than a few.
    fn is_provoked(&self, now: Instant) -> bool {
        let made = self.recent.len() as f64;
        let many = self.rate(now).map_or(TELLING, |rate| rate * NEARLY * self.active(now));
        made >= many || self.signals_in_a_row > 0
    }

    fn forget(&mut self, now: Instant) {
        for times in [&mut self.recent, &mut self.refused] {
            while times.front().is_some_and(|at| now.saturating_duration_since(*at) >= SECOND) {
                times.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests;
