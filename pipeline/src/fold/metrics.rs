//! Metrics of the fold driver. The label `step` is the role of the configuration, a closed set.

use crate::metrics::Metric;

const STEP: &[&str] = &["step"];

/// Counter.
pub(super) const RECORDS: &str = "huiyin_fold_records_total";
/// Counter.
pub(super) const TRANSACTIONS: &str = "huiyin_fold_transactions_total";
/// Counter.
pub(super) const CLOCKS: &str = "huiyin_fold_clocks_total";
/// Counter.
pub(super) const DEAD_LETTERS: &str = "huiyin_fold_dead_letters_total";
/// Counter.
pub(super) const ROLL_BACKS: &str = "huiyin_fold_roll_backs_total";
/// Counter.
pub(super) const REFUSED: &str = "huiyin_fold_refused_total";
/// Gauge.
pub(super) const REFUSED_PARTITIONS: &str = "huiyin_fold_refused_partitions";
/// Gauge.
pub(super) const OWNED_PARTITIONS: &str = "huiyin_fold_owned_partitions";
/// Histogram.
pub(super) const RESTORE_SECONDS: &str = "huiyin_fold_restore_seconds";
/// Histogram.
pub(super) const TRANSACTION_SECONDS: &str = "huiyin_fold_transaction_seconds";
/// Gauge.
pub(super) const FRONTIER_AGE: &str = "huiyin_fold_frontier_age_seconds";

/// Every metric of the fold driver.
pub const METRICS: &[Metric] = &[
    Metric { name: RECORDS, meaning: "records folded and committed", labels: STEP },
    Metric { name: TRANSACTIONS, meaning: "transactions by how they ended", labels: &["step", "outcome"] },
    Metric { name: CLOCKS, meaning: "clock records appended and committed", labels: STEP },
    Metric { name: DEAD_LETTERS, meaning: "records given up and committed as dead letters", labels: STEP },
    Metric { name: ROLL_BACKS, meaning: "times that states were put back to the last commit", labels: STEP },
    Metric {
        name: REFUSED,
        meaning: "partitions that were refused or stopped, by reason",
        labels: &["step", "reason"],
    },
    Metric { name: REFUSED_PARTITIONS, meaning: "owned partitions that are not folded", labels: STEP },
    Metric { name: OWNED_PARTITIONS, meaning: "partitions that are restored and folded", labels: STEP },
    Metric {
        name: RESTORE_SECONDS,
        meaning: "seconds from assignment to restored, per partition",
        labels: STEP,
    },
    Metric {
        name: TRANSACTION_SECONDS,
        meaning: "seconds from begin to the outcome of a transaction",
        labels: STEP,
    },
    Metric {
        name: FRONTIER_AGE,
        meaning: "seconds since the oldest last-folded record of a partition that has more to read was appended",
        labels: STEP,
    },
];
