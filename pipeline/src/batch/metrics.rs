//! Metrics of the batch driver.

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
        meaning: "age in seconds of the oldest record read and not committed",
        labels: &[],
    },
    Metric { name: LAG, meaning: "records behind the ends of the assigned partitions", labels: &[] },
    Metric {
        name: REFUSED,
        meaning: "assigned partitions that are not read until an operator acts",
        labels: &[],
    },
    Metric { name: BUFFERED, meaning: "bytes of records that are read and not committed", labels: &[] },
];
