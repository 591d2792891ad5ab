//! Metrics of the call driver.

use std::time::Duration;

use super::Status;
use crate::{Clock, WallClock};
use common::Metric;

const RUNNING: &str = "huiyin_pipeline_calls_running_count";
const QUEUED: &str = "huiyin_pipeline_calls_queued_count";
const OVER_SHARE: &str = "huiyin_pipeline_calls_over_share_count";
const SUSPECTS: &str = "huiyin_pipeline_calls_suspects_count";
const HELD_BYTES: &str = "huiyin_pipeline_calls_held_bytes";
const COMMITTED: &str = "huiyin_pipeline_calls_committed_total";
const RERUNS: &str = "huiyin_pipeline_calls_reruns_total";
const SKIPPED: &str = "huiyin_pipeline_calls_skipped_total";
const DEAD_LETTERS: &str = "huiyin_pipeline_calls_dead_letters_total";
const CROWDED: &str = "huiyin_pipeline_calls_crowded_total";
const STALE: &str = "huiyin_pipeline_calls_stale_total";
const FRONTIER_AGE: &str = "huiyin_pipeline_calls_frontier_age_seconds";
const FINISHED_AHEAD: &str = "huiyin_pipeline_calls_finished_ahead_count";
const METADATA_FILL: &str = "huiyin_pipeline_calls_metadata_fill_ratio";
const REFUSED: &str = "huiyin_pipeline_calls_partition_refused_count";
const TRANSACTIONS: &str = "huiyin_pipeline_calls_transactions_total";
const TRANSACTION_TIME: &str = "huiyin_pipeline_calls_transaction_duration_seconds";

const STEP: &[&str] = &["step"];
const BY_PARTITION: &[&str] = &["step", "partition"];

/// Every metric of the call driver.
pub const METRICS: &[Metric] = &[
    Metric::gauge(RUNNING, "calls that run", STEP),
    Metric::gauge(QUEUED, "admitted records that do not run yet", STEP),
    Metric::gauge(OVER_SHARE, "of these, records that wait because a share of theirs is used up", STEP),
    Metric::gauge(
        SUSPECTS,
        "of these, records that ran at two unclean ends in a row and wait for their turn",
        STEP,
    ),
    Metric::gauge(HELD_BYTES, "bytes admitted and not committed, outcomes included", STEP),
    Metric::counter(COMMITTED, "outcomes committed", STEP),
    Metric::counter(RERUNS, "runs of records that may have run before", STEP),
    Metric::counter(SKIPPED, "records skipped because a previous owner committed their outcome", STEP),
    Metric::counter(DEAD_LETTERS, "records ended by a dead letter", STEP),
    Metric::counter(CROWDED, "records ended at once because a share of theirs left no room to others", STEP),
    Metric::counter(STALE, "completions, plans and records of an epoch that was over", STEP),
    Metric::gauge(
        FRONTIER_AGE,
        "seconds since the oldest record was appended that is taken and not done",
        BY_PARTITION,
    ),
    Metric::gauge(FINISHED_AHEAD, "records that are done above the frontier", BY_PARTITION),
    Metric::gauge(
        METADATA_FILL,
        "used part of what bounds the commit metadata; from 1 on nothing is taken",
        BY_PARTITION,
    ),
    Metric::gauge(REFUSED, "1 for a partition that is not read until an operator acts", BY_PARTITION),
    Metric::counter(TRANSACTIONS, "transactions by outcome", &["step", "outcome"]),
    Metric::histogram(TRANSACTION_TIME, "time that a transaction took, whatever its outcome", STEP),
];

pub(super) fn transaction(step: &str, outcome: &'static str, took: Duration) {
    metrics::counter!(TRANSACTIONS, "step" => step.to_owned(), "outcome" => outcome).increment(1);
    metrics::histogram!(TRANSACTION_TIME, "step" => step.to_owned()).record(took.as_secs_f64());
}

/// Shows the driver as it is now, and partitions that it had `before` and has no more as empty.
pub(super) fn status(step: &str, before: &Status, now: &Status) {
    let gauge =
        |name: &'static str, value: usize| metrics::gauge!(name, "step" => step.to_owned()).set(value as f64);
    let total =
        |name: &'static str, value: u64| metrics::counter!(name, "step" => step.to_owned()).absolute(value);
    gauge(RUNNING, now.running);
    gauge(QUEUED, now.queued);
    gauge(OVER_SHARE, now.over_share);
    gauge(SUSPECTS, now.suspects);
    gauge(HELD_BYTES, now.bytes);
    total(COMMITTED, now.committed);
    total(RERUNS, now.reruns);
    total(SKIPPED, now.skipped);
    total(DEAD_LETTERS, now.dead_letters);
    total(CROWDED, now.crowded);
    total(STALE, now.stale);
    for partition in before.partitions.keys().filter(|partition| !now.partitions.contains_key(partition)) {
        show(step, *partition, &super::PartitionStatus::default());
    }
    for (partition, status) in &now.partitions {
        show(step, *partition, status);
    }
}

/// The driver has ended: its partitions are shown as empty.
pub(super) fn ended(step: &str, last: &Status) {
    for partition in last.partitions.keys() {
        show(step, *partition, &super::PartitionStatus::default());
    }
}

fn show(step: &str, partition: i32, status: &super::PartitionStatus) {
    let gauge = |name: &'static str, value: f64| {
        metrics::gauge!(name, "step" => step.to_owned(), "partition" => partition.to_string()).set(value);
    };
    let age = status.frontier_time.map_or(0, |time| WallClock.now().saturating_sub(time).max(0));
    gauge(FRONTIER_AGE, age as f64 / 1_000.0);
    gauge(FINISHED_AHEAD, status.finished_ahead as f64);
    gauge(METADATA_FILL, status.fill as f64 / 100.0);
    gauge(REFUSED, if status.refused.is_some() { 1.0 } else { 0.0 });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::PartitionStatus;
    use crate::gauges::Gauges;

    #[test]
    fn the_age_is_that_of_the_record_and_ends_with_the_partition_or_the_driver() {
        let gauges = Gauges::default();
        let partition = |age| PartitionStatus {
            frontier_time: Some(WallClock.now() - age),
            finished_ahead: 7,
            fill: 80,
            refused: Some("incarnation"),
            ..PartitionStatus::default()
        };
        let status = |partitions: &[(i32, i64)]| Status {
            partitions: partitions.iter().map(|(p, age)| (*p, partition(*age))).collect(),
            ..Status::default()
        };
        metrics::with_local_recorder(&gauges, || {
            let (both, one) = (status(&[(1, 60_000), (2, 5_000)]), status(&[(2, 5_000)]));
            super::status("call", &Status::default(), &both);
            let shown = |p| [FRONTIER_AGE, FINISHED_AHEAD, METADATA_FILL, REFUSED].map(|n| gauges.of(n, p));
            let age = gauges.of(FRONTIER_AGE, 1).unwrap();
            assert!((60.0..65.0).contains(&age), "{age}");
            assert_eq!(shown(1)[1..], [Some(7.0), Some(0.8), Some(1.0)]);
            super::status("call", &both, &one);
            assert_eq!(shown(1), [Some(0.0); 4]);
            assert_ne!(shown(2), [Some(0.0); 4]);
            ended("call", &one);
            assert_eq!(shown(2), [Some(0.0); 4]);
        });
    }
}
