//! The configuration section of the call driver.

use serde::Deserialize;

use super::core::Limits as CoreLimits;
use super::progress::text_size;

/// Part of the 4,096 characters of commit metadata at which a partition stops admitting.
const METADATA_CHARS: usize = 3_072;

/// What becomes of a record for which its app or target has left no room, in the last fifth of what a partition or the
/// instance can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overload {
    /// It ends at once, by [`crate::call::Handler::crowded`], and the rest stays for others. Right where several apps
    /// or targets share partitions: one that hangs does not stop the others.
    #[default]
    Shed,
    /// It waits in the log, and with it whatever comes behind it in its partition, of whomever. Right where there is
    /// one app with one target: nothing ends for want of room, and a backlog is worked off at leisure.
    Wait,
}

impl Overload {
    /// What suits a deployment with so many apps or targets: who is alone leaves room for nobody.
    pub fn among(shares: usize) -> Self {
        if shares > 1 { Self::Shed } else { Self::Wait }
    }
}

/// The driver's limits as written; every key has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Calls that this instance runs at a time. 2000 by default.
    pub running: usize,
    /// Part of the running calls that one app or one target may hold, in percent; with it an app or a target also
    /// crowds the others among the records held, see `overload`. 100 takes both bounds away. 50 by default.
    pub share_percent: usize,
    /// `shed` or `wait`: when nine tenths of the records that a partition or the instance can hold are used (eight
    /// tenths if it is both the record's app and its target), a record whose app or target has its `share_percent` of
    /// them ends at once as crowded, or waits and lets everything behind it wait. `shed` by default.
    pub overload: Overload,
    /// Records that this instance holds, admitted and not committed. 50000 by default.
    pub records: usize,
    /// Bytes of these records and of their outcomes. 256 MiB by default.
    pub bytes: usize,
    /// Records that one partition holds, 1 to 2500: more might not fit into commit metadata. 2500 by default.
    pub partition_records: usize,
    /// Bytes that one partition holds. 32 MiB by default.
    pub partition_bytes: usize,
    /// Records of one lane, the running one included. With a longer lane it goes as `overload` says. 1000 by default.
    pub lane_records: usize,
    /// Outcomes of one transaction. 500 by default.
    pub plan_outcomes: usize,
    /// Bytes of one transaction. 4 MiB by default.
    pub plan_bytes: usize,
    /// Bytes of one output; a call with a larger one has failed. 900 KiB by default.
    pub output_bytes: usize,
    /// After the second unclean end in a row, records that may have run at both run one at a time, for as long as so
    /// many of them take that do not end by themselves; what is left then runs in so many groups. With 0 everything
    /// always runs at once, and a record that ends its process is never given up. 8 by default, 16 at most.
    pub quarantine_records: usize,
    /// Time after which the next of them starts although the one before has not ended, and before the first does, in
    /// milliseconds. A record that ends its process within a quarter of it is given up after the third end in a row,
    /// another one after the fourth or fifth. 1000 by default, 100 at least.
    pub quarantine_patience_ms: u64,
    /// Time within which an admitted record is committed as such while its call runs, in milliseconds: calls that
    /// are younger at a crash run again without the mark `rerun`. 250 by default.
    pub cover_ms: u64,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            running: 2_000,
            share_percent: 50,
            overload: Overload::Shed,
            records: 50_000,
            bytes: 256 << 20,
            partition_records: 2_500,
            partition_bytes: 32 << 20,
            lane_records: 1_000,
            plan_outcomes: 500,
            plan_bytes: 4 << 20,
            output_bytes: 900 << 10,
            quarantine_records: 8,
            quarantine_patience_ms: 1_000,
            cover_ms: 250,
        }
    }
}

/// Why the driver's limits cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read call limits: {key}: {reason}")]
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
    raw: RawLimits,
}

impl Limits {
    /// Checks what was written.
    ///
    /// # Errors
    /// [`LimitsError`] names the first key that cannot be used.
    pub fn new(raw: RawLimits) -> Result<Self, LimitsError> {
        let must = |holds: bool, key, reason| if holds { Ok(()) } else { Err(LimitsError { key, reason }) };
        must(raw.running > 0, "running", "must be positive")?;
        must((1..=100).contains(&raw.share_percent), "share_percent", "not within 1..=100")?;
        must((1..=2_500).contains(&raw.partition_records), "partition_records", "not within 1..=2500")?;
        must(raw.records >= raw.partition_records, "records", "smaller than partition_records")?;
        must(raw.partition_bytes > 0, "partition_bytes", "must be positive")?;
        must(raw.bytes >= raw.partition_bytes, "bytes", "smaller than partition_bytes")?;
        must(raw.lane_records > 0, "lane_records", "must be positive")?;
        must(raw.plan_outcomes > 0, "plan_outcomes", "must be positive")?;
        must(raw.output_bytes > 0, "output_bytes", "must be positive")?;
        must(raw.plan_bytes >= raw.output_bytes, "plan_bytes", "smaller than output_bytes")?;
        must(raw.quarantine_records <= 16, "quarantine_records", "more than 16")?;
        must(raw.quarantine_patience_ms >= 100, "quarantine_patience_ms", "smaller than 100")?;
        Ok(Self { raw })
    }

    pub(super) fn output_bytes(&self) -> usize {
        self.raw.output_bytes
    }

    /// The core's bounds, for metadata that carries this incarnation.
    pub(super) fn core(&self, incarnation: &str) -> CoreLimits {
        let raw = &self.raw;
        CoreLimits {
            running: raw.running,
            share: (raw.running * raw.share_percent / 100).max(1),
            records: raw.records,
            bytes: raw.bytes,
            partition_records: raw.partition_records,
            partition_bytes: raw.partition_bytes,
            map_bytes: METADATA_CHARS.saturating_sub(text_size(incarnation, 0)) * 3 / 4,
            shed_percent: (raw.overload == Overload::Shed && raw.share_percent < 100)
                .then_some(raw.share_percent),
            lane: raw.lane_records,
            plan_outcomes: raw.plan_outcomes,
            plan_bytes: raw.plan_bytes,
            quarantine: raw.quarantine_records,
            patience: raw.quarantine_patience_ms,
            cover: raw.cover_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_alone_waits() {
        assert_eq!([0, 1, 2].map(Overload::among), [Overload::Wait, Overload::Wait, Overload::Shed]);
    }

    #[test]
    fn limits_that_contradict_each_other_are_refused_by_key() {
        let refused = |change: fn(&mut RawLimits)| {
            let mut raw = RawLimits::default();
            change(&mut raw);
            Limits::new(raw).unwrap_err().key
        };
        assert!(Limits::new(RawLimits::default()).is_ok());
        assert_eq!(refused(|r| r.partition_records = 3_000), "partition_records");
        assert_eq!(refused(|r| r.records = 10), "records");
        assert_eq!(refused(|r| r.share_percent = 0), "share_percent");
        assert_eq!(refused(|r| r.plan_bytes = 10), "plan_bytes");
        assert_eq!(refused(|r| r.quarantine_patience_ms = 99), "quarantine_patience_ms");
    }

    #[test]
    fn a_map_at_its_limit_is_three_quarters_of_what_metadata_can_hold() {
        let incarnation = "8b7d2e0a-6f1f-4f0e-9a65-3f6f6d6b6c11";
        let core = Limits::new(RawLimits::default()).unwrap().core(incarnation);
        let chars = text_size(incarnation, core.map_bytes);
        assert!((METADATA_CHARS - 4..=METADATA_CHARS).contains(&chars), "{chars}");
    }
}
