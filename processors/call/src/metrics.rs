//! Metrics of the call step. Attempts, breakers and waits are `outbound`'s.

use std::time::Duration;

use common::Metric;
use metrics::{counter, histogram};
use schemas::answered::{Outcome, Usage};
use schemas::money::Money;
use schemas::verdict::Verdict;

use crate::reply::Oddity;

/// Requests that ended, by outcome and reason.
pub const REQUESTS: &str = "huiyin_call_requests_total";
/// Seconds from taking a request up to its end.
pub const REQUEST_SECONDS: &str = "huiyin_call_request_seconds";
/// Seconds from the cancel of a running request to its end.
pub const CANCEL_SECONDS: &str = "huiyin_call_cancel_seconds";
/// Seconds from the start of an attempt to the first token of its stream.
pub const FIRST_TOKEN_SECONDS: &str = "huiyin_call_time_to_first_token_seconds";
/// Tokens by target and type.
pub const TOKENS: &str = "huiyin_call_tokens_total";
/// What attempts cost.
pub const COST: &str = "huiyin_call_cost_nanos_total";
/// Attempts whose cost is unknown.
pub const UNPRICED: &str = "huiyin_call_unpriced_attempts_total";
/// Attempts that followed another one.
pub const FURTHER: &str = "huiyin_call_further_attempts_total";
/// Replies that were read although something was odd.
pub const ODD: &str = "huiyin_call_odd_replies_total";
/// Targets of a chain that were passed over.
pub const SKIPPED: &str = "huiyin_call_skipped_targets_total";
/// Questions of which a field was not sent.
pub const LEFT_OUT: &str = "huiyin_call_left_out_fields_total";
/// Verdicts on answers.
pub const REVIEWS: &str = "huiyin_call_reviews_total";
/// What the reviewer found in answers.
pub const FINDINGS: &str = "huiyin_call_findings_total";
/// What came of reviews of texts that are held.
pub const HELD_REVIEWS: &str = "huiyin_call_held_reviews_total";
/// Seconds that a server took for the review of a text that is held.
pub const HELD_REVIEW_SECONDS: &str = "huiyin_call_held_review_seconds";
/// Requests whose outcome could not be written.
pub const UNWRITTEN: &str = "huiyin_call_unwritten_outcomes_total";
/// Records of another line that came to the topic of requests.
pub const REPLAY_RECORDS: &str = "huiyin_call_replay_records_total";
/// Records to the log about targets.
pub const CONDITIONS: &str = "huiyin_call_conditions_total";

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    Metric::counter(
        REQUESTS,
        "requests that ended, by outcome and by reason where there is one",
        &["outcome", "reason"],
    ),
    Metric::histogram(REQUEST_SECONDS, "seconds from taking a request up to its end", &["outcome"]),
    Metric::histogram(CANCEL_SECONDS, "seconds from the cancel of a running request to its end", &[]),
    Metric::histogram(
        FIRST_TOKEN_SECONDS,
        "seconds from the start of an attempt to the first token of its stream, said or thought",
        &["target"],
    ),
    Metric::counter(
        TOKENS,
        "tokens that providers counted, or that were estimated of answers and streams that do not tell: input with its parts cached, cache_write_5m and cache_write_1h, output with its part reasoning",
        &["target", "type"],
    ),
    Metric::counter(
        COST,
        "what attempts cost by the price table, in billionths of the currency's unit; the exact amounts are in the table of calls",
        &["target", "currency"],
    ),
    Metric::counter(
        UNPRICED,
        "attempts that may be billed and whose cost is unknown, because of: price, usage (not told), contradiction (the counts contradict each other)",
        &["target", "why"],
    ),
    Metric::counter(
        FURTHER,
        "attempts after the first of a request, by the target that was asked: retry (it had just been asked), fallback (another one had)",
        &["target", "kind"],
    ),
    Metric::counter(
        ODD,
        "replies that were read although they were odd: unknown_finish (a word for the end that is in no list), overlong (beyond the output cap, cut), unasked_stream, unasked_whole (no stream although one was asked for), prompt_cut (far fewer tokens were counted than the prompt has), inner_voice (thoughts or marks of a template in the text, taken out)",
        &["target", "oddity"],
    ),
    Metric::counter(
        SKIPPED,
        "targets of a chain that were passed over, because of: unknown_target, region",
        &["why"],
    ),
    Metric::counter(
        LEFT_OUT,
        "questions of which a field was not sent, since the model of the target refuses it",
        &["target", "field"],
    ),
    Metric::counter(REVIEWS, "verdicts of the reviewer on answers, by action", &["action"]),
    Metric::counter(
        FINDINGS,
        "findings of the reviewer in answers, by category of the rule (none where it has none), action, and whether the rule is in shadow: yes, no; at most 32 of one answer",
        &["category", "action", "shadow"],
    ),
    Metric::counter(
        HELD_REVIEWS,
        "reviews of texts that the filter holds, by what is held (message, answer) and by what came of them: safe, controversial, unsafe; no verdict because of budget, expired, cancelled or failed",
        &["reviewer", "subject", "result"],
    ),
    Metric::histogram(
        HELD_REVIEW_SECONDS,
        "seconds that a server took for the review of a text that the filter holds, all attempts together",
        &["reviewer"],
    ),
    Metric::counter(
        UNWRITTEN,
        "requests whose outcome could not be written: decide's safety timer ends them",
        &[],
    ),
    Metric::counter(
        REPLAY_RECORDS,
        "records of a replay on the topic of requests: given up, no model was asked. In a replay's own line: records of others",
        &[],
    ),
    Metric::counter(
        CONDITIONS,
        "records to the log about targets, one for each partition, by what came of them: told, or why they were not",
        &["result"],
    ),
];

/// A record of another line was read.
pub(crate) fn foreign() {
    counter!(REPLAY_RECORDS).increment(1);
}

/// A record about targets was written to a partition, or not.
pub(crate) fn conditions_told(result: &'static str) {
    counter!(CONDITIONS, "result" => result).increment(1);
}

/// What an attempt is that follows another one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Further {
    /// At the same target.
    Retry,
    /// At another one.
    Fallback,
}

impl Further {
    fn label(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Fallback => "fallback",
        }
    }
}

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

pub(crate) fn cancelled(took: Duration) {
    histogram!(CANCEL_SECONDS).record(took);
}

pub(crate) fn first_token(target: &str, time: Duration) {
    histogram!(FIRST_TOKEN_SECONDS, "target" => target.to_owned()).record(time);
}

pub(crate) fn tokens(target: &str, usage: &Usage) {
    let counts = [
        ("input", usage.input),
        ("cached", usage.cached),
        ("cache_write_5m", usage.input_cache_write_5m),
        ("cache_write_1h", usage.input_cache_write_1h),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
    ];
    for (kind, count) in counts {
        counter!(TOKENS, "target" => target.to_owned(), "type" => kind).increment(count);
    }
}

pub(crate) fn cost(target: &str, cost: &Money) {
    let nanos = u64::try_from(cost.pico / 1_000).unwrap_or_default();
    counter!(COST, "target" => target.to_owned(), "currency" => cost.currency.clone()).increment(nanos);
}

pub(crate) fn unpriced(target: &str, why: Unpriced) {
    counter!(UNPRICED, "target" => target.to_owned(), "why" => why.label()).increment(1);
}

pub(crate) fn further(target: &str, kind: Further) {
    counter!(FURTHER, "target" => target.to_owned(), "kind" => kind.label()).increment(1);
}

pub(crate) fn odd(target: &str, oddity: Oddity) {
    counter!(ODD, "target" => target.to_owned(), "oddity" => oddity.label()).increment(1);
}

pub(crate) fn left_out(target: &str, field: &'static str) {
    counter!(LEFT_OUT, "target" => target.to_owned(), "field" => field).increment(1);
}

pub(crate) fn skipped(why: &'static str) {
    counter!(SKIPPED, "why" => why).increment(1);
}

pub(crate) fn reviewed(verdict: &Verdict) {
    counter!(REVIEWS, "action" => verdict.action.label()).increment(1);
    for [category, action, shadow] in catalogue::findings::labels(verdict) {
        counter!(FINDINGS, "category" => category, "action" => action, "shadow" => shadow).increment(1);
    }
}

pub(crate) fn held_reviewed(reviewer: &str, subject: &'static str, result: &'static str) {
    counter!(HELD_REVIEWS, "reviewer" => reviewer.to_owned(), "subject" => subject, "result" => result)
        .increment(1);
}

pub(crate) fn held_took(reviewer: &str, took: Duration) {
    histogram!(HELD_REVIEW_SECONDS, "reviewer" => reviewer.to_owned()).record(took);
}

pub(crate) fn unwritten() {
    counter!(UNWRITTEN).increment(1);
}
