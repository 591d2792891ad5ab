//! The configuration section of the batch driver.

use std::time::Duration;

use serde::Deserialize;

use super::time::Millis;

/// The driver's limits as written; every key has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Most rows in one block, 1 to 500000: far below the store's own block size, which would cut it in two.
    /// The rows of one record are never separated. 50000 by default.
    pub block_rows: usize,
    /// Bytes of records with rows after which a range is closed. 16 MiB by default: ten thousand rows or more.
    pub range_bytes: usize,
    /// Age at which a range is closed when an insert is free for it, in milliseconds. 500 by default.
    pub range_age_min_ms: u64,
    /// Age at which a range is closed at the latest, in milliseconds. 10000 by default.
    pub range_age_max_ms: u64,
    /// Ranges per second that this instance aims at: with more busy partitions, each waits longer. 10 by default.
    pub ranges_per_second: u32,
    /// Inserts that run at the same time. 4 by default.
    pub inserts: usize,
    /// Time after which an insert without an answer is repeated, in milliseconds. 60000 by default.
    pub insert_timeout_ms: u64,
    /// Longest wait between two attempts, in milliseconds. 10000 by default.
    pub retry_max_ms: u64,
    /// Bytes of records that one partition may hold before it is paused. 32 MiB by default.
    pub partition_bytes: usize,
    /// Bytes of records that the instance may hold before all its partitions are paused. 256 MiB by default.
    pub instance_bytes: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            block_rows: 50_000,
            range_bytes: 16 << 20,
            range_age_min_ms: 500,
            range_age_max_ms: 10_000,
            ranges_per_second: 10,
            inserts: 4,
            insert_timeout_ms: 60_000,
            retry_max_ms: 10_000,
            partition_bytes: 32 << 20,
            instance_bytes: 256 << 20,
        }
    }
}

/// Why the driver's limits cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read batch.{key}: {reason}")]
pub struct LimitsError {
    /// The key.
    pub key: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl LimitsError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        self.key
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

impl Limits {
    /// Checks what was written.
    ///
    /// # Errors
    /// [`LimitsError`] names the first key that cannot be used.
    pub fn new(raw: &RawLimits) -> Result<Self, LimitsError> {
        let must = |holds: bool, key, reason| if holds { Ok(()) } else { Err(LimitsError { key, reason }) };
        must((1..=500_000).contains(&raw.block_rows), "block_rows", "not within 1..=500000")?;
        must(raw.range_bytes > 0, "range_bytes", "must be positive")?;
        must(
            raw.range_age_min_ms <= raw.range_age_max_ms,
            "range_age_min_ms",
            "larger than range_age_max_ms",
        )?;
        must(raw.range_age_max_ms <= 60_000, "range_age_max_ms", "rows would be later than a minute")?;
        must(raw.ranges_per_second > 0, "ranges_per_second", "must be positive")?;
        must(raw.inserts > 0, "inserts", "must be positive")?;
        must(raw.insert_timeout_ms > 0, "insert_timeout_ms", "must be positive")?;
        must(raw.retry_max_ms > 0, "retry_max_ms", "must be positive")?;
        must(raw.partition_bytes >= raw.range_bytes, "partition_bytes", "smaller than range_bytes")?;
        must(raw.instance_bytes >= raw.partition_bytes, "instance_bytes", "smaller than partition_bytes")?;
        Ok(Self {
            block_rows: raw.block_rows,
            range_bytes: raw.range_bytes,
            age_min: raw.range_age_min_ms,
            age_max: raw.range_age_max_ms,
            ranges_per_second: u64::from(raw.ranges_per_second),
            inserts: raw.inserts,
            insert_timeout: Duration::from_millis(raw.insert_timeout_ms),
            retry_base: raw.retry_max_ms.min(200),
            retry_max: raw.retry_max_ms,
            partition_bytes: raw.partition_bytes,
            instance_bytes: raw.instance_bytes,
        })
    }

    /// Age at which a range is closed while `busy` partitions have rows waiting.
    pub(super) fn age(&self, busy: usize) -> Millis {
        let busy = u64::try_from(busy).unwrap_or(u64::MAX);
        (busy.saturating_mul(1_000) / self.ranges_per_second).clamp(self.age_min, self.age_max)
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, RawLimits};

    #[test]
    fn the_defaults_are_usable_and_the_age_adapts_to_the_busy_partitions() {
        let limits = Limits::new(&RawLimits::default()).unwrap();
        assert_eq!(limits.age(1), 500);
        assert_eq!(limits.age(40), 4_000);
        assert_eq!(limits.age(10_000), 10_000);
    }

    #[test]
    fn limits_that_contradict_each_other_are_refused_by_key() {
        let refused = |change: fn(&mut RawLimits)| {
            let mut raw = RawLimits::default();
            change(&mut raw);
            Limits::new(&raw).unwrap_err().key
        };
        assert_eq!(refused(|r| r.block_rows = 1_000_000), "block_rows");
        assert_eq!(refused(|r| r.range_age_min_ms = 20_000), "range_age_min_ms");
        assert_eq!(refused(|r| r.partition_bytes = 1), "partition_bytes");
        assert_eq!(refused(|r| r.instance_bytes = 1), "instance_bytes");
        assert_eq!(refused(|r| r.inserts = 0), "inserts");
    }
}
