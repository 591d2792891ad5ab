//! Metrics of the fold driver. The label `step` is the role of the configuration, a closed set.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::Metric;

const STEP: &[&str] = &["step"];
const BY_PARTITION: &[&str] = &["step", "partition"];

pub(super) const RECORDS: &str = "huiyin_fold_records_total";
pub(super) const TRANSACTIONS: &str = "huiyin_fold_transactions_total";
pub(super) const CLOCKS: &str = "huiyin_fold_clocks_total";
pub(super) const DEAD_LETTERS: &str = "huiyin_fold_dead_letters_total";
pub(super) const ROLL_BACKS: &str = "huiyin_fold_roll_backs_total";
pub(super) const REFUSED: &str = "huiyin_fold_refused_total";
pub(super) const REFUSED_PARTITIONS: &str = "huiyin_fold_refused_partitions";
pub(super) const OWNED_PARTITIONS: &str = "huiyin_fold_owned_partitions";
pub(super) const RESTORE_SECONDS: &str = "huiyin_fold_restore_seconds";
pub(super) const TRANSACTION_SECONDS: &str = "huiyin_fold_transaction_seconds";
pub(super) const FRONTIER_AGE: &str = "huiyin_fold_frontier_age_seconds";

/// Every metric of the fold driver.
pub const METRICS: &[Metric] = &[
    Metric::counter(RECORDS, "records folded and committed", STEP),
    Metric::counter(TRANSACTIONS, "transactions by how they ended", &["step", "outcome"]),
    Metric::counter(CLOCKS, "clock records appended and committed", STEP),
    Metric::counter(DEAD_LETTERS, "records given up and committed as dead letters", STEP),
    Metric::counter(ROLL_BACKS, "times that states were put back to the last commit", STEP),
    Metric::counter(REFUSED, "partitions that were refused or stopped, by reason", &["step", "reason"]),
    Metric::gauge(REFUSED_PARTITIONS, "owned partitions that are not folded", STEP),
    Metric::gauge(OWNED_PARTITIONS, "partitions that are restored and folded", STEP),
    Metric::histogram(RESTORE_SECONDS, "seconds from assignment to restored, per partition", STEP),
    Metric::histogram(TRANSACTION_SECONDS, "seconds from begin to the outcome of a transaction", STEP),
    Metric::gauge(
        FRONTIER_AGE,
        "seconds since the oldest record was appended that is not committed; 0 when all are",
        BY_PARTITION,
    ),
];

/// One driver's part of its step's gauges; other drivers of the step may run in the same process.
#[derive(Debug)]
pub(super) struct Gauges {
    step: String,
    /// Partitions whose age is shown. A partition that is revoked is shown as 0 once more.
    aged: BTreeSet<i32>,
    owned: usize,
    refused: usize,
}

impl Gauges {
    /// Nothing is shown yet.
    pub(super) fn new(step: &str) -> Self {
        Self { step: step.to_owned(), aged: BTreeSet::new(), owned: 0, refused: 0 }
    }

    /// Shows how many partitions this driver folds, and how many it has and does not fold.
    pub(super) fn count(&mut self, owned: usize, refused: usize) {
        let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        metrics::gauge!(OWNED_PARTITIONS, "step" => self.step.clone())
            .increment(number(owned) - number(self.owned));
        metrics::gauge!(REFUSED_PARTITIONS, "step" => self.step.clone())
            .increment(number(refused) - number(self.refused));
        (self.owned, self.refused) = (owned, refused);
    }

    /// Shows how long the oldest uncommitted record of each partition has waited. `since` has its append time, if there is one.
    pub(super) fn ages(&mut self, since: &BTreeMap<i32, Option<i64>>, now: i64) {
        for partition in self.aged.iter().filter(|partition| !since.contains_key(partition)) {
            self.set(*partition, 0);
        }
        for (partition, since) in since {
            self.set(*partition, since.map_or(0, |time| now - time));
        }
        self.aged = since.keys().copied().collect();
    }

    fn set(&self, partition: i32, millis: i64) {
        let age = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        metrics::gauge!(FRONTIER_AGE, "step" => self.step.clone(), "partition" => partition.to_string())
            .set(age.as_secs_f64());
    }
}

impl Drop for Gauges {
    fn drop(&mut self) {
        self.ages(&BTreeMap::new(), 0);
        self.count(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gauges::Gauges as Shown;

    #[test]
    fn a_partition_that_goes_and_every_one_at_the_end_is_shown_without_age() {
        let shown = Shown::default();
        metrics::with_local_recorder(&shown, || {
            let mut gauges = Gauges::new("decide");
            gauges.ages(&BTreeMap::from([(1, Some(4_000)), (2, Some(1_000)), (3, None)]), 9_000);
            let age = |partition| shown.of(FRONTIER_AGE, partition);
            assert_eq!([1, 2, 3, 4].map(age), [Some(5.0), Some(8.0), Some(0.0), None]);
            gauges.ages(&BTreeMap::from([(1, Some(4_000))]), 10_000);
            assert_eq!([1, 2].map(age), [Some(6.0), Some(0.0)]);
            drop(gauges);
            assert_eq!(age(1), Some(0.0));
        });
    }

    #[test]
    fn drivers_of_one_step_are_counted_together_until_they_end() {
        let shown = Shown::default();
        metrics::with_local_recorder(&shown, || {
            let mut drivers = [Gauges::new("decide"), Gauges::new("decide")];
            drivers[0].count(3, 0);
            drivers[1].count(2, 1);
            drivers[0].count(4, 0);
            let counts = || [OWNED_PARTITIONS, REFUSED_PARTITIONS].map(|name| shown.total(name));
            assert_eq!(counts(), [Some(6.0), Some(1.0)]);
            let [one, other] = drivers;
            drop(other);
            assert_eq!(counts(), [Some(4.0), Some(0.0)]);
            drop(one);
            assert_eq!(counts(), [Some(0.0), Some(0.0)]);
        });
    }
}
