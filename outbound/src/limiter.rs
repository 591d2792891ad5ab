//! The pace towards one limit of an endpoint: when the next call may start. Pure; time is passed in.
//!
//! A limit may be configured: starts a second, starts a minute, tokens a minute, calls at a time. Starts are then spread evenly
//! and stay below it. Tokens are reserved by an estimate when a call starts, and settled with what it used. An endpoint may tell
//! what is left of its limits; then no more than that starts. In any case the pace learns from refusals. All refusals of calls
//! that had started before the pace was lowered are one signal. After a signal comes a pause that fits a limit counted by the
//! second; then calls start at the rate that the endpoint still took, which grows back slowly. Nothing is saved up during a
//! pause: those who waited come back at the pace. A refusal that speaks of calls that run at a time lowers their number instead.

mod balance;
mod counted;
mod learned;
mod places;
mod window;

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

pub use self::counted::{Counted, Tokens, Told};
use self::{
    balance::Balance,
    learned::Learned,
    places::Places,
    window::{NEVER, Window},
};
use crate::{pace::Standing, retry::Steps};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The cost of a call that takes as much as a limit allows within a second.
const OF_A_SECOND: f64 = 1e6;
/// The cost of a call that takes of no limit.
const SOME: u64 = 1_000;
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
    /// Tokens, input and output together, of the calls that may start within a minute.
    pub tokens_per_minute: Option<f64>,
    /// Input tokens of the calls that may start within a minute.
    pub input_tokens_per_minute: Option<f64>,
    /// Output tokens of the calls that may start within a minute.
    pub output_tokens_per_minute: Option<f64>,
    /// Part of each limit, from 0 to 1, that is kept for keys that have not had their turn lately; of calls that run at a time
    /// it is one place of four or more.
    pub kept: f64,
}

/// How long nothing starts after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// When the endpoint names no time: doubled by each signal in a row without a call that was taken.
    pub steps: Steps,
    /// Longest pause, whatever the endpoint asks for.
    pub longest: Duration,
}

/// What an endpoint refused a call for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Too many calls, or too much, within a time.
    Rate,
    /// Too many calls at a time.
    AtOnce,
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
    /// By what they count.
    balances: [Option<Balance>; Counted::ALL.len()],
    places: Places,
    share: f64,
    kept: f64,
    pauses: Pauses,
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
        let windows = [
            (Counted::Calls, limits.per_second, SECOND),
            (Counted::Calls, limits.per_minute, MINUTE),
            (Counted::Tokens, limits.tokens_per_minute, MINUTE),
            (Counted::Input, limits.input_tokens_per_minute, MINUTE),
            (Counted::Output, limits.output_tokens_per_minute, MINUTE),
        ];
        let window = |(counted, limit, length): (Counted, Option<f64>, Duration)| {
            limit.map(|limit| Window::new(counted, limit, length, now))
        };
        Self {
            windows: windows.into_iter().filter_map(window).collect(),
            balances: Default::default(),
            places: Places::new(limits.at_once),
            share: 1.0,
            kept: limits.kept,
            pauses,
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

    /// When the next call, of so many tokens, may start, if its key stands like this.
    pub fn ready(&mut self, now: Instant, tokens: Tokens, standing: Standing) -> Ready {
        let kept = if standing == Standing::Busy { self.kept } else { 0.0 };
        let ceiling = self.ceiling();
        self.learned.take_if(|learned| learned.is_over(now, ceiling));
        let longest = self.pauses.longest;
        let told = |counted: Counted| {
            let balance = self.balances.get_mut(counted.place())?;
            balance.take_if(|balance| balance.is_over(now));
            Some(balance.as_ref()?.ready_at(counted.of(tokens) as f64, longest))
        };
        let told = Counted::ALL.into_iter().filter_map(told).max();
        let even = self.windows.iter_mut().map(|window| window.ready_at(now, tokens, kept));
        let learned = self.learned.iter().map(|learned| learned.due);
        let at = even.chain(learned).chain(told).fold(self.paused_until, Instant::max);
        match () {
            () if at > now => Ready::At(at),
            () if self.places.is_full(self.share, kept) => Ready::WhenOneEnds,
            () => Ready::Now,
        }
    }

    /// Whether a part of the limits is kept for keys that have had little.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.kept > 0.0
    }

    /// For how long a call takes the limit of which it takes the most, in a unit that is the same for all calls.
    #[must_use]
    pub fn cost(&self, tokens: Tokens) -> u64 {
        let seconds = self.windows.iter().map(|window| window.seconds(tokens)).fold(0.0, f64::max);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a minute, not negative"
        )]
        let cost = (seconds * OF_A_SECOND) as u64;
        if cost == 0 { SOME } else { cost }
    }

    /// Notes a start, which [`Limiter::ready`] allowed; its call must come back by [`Limiter::ended`].
    pub fn start(&mut self, now: Instant, tokens: Tokens) -> Ticket {
        let number = self.next_number;
        self.windows.iter_mut().for_each(|window| window.start(now, number, tokens));
        for (counted, balance) in Counted::ALL.into_iter().zip(&mut self.balances) {
            if let Some(balance) = balance {
                balance.start(now, counted.of(tokens) as f64);
            }
        }
        if let Some(learned) = &mut self.learned {
            learned.start(now);
        }
        self.recent.push_back(now);
        self.forget(now);
        self.places.take();
        self.next_number += 1;
        Ticket { number, started: now }
    }

    /// The call has ended, however.
    pub fn ended(&mut self, now: Instant, ticket: Ticket) {
        self.places.note(now.saturating_duration_since(ticket.started));
        self.places.free();
    }

    /// What the call used, in place of what was reserved for it.
    pub fn settle(&mut self, ticket: Ticket, tokens: Tokens) {
        self.windows.iter_mut().for_each(|window| window.settle(ticket.number, tokens));
    }

    /// What the endpoint told with a reply.
    pub fn told(&mut self, now: Instant, told: Told) {
        if let Some(balance) = self.balances.get_mut(told.counted.place()) {
            *balance = Balance::new(told, self.share, now);
        }
    }

    /// Nothing was sent: the start counts no more, and the call has ended.
    pub fn give_back(&mut self, ticket: Ticket) {
        self.places.free();
        self.windows.iter_mut().for_each(|window| window.give_back(ticket.number));
        if let Some(at) = self.recent.iter().rposition(|start| *start == ticket.started) {
            self.recent.remove(at);
        }
    }

    /// Calls that run.
    #[must_use]
    pub const fn running(&self) -> u32 {
        self.places.running()
    }

    /// The endpoint took the call, which has not ended here yet.
    pub fn taken_on(&mut self) {
        self.places.taken(self.share);
    }

    /// Calls that may run at a time, `None` when nothing bounds them.
    #[must_use]
    pub fn most_at_once(&self) -> Option<u32> {
        self.places.most(self.share)
    }

    /// The endpoint refused the call for this, and may have `asked` for a pause. True when this is a signal of its
    /// own, not one more of the calls that had started before the last.
    pub fn refused(&mut self, now: Instant, ticket: Ticket, excess: Excess, asked: Option<Duration>) -> bool {
        self.refused.push_back(ticket.started);
        let asked = asked.map(|asked| asked.min(self.pauses.longest));
        if ticket.number < self.adjusted {
            if excess == Excess::AtOnce {
                self.places.refused_too();
            }
            if let Some(asked) = asked {
                self.pause(now + asked);
            }
            return false;
        }
        let taken_since = ticket.number - self.adjusted > self.refused_since;
        self.signals_in_a_row = if taken_since { 0 } else { self.signals_in_a_row };
        self.forget(now);
        let provoked = excess == Excess::Rate && self.is_provoked(now);
        let step = self.pauses.steps.nth(self.signals_in_a_row);
        let until = now + asked.unwrap_or(if provoked { step } else { step / UNPROVOKED });
        match &mut self.learned {
            _ if excess == Excess::AtOnce => self.places.refused(self.share),
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

    /// Of each configured limit of a minute: what it counts, how much of it calls have taken or reserved by now, and how much there is.
    pub fn used(&mut self, now: Instant) -> impl Iterator<Item = (Counted, u64, u32)> + '_ {
        let of_a_minute = self.windows.iter_mut().filter(|window| window.length() == MINUTE);
        of_a_minute.map(move |window| window.used(now))
    }

    /// What refusals left of the configured rate or calls at a time, whichever is less, from 0 to 1; 1 when nothing is configured.
    #[must_use]
    pub fn learned_part(&self, now: Instant) -> f64 {
        let ceiling = self.ceiling();
        let of_rate = match self.learned {
            Some(learned) if ceiling.is_finite() && ceiling > 0.0 => learned.rate(now) / ceiling,
            _ => 1.0,
        };
        of_rate.min(self.places.learned_part(self.share)).min(1.0)
    }

    /// Whether a rate holds that refusals taught.
    #[must_use]
    pub const fn has_learned(&self) -> bool {
        self.learned.is_some()
    }

    /// When somebody with so many before him may expect to start: exact as long as nobody is refused and only starts are bounded;
    /// where running calls or tokens are, it goes by what they usually were.
    #[must_use]
    pub fn expected(&self, now: Instant, ahead: usize) -> Instant {
        let from = self.windows.iter().map(Window::even).fold(self.paused_until.max(now), Instant::max);
        let by_rate = self.rate(now).map_or(0.0, |rate| ahead as f64 / rate);
        let wait = by_rate.max(self.places.wait(self.share, ahead));
        let at = from + Duration::try_from_secs_f64(wait).unwrap_or(NEVER).min(NEVER);
        let calls = self.balances.first().and_then(Option::as_ref);
        calls.map_or(at, |calls| at.max(calls.ready_at(ahead as f64 + 1.0, self.pauses.longest)))
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
