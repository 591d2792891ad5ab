//! Metrics of the batch driver.

use crate::kafka::Partition;
use common::Metric;

pub(super) const ROWS: &str = "huiyin_account_rows_total";
pub(super) const BLOCKS: &str = "huiyin_account_blocks_total";
pub(super) const INSERT_SECONDS: &str = "huiyin_account_insert_seconds";
pub(super) const RETRIES: &str = "huiyin_account_insert_retries_total";
pub(super) const DEAD_LETTERS: &str = "huiyin_account_dead_letters_total";
pub(super) const PENDING_AGE: &str = "huiyin_account_pending_age_seconds";
pub(super) const LAG: &str = "huiyin_account_lag_records";
pub(super) const REFUSED: &str = "huiyin_account_refused_partitions_count";
pub(super) const BUFFERED: &str = "huiyin_account_buffered_bytes";

const BY_PARTITION: &[&str] = &["topic", "partition"];

/// Every metric that the batch driver writes.
pub const METRICS: &[Metric] = &[
    Metric::counter(ROWS, "rows that the store took; a repeated range counts again", &["table"]),
    Metric::counter(BLOCKS, "blocks that the store took; a repeated range counts again", &["table"]),
    Metric::histogram(INSERT_SECONDS, "duration of one insert in seconds", &["table"]),
    Metric::counter(RETRIES, "inserts that failed and are repeated", &["table"]),
    Metric::counter(DEAD_LETTERS, "records that were written to the dead letters", &["reason"]),
    Metric::gauge(
        PENDING_AGE,
        "seconds since the oldest record was read that is not committed",
        BY_PARTITION,
    ),
    Metric::gauge(LAG, "records behind the end of an assigned partition", BY_PARTITION),
    Metric::gauge(REFUSED, "assigned partitions that are not read until an operator acts", &[]),
    Metric::gauge(BUFFERED, "bytes of records that are read and not committed", &[]),
];

/// One of the gauges that each partition has.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
pub(super) fn of_partition(name: &'static str, partition: &Partition, value: u64, scale: f64) {
    let (topic, index) = (partition.topic.to_string(), partition.index.to_string());
    metrics::gauge!(name, "topic" => topic, "partition" => index).set(value as f64 / scale);
}
