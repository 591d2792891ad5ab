//! Every metric of this crate.

use std::time::Duration;

use catalogue::app::NoAcknowledgement;
use common::Metric;
use metrics::{counter, gauge, histogram};
use schemas::verdict::Verdict;

/// Requests by path kind and result.
pub const CALLBACKS: &str = "huiyin_ingest_callbacks_total";
/// Requests that were refused before they meant anything.
pub const REFUSALS: &str = "huiyin_ingest_refusals_total";
/// Refused callbacks that were not answered with an error.
pub const SPARED: &str = "huiyin_ingest_spared_total";
/// Seconds from a request's header to its answer.
pub const ANSWER_SECONDS: &str = "huiyin_ingest_answer_seconds";
/// Seconds that one verdict took.
pub const VERDICT_SECONDS: &str = "huiyin_ingest_verdict_seconds";
/// Verdicts by action.
pub const VERDICTS: &str = "huiyin_ingest_verdicts_total";
/// What was found in messages.
pub const FINDINGS: &str = "huiyin_ingest_findings_total";
/// Messages that the filter holds, by what became of them at once.
pub const HELD: &str = "huiyin_ingest_held_total";
/// Claims of apps, by what became of them.
pub const CLAIMS: &str = "huiyin_ingest_claims_total";
/// Seconds from queueing to acknowledgement.
pub const ACKNOWLEDGEMENT_SECONDS: &str = "huiyin_ingest_acknowledgement_seconds";
/// Callbacks whose acknowledgement did not come in time.
pub const UNACKNOWLEDGED: &str = "huiyin_ingest_unacknowledged_total";
/// Callbacks whose record was not queued.
pub const UNQUEUED: &str = "huiyin_ingest_unqueued_total";
/// Records by kind and how they ended.
pub const RECORDS: &str = "huiyin_ingest_records_total";
/// Records that wait for their acknowledgement.
pub const QUEUE: &str = "huiyin_ingest_queue_records";
/// Requests at work.
pub const RUNNING: &str = "huiyin_ingest_running_requests";

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    Metric::counter(
        CALLBACKS,
        "requests that were understood, by stage of the rule (or kind of source) and result",
        &["stage", "result"],
    ),
    Metric::counter(
        REFUSALS,
        "requests and connections that were refused, by reason; header_timeout also counts idle connections, crowded_out those closed for others",
        &["reason"],
    ),
    Metric::counter(
        SPARED,
        "callbacks that were refused and yet answered 200, by stage of the rule and reason of the refusal: more failures would make Easemob switch the app's rules off",
        &["stage", "reason"],
    ),
    Metric::histogram(ANSWER_SECONDS, "seconds from a request's header to its answer", &["stage"]),
    Metric::histogram(VERDICT_SECONDS, "seconds that the verdict on all texts of a message took", &[]),
    Metric::counter(VERDICTS, "verdicts by action", &["action"]),
    Metric::counter(
        FINDINGS,
        "findings in messages, by category of the rule (none where it has none), action, and whether the rule is in shadow: yes, no; at most 32 of one message",
        &["category", "action", "shadow"],
    ),
    Metric::counter(
        HELD,
        "messages of apps with reviews that the filter holds, by what became of them in the callback: waits (only a bot reads it, which waits for the review), passed and blocked (by the app's policy, since others would read it)",
        &["course"],
    ),
    Metric::counter(
        CLAIMS,
        "claims that apps sign for senders, by what became of them: accepted, malformed, forged (no secret of the app signed it), other_user, expired, too_long (it would hold for more than a year), unknown_tier; all but the first are ignored",
        &["result"],
    ),
    Metric::histogram(
        ACKNOWLEDGEMENT_SECONDS,
        "seconds from queueing a record to its acknowledgement, late ones included",
        &[],
    ),
    Metric::counter(
        UNACKNOWLEDGED,
        "callbacks answered without an acknowledgement: the record may be written, by the app's policy",
        &["policy"],
    ),
    Metric::counter(
        UNQUEUED,
        "callbacks whose record was refused at once: nothing is written, by the app's policy and reason",
        &["policy", "reason"],
    ),
    Metric::counter(
        RECORDS,
        "records by kind and end: acknowledged, lost (the client gave up), or why they were not queued",
        &["kind", "result"],
    ),
    Metric::gauge(QUEUE, "records that wait for their acknowledgement", &[]),
    Metric::gauge(RUNNING, "requests at work", &[]),
];

pub(crate) fn callback(stage: &'static str, result: &'static str) {
    counter!(CALLBACKS, "stage" => stage, "result" => result).increment(1);
}

pub(crate) fn refused(reason: &'static str) {
    counter!(REFUSALS, "reason" => reason).increment(1);
}

pub(crate) fn spared(stage: &'static str, reason: &'static str) {
    counter!(SPARED, "stage" => stage, "reason" => reason).increment(1);
}

pub(crate) fn answered(stage: &'static str, took: Duration) {
    histogram!(ANSWER_SECONDS, "stage" => stage).record(took);
}

pub(crate) fn judged(verdict: &Verdict, took: Duration) {
    histogram!(VERDICT_SECONDS).record(took);
    counter!(VERDICTS, "action" => verdict.action.label()).increment(1);
    for [category, action, shadow] in catalogue::findings::labels(verdict) {
        counter!(FINDINGS, "category" => category, "action" => action, "shadow" => shadow).increment(1);
    }
}

pub(crate) fn held(course: &'static str) {
    counter!(HELD, "course" => course).increment(1);
}

pub(crate) fn claim(result: &'static str) {
    counter!(CLAIMS, "result" => result).increment(1);
}

pub(crate) fn unacknowledged(policy: NoAcknowledgement) {
    counter!(UNACKNOWLEDGED, "policy" => policy_label(policy)).increment(1);
}

pub(crate) fn unqueued(policy: NoAcknowledgement, reason: &'static str) {
    counter!(UNQUEUED, "policy" => policy_label(policy), "reason" => reason).increment(1);
}

pub(crate) fn record(kind: &'static str, result: &'static str) {
    counter!(RECORDS, "kind" => kind, "result" => result).increment(1);
}

pub(crate) fn acknowledged(took: Duration) {
    histogram!(ACKNOWLEDGEMENT_SECONDS).record(took);
}

pub(crate) fn queue(waiting: usize) {
    gauge!(QUEUE).set(waiting as f64);
}

pub(crate) fn running(change: f64) {
    gauge!(RUNNING).increment(change);
}

fn policy_label(policy: NoAcknowledgement) -> &'static str {
    match policy {
        NoAcknowledgement::Pass => "pass",
        NoAcknowledgement::Reject => "reject",
    }
}

#[cfg(test)]
mod tests {
    use common::Kind;

    use super::*;

    #[test]
    fn names_follow_the_convention_and_are_distinct() {
        let names: std::collections::BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            assert!(metric.name.starts_with("huiyin_ingest_"), "{}", metric.name);
            assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
        }
    }
}
