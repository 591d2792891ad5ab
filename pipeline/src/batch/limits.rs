//! The configuration section of the batch driver.

use std::time::Duration;

use common::{Problem, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

use super::time::{Millis, millis};

/// Sizes, ages and memory of the ranges that are stored. Every key has a default.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Most rows in one block, 1 to 500000. Far below the store's own block size, which would cut a block in two; the
    /// rows of one record are never separated. 50000 by default.
    pub block_rows: usize,
    /// Bytes of records with rows after which a range is closed. 33554432 (32 MiB) by default, which is ten to twenty
    /// thousand rows of a table.
    pub range_bytes: usize,
    /// Age at which a range is closed when an insert is free for it and no backlog fills it. "500ms" by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub range_age_min: Duration,
    /// Age at which a range is closed at the latest, a minute at most. "10s" by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub range_age_max: Duration,
    /// Ranges per second that one instance aims at. With more busy partitions each range waits longer. 10 by default.
    pub ranges_per_second: u32,
    /// Inserts that one instance runs at a time. 4 by default.
    pub inserts: usize,
    /// Time after which an insert without an answer is repeated. "1m" by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub insert_timeout: Duration,
    /// Longest wait between two attempts of an insert. "10s" by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub retry_max: Duration,
    /// Bytes of records that one partition holds before it is paused. 67108864 (64 MiB) by default.
    pub partition_bytes: usize,
    /// Bytes of records that one instance holds before all its partitions are paused. 268435456 (256 MiB) by default.
    pub instance_bytes: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            block_rows: 50_000,
            range_bytes: 32 << 20,
            range_age_min: Duration::from_millis(500),
            range_age_max: Duration::from_secs(10),
            ranges_per_second: 10,
            inserts: 4,
            insert_timeout: Duration::from_secs(60),
            retry_max: Duration::from_secs(10),
            partition_bytes: 64 << 20,
            instance_bytes: 256 << 20,
        }
    }
}

/// Validated limits.
#[derive(Debug, Clone)]
pub struct Limits {
    pub(super) block_rows: usize,
    pub(super) range_bytes: usize,
    pub(super) age_min: Millis,
    pub(super) age_max: Millis,
    pub(super) ranges_per_second: u64,
    pub(super) inserts: usize,
    pub(super) insert_timeout: Duration,
    pub(super) retry_base: Millis,
    pub(super) retry_max: Millis,
    pub(super) partition_bytes: usize,
    pub(super) instance_bytes: usize,
}

/// Wait after the first failure of an insert, at most.
const RETRY_BASE: Duration = Duration::from_millis(200);
/// Rows that are stored later than this would be of little use.
const OLDEST: Duration = Duration::from_secs(60);

impl Limits {
    /// Checks what was written in the section `place`.
    ///
    /// # Errors
    /// Every [`Problem`]; each begins with the key that it is about.
    pub fn new(place: &str, raw: &RawLimits) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                problems.add(place, what);
            }
        };
        must((1..=500_000).contains(&raw.block_rows), "block_rows: it is not within 1..=500000");
        must(raw.range_bytes > 0, "range_bytes: it must be positive");
        must(raw.range_age_min <= raw.range_age_max, "range_age_min: it is larger than range_age_max");
        must(raw.range_age_max <= OLDEST, "range_age_max: rows would be later than a minute");
        must(raw.ranges_per_second > 0, "ranges_per_second: it must be positive");
        must(raw.inserts > 0, "inserts: it must be positive");
        must(!raw.insert_timeout.is_zero(), "insert_timeout: it must be positive");
        must(!raw.retry_max.is_zero(), "retry_max: it must be positive");
        must(raw.partition_bytes >= raw.range_bytes, "partition_bytes: it is smaller than range_bytes");
        must(raw.instance_bytes >= raw.partition_bytes, "instance_bytes: it is smaller than partition_bytes");
        problems.finish(Some(Self {
            block_rows: raw.block_rows,
            range_bytes: raw.range_bytes,
            age_min: millis(raw.range_age_min),
            age_max: millis(raw.range_age_max),
            ranges_per_second: u64::from(raw.ranges_per_second),
            inserts: raw.inserts,
            insert_timeout: raw.insert_timeout,
            retry_base: millis(raw.retry_max.min(RETRY_BASE)),
            retry_max: millis(raw.retry_max),
            partition_bytes: raw.partition_bytes,
            instance_bytes: raw.instance_bytes,
        }))
    }

    /// Age at which a range is closed while `busy` partitions have rows waiting.
    pub(super) fn age(&self, busy: usize) -> Millis {
        let busy = u64::try_from(busy).unwrap_or(u64::MAX);
        (busy.saturating_mul(1_000) / self.ranges_per_second).clamp(self.age_min, self.age_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_usable_and_the_age_adapts_to_the_busy_partitions() {
        let limits = Limits::new("batch", &RawLimits::default()).unwrap();
        assert_eq!(limits.age(1), 500);
        assert_eq!(limits.age(40), 4_000);
        assert_eq!(limits.age(10_000), 10_000);
    }

    #[test]
    fn all_limits_that_contradict_each_other_are_told_at_once_by_key() {
        let raw: RawLimits = toml::from_str(
            r#"
            block_rows = 1_000_000
            range_bytes = 0
            range_age_min = "3m"
            range_age_max = "2m"
            ranges_per_second = 0
            inserts = 0
            insert_timeout = "0s"
            retry_max = "0s"
            instance_bytes = 1
            "#,
        )
        .unwrap();
        let problems = Limits::new("account.batch", &raw).unwrap_err();
        let told: Vec<&str> = problems.iter().filter_map(|found| found.what.split(':').next()).collect();
        assert_eq!(
            told,
            [
                "block_rows",
                "range_bytes",
                "range_age_min",
                "range_age_max",
                "ranges_per_second",
                "inserts",
                "insert_timeout",
                "retry_max",
                "instance_bytes",
            ]
        );
        assert!(problems.iter().all(|found| found.place == "account.batch"), "{problems:?}");
        let small = RawLimits { partition_bytes: 1, ..RawLimits::default() };
        let problems = Limits::new("account.batch", &small).unwrap_err();
        assert_eq!(problems[0].what, "partition_bytes: it is smaller than range_bytes");
    }
}
