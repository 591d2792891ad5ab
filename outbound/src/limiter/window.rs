//! One configured limit: so many calls, or so many tokens, in so long a stretch of time.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::counted::{Counted, Tokens, Usual};

/// Part of a limit that is used: what is left absorbs the jitter between our starts and the endpoint's count of them
/// (3.5 % of a second are 35 ms).
pub(super) const USED: f64 = 0.965;
/// Part of the window within which what a stall left behind is made up for; also what a quiet time saves up.
const CATCH_UP: f64 = 0.1;
/// Nothing will come: the share is zero.
pub(super) const NEVER: Duration = Duration::from_secs(86_400);

/// Starts are spread evenly, and never more lies in any stretch of the window's length than the limit allows, so that it does
/// not matter whether the endpoint counts whole seconds or the last one.
#[derive(Debug)]
pub(super) struct Window {
    counted: Counted,
    /// What all instances together may start within `length`.
    limit: f64,
    length: Duration,
    share: f64,
    starts: VecDeque<Start>,
    /// The sum of the starts' weights.
    taken: u64,
    /// What a start usually weighs.
    usual: Usual,
    /// When the next start would be due if they were perfectly even; it runs ahead of the time by at most the catch-up and one
    /// start.
    due: Instant,
}

#[derive(Debug)]
struct Start {
    number: u64,
    at: Instant,
    weight: u64,
}

impl Window {
    pub(super) fn new(counted: Counted, limit: f64, length: Duration, now: Instant) -> Self {
        Self {
            counted,
            limit,
            length,
            share: 1.0,
            starts: VecDeque::new(),
            taken: 0,
            usual: Usual::default(),
            due: now,
        }
    }

    pub(super) const fn length(&self) -> Duration {
        self.length
    }

    pub(super) fn set_share(&mut self, share: f64) {
        self.share = share;
    }

    /// Starts a second, zero without a share. How many tokens a start has is known after the first.
    pub(super) fn rate(&self) -> f64 {
        let (most, span) = self.bound();
        let usual = self.usual.get().unwrap_or(if self.counted == Counted::Calls { 1.0 } else { 0.0 });
        match () {
            () if span >= NEVER => 0.0,
            () if usual <= 0.0 => f64::INFINITY,
            () => f64::from(most) / usual / span.as_secs_f64(),
        }
    }

    /// For how many seconds a start takes the whole limit.
    pub(super) fn seconds(&self, tokens: Tokens) -> f64 {
        (self.counted.of(tokens) as f64 / self.limit).min(1.0) * self.length.as_secs_f64()
    }

    /// When the next start, of so many tokens, may be, if a part of the limit is `kept` for others; `now` or earlier for at
    /// once.
    pub(super) fn ready_at(&mut self, now: Instant, tokens: Tokens, kept: f64) -> Instant {
        let (most, span) = self.bound();
        self.forget(now, span);
        if span >= NEVER {
            return now + NEVER;
        }
        // What a quiet time saved up is kept by half.
        let saved = self.catch_up(span, most) / if kept > 0.0 { 2 } else { 1 };
        let even = self.due.checked_sub(saved).unwrap_or(now);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of what fits")]
        let kept = (f64::from(most) * kept) as u64;
        self.room(self.weight(tokens) + kept, most, span).map_or(even, |room| room.max(even))
    }

    /// What it counts, how much of that lies in the window that ends now, and how much may.
    pub(super) fn used(&mut self, now: Instant) -> (Counted, u64, u32) {
        let (most, span) = self.bound();
        self.forget(now, span);
        (self.counted, self.taken, most)
    }

    /// When the next start is due if starts are even.
    pub(super) fn even(&self) -> Instant {
        let (most, span) = self.bound();
        self.due.checked_sub(self.catch_up(span, most)).unwrap_or(self.due)
    }

    pub(super) fn start(&mut self, now: Instant, number: u64, tokens: Tokens) {
        let (most, span) = self.bound();
        let weight = self.weight(tokens);
        self.starts.push_back(Start { number, at: now, weight });
        self.taken += weight;
        self.usual.note(weight as f64);
        self.due = self.due.max(now) + length(span, weight, most);
    }

    /// What a start weighed in truth.
    pub(super) fn settle(&mut self, number: u64, tokens: Tokens) {
        self.weigh(number, self.weight(tokens));
    }

    /// A start that was not used after all.
    pub(super) fn give_back(&mut self, number: u64) {
        self.weigh(number, 0);
    }

    /// From `at` on starts are even again: a pause saves nothing up.
    pub(super) fn pause_until(&mut self, at: Instant) {
        let (most, span) = self.bound();
        self.due = self.due.max(at + self.catch_up(span, most));
    }

    fn weigh(&mut self, number: u64, weight: u64) {
        let (most, span) = self.bound();
        let Ok(at) = self.starts.binary_search_by_key(&number, |start| start.number) else { return };
        let Some(start) = self.starts.get_mut(at) else { return };
        let before = std::mem::replace(&mut start.weight, weight);
        self.taken = self.taken.saturating_sub(before) + weight;
        self.due = if weight > before {
            self.due + length(span, weight - before, most)
        } else {
            self.due.checked_sub(length(span, before - weight, most)).unwrap_or(self.due)
        };
    }

    /// What is more than the whole limit counts as the whole limit, so that it starts when nothing else has.
    fn weight(&self, tokens: Tokens) -> u64 {
        self.counted.of(tokens).min(self.bound().0.into())
    }

    /// When enough of the starts has left the window for one more of this weight; `None` when there is room.
    fn room(&self, weight: u64, most: u32, span: Duration) -> Option<Instant> {
        let mut excess = (self.taken + weight).saturating_sub(most.into());
        let mut room = None;
        for start in &self.starts {
            if excess == 0 {
                break;
            }
            room = Some(start.at + span);
            excess = excess.saturating_sub(start.weight);
        }
        room
    }

    /// The most that may start, and within how long. A share of less than one is one in a longer time.
    fn bound(&self) -> (u32, Duration) {
        let allowed = self.limit * self.share;
        let whole = allowed.floor().clamp(1.0, f64::from(u32::MAX));
        let seconds = self.length.as_secs_f64() / USED * if allowed < 1.0 { 1.0 / allowed } else { 1.0 };
        let span = Duration::try_from_secs_f64(seconds).unwrap_or(NEVER).min(NEVER);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
        (whole as u32, span)
    }

    /// No less than a start, or a limit of few would lose what the clock's grain costs each of them.
    fn catch_up(&self, span: Duration, most: u32) -> Duration {
        span.mul_f64(CATCH_UP).max(span / most / 2)
    }

    fn forget(&mut self, now: Instant, span: Duration) {
        while let Some(start) =
            self.starts.pop_front_if(|start| now.saturating_duration_since(start.at) >= span)
        {
            self.taken = self.taken.saturating_sub(start.weight);
        }
    }
}

/// The time that so much takes at an even pace.
fn length(span: Duration, weight: u64, most: u32) -> Duration {
    span.mul_f64(weight as f64 / f64::from(most))
}
