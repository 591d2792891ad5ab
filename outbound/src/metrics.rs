//! The metrics of this crate.

use std::time::Duration;

use common::Metric;
use metrics::{counter, gauge, histogram};

use crate::breaker::State;
use crate::limiter::Counted;

/// Attempts by target and class (`ok` for a success).
pub const ATTEMPTS: &str = "huiyin_outbound_attempts_total";
/// Seconds from the start of an attempt to its end.
pub const ATTEMPT_SECONDS: &str = "huiyin_outbound_attempt_seconds";
/// State of a target's breaker.
pub const BREAKER: &str = "huiyin_outbound_breaker_state";
/// Seconds waited before an attempt.
pub const WAIT_SECONDS: &str = "huiyin_outbound_wait_seconds";
/// Repeats that the retry budget refused.
pub const BUDGET_REFUSALS: &str = "huiyin_outbound_budget_refusals_total";
/// Cooldowns begun or made longer.
pub const COOLDOWNS: &str = "huiyin_outbound_cooldowns_total";
/// Who waits for a turn at a pace.
pub const PACE_WAITING: &str = "huiyin_outbound_pace_waiting_count";
/// How long the one who had a turn last had waited.
pub const PACE_WAITED: &str = "huiyin_outbound_pace_wait_seconds";
/// Starts a second that a pace allows.
pub const PACE_RATE: &str = "huiyin_outbound_pace_starts_per_second";
/// Calls that a pace lets run at a time.
pub const PACE_AT_ONCE: &str = "huiyin_outbound_pace_at_once_count";
/// What refusals left of a configured rate.
pub const PACE_LEARNED: &str = "huiyin_outbound_pace_learned_ratio";
/// What calls have taken of a limit of a minute.
pub const PACE_USED: &str = "huiyin_outbound_pace_used_count";
/// How much there is of a limit of a minute.
pub const PACE_LIMIT: &str = "huiyin_outbound_pace_limit_count";
/// Second attempts beside one whose first token was late.
pub const HEDGES: &str = "huiyin_outbound_hedges_total";
/// Requests that ended without success.
pub const STOPS: &str = "huiyin_outbound_stops_total";
/// Kept connections that were dead when they were used.
pub const STALE_CONNECTIONS: &str = "huiyin_outbound_stale_connections_total";

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    Metric::counter(
        ATTEMPTS,
        "attempts, by target, number of its key and failure class, ok for a success",
        &["target", "key", "class"],
    ),
    Metric::histogram(ATTEMPT_SECONDS, "seconds from the start of an attempt to its end", &["target"]),
    Metric::gauge(BREAKER, "breaker of a target as last used: 0 closed, 1 half open, 2 open", &["target"]),
    Metric::histogram(
        WAIT_SECONDS,
        "seconds waited before an attempt: for a target (backoff, cooldown) or for the pace",
        &["cause"],
    ),
    Metric::counter(
        BUDGET_REFUSALS,
        "requests ended because the retry budget of every target left had no repeat for them in time",
        &["target"],
    ),
    Metric::counter(
        COOLDOWNS,
        "cooldowns of a target's key begun or made longer, by the class that caused them",
        &["target", "key", "class"],
    ),
    Metric::gauge(
        PACE_WAITING,
        "calls that wait for their turn at the pace of a target",
        &["target", "key", "limit"],
    ),
    Metric::gauge(
        PACE_WAITED,
        "seconds that the call which had its turn last had waited for it; 0 while nobody waits",
        &["target", "key", "limit"],
    ),
    Metric::gauge(
        PACE_RATE,
        "calls a second that this instance's pace allows to start; 0 while nothing bounds them",
        &["target", "key", "limit"],
    ),
    Metric::gauge(
        PACE_AT_ONCE,
        "calls that this instance's pace lets run at a time, as configured or as refusals taught it; 0 while nothing bounds them",
        &["target", "key", "limit"],
    ),
    Metric::gauge(
        PACE_LEARNED,
        "what refusals left of the configured rate or calls at a time, from 0 to 1; 1 while they taught nothing",
        &["target", "key", "limit"],
    ),
    Metric::gauge(
        PACE_USED,
        "calls or tokens that this instance has taken, or reserved, of a configured limit of a minute, as of its last call",
        &["target", "key", "counted"],
    ),
    Metric::gauge(
        PACE_LIMIT,
        "calls or tokens that this instance may take within a minute: its part of a configured limit",
        &["target", "key", "counted"],
    ),
    Metric::counter(
        HEDGES,
        "second attempts beside one whose first token was late, by the late target and by what came of it: first (the late one answered first), second, neither, budget (none was made, since the retry budget had no repeat)",
        &["target", "result"],
    ),
    Metric::counter(STOPS, "requests that ended without success, by reason", &["reason"]),
    Metric::counter(
        STALE_CONNECTIONS,
        "kept connections that were dead when they were used: the request went out again over a new one, within its attempt",
        &[],
    ),
];

/// Whose pace it is, and of which limit.
#[derive(Debug, Clone)]
pub struct PaceNames {
    /// The target.
    pub target: std::sync::Arc<str>,
    /// Which of its keys, counted from 1.
    pub key: usize,
    /// The limit, from a closed list of the caller's.
    pub limit: &'static str,
}

/// A pace at one moment.
#[derive(Debug)]
pub(crate) struct Paced {
    pub(crate) waiting: usize,
    pub(crate) waited: Duration,
    pub(crate) rate: f64,
    pub(crate) learned: f64,
    /// Of each limit of a minute: what it counts, what was taken, and what there is.
    pub(crate) used: Vec<(Counted, u64, u32)>,
    pub(crate) at_once: Option<u32>,
}

/// Why a caller waited.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WaitCause {
    Target,
    Pace,
}

/// Notes an attempt with one of the target's keys, counted from 1; for callers that make their own.
pub fn attempt(target: &str, key: usize, class: &'static str, took: Duration) {
    counter!(ATTEMPTS, "target" => target.to_owned(), "key" => key.to_string(), "class" => class)
        .increment(1);
    histogram!(ATTEMPT_SECONDS, "target" => target.to_owned()).record(took);
}

pub(crate) fn breaker(target: &str, state: State) {
    let level = match state {
        State::Closed => 0.0,
        State::HalfOpen { .. } => 1.0,
        State::Open { .. } => 2.0,
    };
    gauge!(BREAKER, "target" => target.to_owned()).set(level);
}

pub(crate) fn waited(cause: WaitCause, time: Duration) {
    let cause = match cause {
        WaitCause::Target => "target",
        WaitCause::Pace => "pace",
    };
    histogram!(WAIT_SECONDS, "cause" => cause).record(time);
}

pub(crate) fn paced(names: &PaceNames, paced: &Paced) {
    let show = |name: &'static str, value: f64| {
        gauge!(name, "target" => names.target.to_string(), "key" => names.key.to_string(), "limit" => names.limit)
            .set(value);
    };
    show(PACE_WAITING, paced.waiting as f64);
    show(PACE_WAITED, paced.waited.as_secs_f64());
    show(PACE_RATE, paced.rate);
    show(PACE_LEARNED, paced.learned);
    show(PACE_AT_ONCE, f64::from(paced.at_once.unwrap_or_default()));
    used(names, &paced.used);
}

pub(crate) fn used(names: &PaceNames, used: &[(Counted, u64, u32)]) {
    for (counted, taken, most) in used {
        let show = |name: &'static str, value: f64| {
            gauge!(name, "target" => names.target.to_string(), "key" => names.key.to_string(), "counted" => counted.label())
                .set(value);
        };
        show(PACE_USED, *taken as f64);
        show(PACE_LIMIT, f64::from(*most));
    }
}

pub(crate) fn budget_refused(target: &str) {
    counter!(BUDGET_REFUSALS, "target" => target.to_owned()).increment(1);
}

pub(crate) fn hedged(target: &str, result: &'static str) {
    counter!(HEDGES, "target" => target.to_owned(), "result" => result).increment(1);
}

pub(crate) fn cooled(target: &str, key: usize, class: &'static str) {
    counter!(COOLDOWNS, "target" => target.to_owned(), "key" => key.to_string(), "class" => class)
        .increment(1);
}

pub(crate) fn stale_connection() {
    counter!(STALE_CONNECTIONS).increment(1);
}

pub(crate) fn stopped(reason: &'static str) {
    counter!(STOPS, "reason" => reason).increment(1);
}

#[cfg(test)]
mod tests;
