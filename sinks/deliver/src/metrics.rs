//! Metrics of the deliver step. Attempts, breakers and waits are `outbound`'s, by App Key as the target.

use std::time::Duration;

use common::Metric;
use metrics::{counter, gauge, histogram};
use schemas::delivery::DeliveryResult;

/// Parts that ended, by result and reason.
pub const PARTS: &str = "huiyin_deliver_parts_total";
/// Parts that were to be taken back, by result and reason.
pub const RETRACTIONS: &str = "huiyin_deliver_retractions_total";
/// Seconds from taking a part up to its end.
pub const PART_SECONDS: &str = "huiyin_deliver_part_seconds";
/// Tokens asked for, by result.
pub const TOKENS: &str = "huiyin_deliver_token_fetches_total";
/// Part of Easemob's limits that this instance takes.
pub const SHARE: &str = "huiyin_deliver_quota_share_ratio";
/// Records of a replay that came to the real topic.
pub const REPLAY_RECORDS: &str = "huiyin_deliver_replay_records_total";
/// Parts whose result could not be written.
pub const UNWRITTEN: &str = "huiyin_deliver_unwritten_results_total";

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    Metric::counter(
        PARTS,
        "parts that ended, by result and by reason where there is one",
        &["result", "reason"],
    ),
    Metric::counter(
        RETRACTIONS,
        "parts that were to be taken back, by result and by reason where there is one",
        &["result", "reason"],
    ),
    Metric::histogram(PART_SECONDS, "seconds from taking a part up to its end, waits included", &["result"]),
    Metric::counter(TOKENS, "tokens asked for, by failure class, ok for a success", &["class"]),
    Metric::gauge(SHARE, "part of Easemob's limits that this instance takes, from 0 to 1", &[]),
    Metric::counter(
        REPLAY_RECORDS,
        "records of a replay on the topic of answers: given up, Easemob was asked for nothing",
        &[],
    ),
    Metric::counter(UNWRITTEN, "parts whose result could not be written", &[]),
];

pub(crate) fn ended(result: &DeliveryResult, took: Duration) {
    // Reasons come from closed lists: error classes and the step's own.
    let reason = result.reason().unwrap_or_default().to_owned();
    if result.is_retraction() {
        counter!(RETRACTIONS, "result" => result.label(), "reason" => reason).increment(1);
        return;
    }
    counter!(PARTS, "result" => result.label(), "reason" => reason).increment(1);
    histogram!(PART_SECONDS, "result" => result.label()).record(took);
}

pub(crate) fn token(failure: Option<&'static str>) {
    counter!(TOKENS, "class" => failure.unwrap_or("ok")).increment(1);
}

pub(crate) fn share(share: f64) {
    gauge!(SHARE).set(share);
}

pub(crate) fn foreign() {
    counter!(REPLAY_RECORDS).increment(1);
}

pub(crate) fn unwritten() {
    counter!(UNWRITTEN).increment(1);
}
