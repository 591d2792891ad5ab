//! Metrics of the batch driver.

use crate::kafka::Partition;
use crate::metrics::Metric;

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
    Metric {
        name: ROWS,
        meaning: "rows that the store took; a repeated range counts again",
        labels: &["table"],
    },
    Metric {
        name: BLOCKS,
        meaning: "blocks that the store took; a repeated range counts again",
        labels: &["table"],
    },
    Metric { name: INSERT_SECONDS, meaning: "duration of one insert in seconds", labels: &["table"] },
    Metric { name: RETRIES, meaning: "inserts that failed and are repeated", labels: &["table"] },
    Metric {
        name: DEAD_LETTERS,
        meaning: "records that were written to the dead letters",
        labels: &["reason"],
    },
    Metric {
        name: PENDING_AGE,
        meaning: "seconds since the oldest record was read that is not committed",
        labels: BY_PARTITION,
    },
    Metric { name: LAG, meaning: "records behind the end of an assigned partition", labels: BY_PARTITION },
    Metric {
        name: REFUSED,
        meaning: "assigned partitions that are not read until an operator acts",
        labels: &[],
    },
    Metric { name: BUFFERED, meaning: "bytes of records that are read and not committed", labels: &[] },
];

/// One of the gauges that each partition has.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
pub(super) fn of_partition(name: &'static str, partition: &Partition, value: u64, scale: f64) {
    let (topic, index) = (partition.topic.to_string(), partition.index.to_string());
    metrics::gauge!(name, "topic" => topic, "partition" => index).set(value as f64 / scale);
}
