//! The metrics of this crate. Rows, blocks and times of inserts are counted by the batch driver.

use common::Metric;
use metrics::counter;
use pipeline::Refused;
use schemas::topic::Topic;

use crate::failure::Failure;

const FAILURES: &str = "huiyin_account_insert_failures_total";
const REFUSALS: &str = "huiyin_account_refused_records_total";

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    Metric::counter(
        FAILURES,
        "inserts that failed, by what was at fault: network, timeout, busy, content, setup",
        &["table", "class"],
    ),
    Metric::counter(
        REFUSALS,
        "records that no row can be built from; a record that is read again counts again",
        &["topic", "reason"],
    ),
];

pub(crate) fn failed(table: &'static str, failure: Failure) {
    counter!(FAILURES, "table" => table, "class" => failure.label()).increment(1);
}

pub(crate) fn refused(topic: Topic, refused: &Refused) {
    let (Refused::DeadLetter { reason } | Refused::Pause { reason }) = refused;
    counter!(REFUSALS, "topic" => topic.name(), "reason" => *reason).increment(1);
}
