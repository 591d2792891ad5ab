//! One configured limit: so many starts in so long a stretch of time.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Part of a limit that is used: what is left absorbs the jitter between our starts and the endpoint's count of them
/// (3.5 % of a second are 35 ms).
pub(super) const USED: f64 = 0.965;
/// Part of the window within which what a stall left behind is made up for; also what a quiet time saves up.
const CATCH_UP: f64 = 0.1;
/// Nothing will come: the share is zero.
pub(super) const NEVER: Duration = Duration::from_secs(86_400);

/// Starts are spread evenly, and never more of them lie in any stretch of the window's length than the limit allows,
/// so that it does not matter whether the endpoint counts whole seconds or the last one.
#[derive(Debug)]
pub(super) struct Window {
    /// Starts that all instances together may make within `length`.
    limit: f64,
    length: Duration,
    share: f64,
    starts: VecDeque<Instant>,
    /// When the next start would be due if they were perfectly even; it runs ahead of the time by at most the catch-up.
    due: Instant,
}

impl Window {
    pub(super) fn new(limit: f64, length: Duration, now: Instant) -> Self {
        Self { limit, length, share: 1.0, starts: VecDeque::new(), due: now }
    }

    pub(super) fn set_share(&mut self, share: f64) {
        self.share = share;
    }

    /// Starts a second, zero without a share.
    pub(super) fn rate(&self) -> f64 {
        let (most, span) = self.bound();
        if span >= NEVER { 0.0 } else { f64::from(most) / span.as_secs_f64() }
    }

    /// When the next start may be; `now` or earlier for at once.
    pub(super) fn ready_at(&mut self, now: Instant) -> Instant {
        let (most, span) = self.bound();
        self.forget(now, span);
        let even = self.due.checked_sub(self.catch_up(span, most)).unwrap_or(now);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let room = self.starts.len().checked_sub(most).and_then(|oldest| self.starts.get(oldest));
        let room = if span >= NEVER { Some(now + NEVER) } else { room.map(|oldest| *oldest + span) };
        room.map_or(even, |room| room.max(even))
    }

    pub(super) fn start(&mut self, now: Instant) {
        let (most, span) = self.bound();
        self.starts.push_back(now);
        self.due = self.due.max(now) + span / most;
    }

    /// A start that was not used after all.
    pub(super) fn give_back(&mut self, started: Instant) {
        if let Some(at) = self.starts.iter().rposition(|start| *start == started) {
            let (most, span) = self.bound();
            self.starts.remove(at);
            self.due = self.due.checked_sub(span / most).unwrap_or(self.due);
        }
    }

    /// From `at` on starts are even again: a pause saves nothing up.
    pub(super) fn pause_until(&mut self, at: Instant) {
        let (most, span) = self.bound();
        self.due = self.due.max(at + self.catch_up(span, most));
    }

    /// Most starts, and within how long. A share of less than one start is one in a longer time.
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
        while self.starts.front().is_some_and(|start| now.saturating_duration_since(*start) >= span) {
            self.starts.pop_front();
        }
    }
}
