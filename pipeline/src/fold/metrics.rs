//! Metrics of the fold driver. The label `step` is the role of the configuration, a closed set.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::metrics::Metric;

const STEP: &[&str] = &["step"];
const BY_PARTITION: &[&str] = &["step", "partition"];

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
        meaning: "seconds since the oldest record was appended that is not committed; 0 when all are",
        labels: BY_PARTITION,
    },
];

/// The ages of one step's partitions. Partitions that go are shown once more, as 0.
#[derive(Debug)]
pub(super) struct Ages {
    step: String,
    shown: BTreeSet<i32>,
}

impl Ages {
    /// Nothing is shown yet.
    pub(super) fn new(step: &str) -> Self {
        Self { step: step.to_owned(), shown: BTreeSet::new() }
    }

    /// Shows since when, if it does, the oldest record of each partition waits that is not committed.
    pub(super) fn show(&mut self, since: &BTreeMap<i32, Option<i64>>, now: i64) {
        for partition in self.shown.iter().filter(|partition| !since.contains_key(partition)) {
            self.set(*partition, 0);
        }
        for (partition, since) in since {
            self.set(*partition, since.map_or(0, |time| now - time));
        }
        self.shown = since.keys().copied().collect();
    }

    fn set(&self, partition: i32, millis: i64) {
        let age = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        metrics::gauge!(FRONTIER_AGE, "step" => self.step.clone(), "partition" => partition.to_string())
            .set(age.as_secs_f64());
    }
}

impl Drop for Ages {
    fn drop(&mut self) {
        self.show(&BTreeMap::new(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gauges::Gauges;

    #[test]
    fn a_partition_that_goes_and_every_one_at_the_end_is_shown_without_age() {
        let gauges = Gauges::default();
        metrics::with_local_recorder(&gauges, || {
            let mut ages = Ages::new("decide");
            ages.show(&BTreeMap::from([(1, Some(4_000)), (2, Some(1_000)), (3, None)]), 9_000);
            let shown = |partition| gauges.of(FRONTIER_AGE, partition);
            assert_eq!([1, 2, 3, 4].map(shown), [Some(5.0), Some(8.0), Some(0.0), None]);
            ages.show(&BTreeMap::from([(1, Some(4_000))]), 10_000);
            assert_eq!([1, 2].map(shown), [Some(6.0), Some(0.0)]);
            drop(ages);
            assert_eq!(shown(1), Some(0.0));
        });
    }
}
