//! A rate that refusals taught: lower at once, back up slowly, and forgotten when it binds no more.

use std::time::Duration;

use tokio::time::Instant;

/// After a refusal the rate is this part of what was taken just before it.
const LOWERED: f64 = 0.94;
/// How long the way back to the refused rate takes at first.
const HOLD: Duration = Duration::from_secs(5);
/// The longest way back, after refusals at one and the same rate again and again.
const HOLD_CAP: Duration = Duration::from_secs(60);
/// Refused rates that are so near to one another are the same limit.
const NEAR: f64 = 0.25;
/// How many ways back long a lesson is remembered.
const REMEMBERED: u32 = 8;
/// A rate that has grown by so much where no limit is configured is not worth keeping.
const FORGOTTEN: f64 = 4.0;
/// No rate is learned below this.
const SLOWEST: f64 = 1.0;

/// What is known of a limit that nobody configured, or that is lower than configured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned {
    /// Starts a second that were taken when the endpoint refused.
    refused_at: f64,
    /// When the way back began.
    since: Instant,
    hold: Duration,
    /// When the next start is due.
    pub(super) due: Instant,
}

impl Learned {
    /// Learns from a refusal while `taken` starts a second went through and `current` were allowed; the way back begins
    /// `at`. What was learned `before` tells whether it is the same limit again.
    pub(super) fn new(taken: f64, at: Instant, current: Option<f64>, before: Option<Self>) -> Self {
        // One refusal may be chance: no rate is more than halved by it.
        let refused_at = taken.max(current.map_or(0.0, |rate| rate / 2.0)).max(SLOWEST);
        let near = |it: &Self| {
            (refused_at / it.refused_at - 1.0).abs() < NEAR && at < it.since + it.hold * REMEMBERED
        };
        let hold = before.filter(near).map_or(HOLD, |it| (it.hold * 2).min(HOLD_CAP));
        Self { refused_at, since: at, hold, due: at }
    }

    /// The way back begins at another time.
    pub(super) fn begin(&mut self, at: Instant) {
        (self.since, self.due) = (at, at);
    }

    /// Starts a second at this time: nearly straight up to the refused rate, flat around it, then ever faster, as the
    /// limit may have been raised.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        let way = now.saturating_duration_since(self.since).as_secs_f64() / self.hold.as_secs_f64();
        self.refused_at * (LOWERED + (1.0 - LOWERED) * way + (way / 4.0).powi(3))
    }

    /// Whether it binds no more below `ceiling`, which may be endless.
    pub(super) fn is_over(&self, now: Instant, ceiling: f64) -> bool {
        self.rate(now) >= ceiling.min(self.refused_at * FORGOTTEN)
    }

    pub(super) fn start(&mut self, now: Instant) {
        let rate = self.rate(now);
        self.due = self.due.max(now) + Duration::from_secs_f64(1.0 / rate);
    }
}
