//! Metrics of the call step. Attempts, breakers and waits are `outbound`'s.

use std::time::Duration;

use common::Metric;
use metrics::{counter, histogram};
use schemas::answered::{Outcome, Usage};
use schemas::verdict::Action;

use crate::reply::Oddity;

/// Requests that ended, by outcome and reason.
pub const REQUESTS: &str = "huiyin_call_requests_total";
/// Seconds from taking a request up to its end.
pub const REQUEST_SECONDS: &str = "huiyin_call_request_seconds";
/// Tokens by target and type.
pub const TOKENS: &str = "huiyin_call_tokens_total";
/// Attempts whose cost is unknown.
pub const UNPRICED: &str = "huiyin_call_unpriced_attempts_total";
/// Replies that were read although something was odd.
pub const ODD: &str = "huiyin_call_odd_replies_total";
/// Targets of a chain that were passed over.
pub const SKIPPED: &str = "huiyin_call_skipped_targets_total";
/// Verdicts on answers.
pub const REVIEWS: &str = "huiyin_call_reviews_total";
/// Requests whose outcome could not be written.
pub const UNWRITTEN: &str = "huiyin_call_unwritten_outcomes_total";

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    Metric::counter(
        REQUESTS,
        "requests that ended, by outcome and by reason where there is one",
        &["outcome", "reason"],
    ),
    Metric::histogram(REQUEST_SECONDS, "seconds from taking a request up to its end", &["outcome"]),
    Metric::counter(
        TOKENS,
        "tokens that providers counted: input with its part cached, output with its part reasoning",
        &["target", "type"],
    ),
    Metric::counter(
        UNPRICED,
        "attempts that may be billed and whose cost is unknown, because of: price, usage (not told), contradiction (the counts contradict each other)",
        &["target", "why"],
    ),
    Metric::counter(
        ODD,
        "replies that were read although they were odd: unknown_finish (a word for the end that is in no list), overlong (beyond the output cap, cut), unasked_stream, inner_voice (thoughts or marks of a template in the text, taken out)",
        &["target", "oddity"],
    ),
    Metric::counter(
        SKIPPED,
        "targets of a chain that were passed over, because of: unknown_target, region",
        &["why"],
    ),
    Metric::counter(REVIEWS, "verdicts of the reviewer on answers, by action", &["action"]),
    Metric::counter(
        UNWRITTEN,
        "requests whose outcome could not be written: decide's safety timer ends them",
        &[],
    ),
];

/// Why an attempt has no cost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unpriced {
    Price,
    Usage,
    Contradiction,
}

impl Unpriced {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Usage => "usage",
            Self::Contradiction => "contradiction",
        }
    }
}

pub(crate) fn ended(outcome: &Outcome, reason: &'static str, took: Duration) {
    counter!(REQUESTS, "outcome" => outcome.label(), "reason" => reason).increment(1);
    histogram!(REQUEST_SECONDS, "outcome" => outcome.label()).record(took);
}

pub(crate) fn tokens(target: &str, usage: &Usage) {
    let counts = [
        ("input", usage.input),
        ("cached", usage.cached),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
    ];
    for (kind, count) in counts {
        counter!(TOKENS, "target" => target.to_owned(), "type" => kind).increment(count);
    }
}

pub(crate) fn unpriced(target: &str, why: Unpriced) {
    counter!(UNPRICED, "target" => target.to_owned(), "why" => why.label()).increment(1);
}

pub(crate) fn odd(target: &str, oddity: Oddity) {
    counter!(ODD, "target" => target.to_owned(), "oddity" => oddity.label()).increment(1);
}

pub(crate) fn skipped(why: &'static str) {
    counter!(SKIPPED, "why" => why).increment(1);
}

pub(crate) fn reviewed(action: Action) {
    counter!(REVIEWS, "action" => action.label()).increment(1);
}

pub(crate) fn unwritten() {
    counter!(UNWRITTEN).increment(1);
}
