//! The configuration section of the call driver.

use std::time::Duration;

use common::{Problem, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

use super::core::Limits as CoreLimits;
use super::progress::text_size;

/// Part of the 4,096 characters of commit metadata at which a partition stops admitting.
const METADATA_CHARS: usize = 3_072;
/// Shortest wait for a record in quarantine that makes sense: what ends its process does so within a quarter of it.
const PATIENCE_MIN: Duration = Duration::from_millis(100);

/// What becomes of a record whose app or target has used up its room, when little of what a partition or the instance can
/// hold is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overload {
    /// It ends at once as crowded, so that the room that is left stays for others. Right where several apps or targets
    /// share partitions: one that hangs does not stop the others.
    #[default]
    Shed,
    /// It waits in the log, and with it everything behind it in its partition. Right for one app with one target: nothing
    /// ends for want of room, and a backlog is worked off in time.
    Wait,
}

impl Overload {
    /// What suits a deployment with so many apps or targets: a single one has no others to leave room for.
    pub fn among(shares: usize) -> Self {
        if shares > 1 { Self::Shed } else { Self::Wait }
    }
}

/// Bounds on what runs and waits in one instance. Every key has a default.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Calls that one instance runs at a time. 2000 by default.
    pub running: usize,
    /// Part of the running calls that one app or one target may hold, in percent, 1 to 100. The same part of the records
    /// held is what `overload` grants to each. 100 takes both bounds away. 50 by default.
    pub share_percent: usize,
    /// What becomes of a record whose app or target holds its `share_percent`, once nine tenths of the records that a
    /// partition or the instance can hold are used (eight tenths if both its app and its target do). `shed` ends it at
    /// once as crowded; `wait` leaves it in the log with everything behind it. `shed` by default.
    pub overload: Overload,
    /// Records that one instance holds: admitted and not committed. 50000 by default.
    pub records: usize,
    /// Bytes of these records and of their outcomes. 268435456 (256 MiB) by default.
    pub bytes: usize,
    /// Records that one partition holds, 1 to 2500: more might not fit into commit metadata. 2500 by default.
    pub partition_records: usize,
    /// Bytes that one partition holds. 33554432 (32 MiB) by default.
    pub partition_bytes: usize,
    /// Records of one lane that are held, the running one included. What comes beyond is treated as `overload` says. 1000 by
    /// default.
    pub lane_records: usize,
    /// Outcomes of one transaction. 500 by default.
    pub plan_outcomes: usize,
    /// Bytes of one transaction. 4194304 (4 MiB) by default.
    pub plan_bytes: usize,
    /// Bytes of one output. A call with a larger one has failed. 921600 (900 KiB) by default.
    pub output_bytes: usize,
    /// Records in quarantine that run one at a time, 16 at most. From the second unclean end in a row on, records that may
    /// have run at the last two are in quarantine. They run one at a time for as long as this many that do not end by
    /// themselves would take, then in this many groups. With 0 there is no quarantine, and a record that ends its process
    /// is never given up. 8 by default.
    pub quarantine_records: usize,
    /// How long one record in quarantine runs before the next one starts beside it, "100ms" at least. The first one starts
    /// after the same time. A record that ends its process within a quarter of it is given up after the third end in a row,
    /// another one after the fourth or fifth. "1s" by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub quarantine_patience: Duration,
    /// Time within which an admitted record is committed as such while its call runs. A call that is younger at a crash
    /// runs again without the mark `rerun`. "250ms" by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub cover: Duration,
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
            quarantine_patience: Duration::from_secs(1),
            cover: Duration::from_millis(250),
        }
    }
}

/// Validated limits; by default the default ones.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    raw: RawLimits,
}

impl Limits {
    /// Checks what was written in the section `place`.
    ///
    /// # Errors
    /// Every [`Problem`]; each begins with the key that it is about.
    pub fn new(place: &str, raw: RawLimits) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                problems.add(place, what);
            }
        };
        must(raw.running > 0, "running: it must be positive");
        must((1..=100).contains(&raw.share_percent), "share_percent: it is not within 1..=100");
        must((1..=2_500).contains(&raw.partition_records), "partition_records: it is not within 1..=2500");
        must(raw.records >= raw.partition_records, "records: it is smaller than partition_records");
        must(raw.partition_bytes > 0, "partition_bytes: it must be positive");
        must(raw.bytes >= raw.partition_bytes, "bytes: it is smaller than partition_bytes");
        must(raw.lane_records > 0, "lane_records: it must be positive");
        must(raw.plan_outcomes > 0, "plan_outcomes: it must be positive");
        must(raw.output_bytes > 0, "output_bytes: it must be positive");
        must(raw.plan_bytes >= raw.output_bytes, "plan_bytes: it is smaller than output_bytes");
        must(raw.quarantine_records <= 16, "quarantine_records: it is more than 16");
        must(raw.quarantine_patience >= PATIENCE_MIN, "quarantine_patience: it is shorter than 100ms");
        problems.finish(Some(Self { raw }))
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
            patience: millis(raw.quarantine_patience),
            cover: millis(raw.cover),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_alone_waits() {
        assert_eq!([0, 1, 2].map(Overload::among), [Overload::Wait, Overload::Wait, Overload::Shed]);
    }

    #[test]
    fn all_limits_that_contradict_each_other_are_told_at_once_by_key() {
        let raw: RawLimits = toml::from_str(
            r#"
            running = 0
            share_percent = 0
            partition_records = 3_000
            records = 10
            bytes = 1
            lane_records = 0
            plan_outcomes = 0
            output_bytes = 2_000
            plan_bytes = 1_000
            quarantine_records = 17
            quarantine_patience = "99ms"
            "#,
        )
        .unwrap();
        let problems = Limits::new("call", raw).unwrap_err();
        let told: Vec<&str> = problems.iter().filter_map(|found| found.what.split(':').next()).collect();
        assert_eq!(
            told,
            [
                "running",
                "share_percent",
                "partition_records",
                "records",
                "bytes",
                "lane_records",
                "plan_outcomes",
                "plan_bytes",
                "quarantine_records",
                "quarantine_patience",
            ]
        );
        assert!(problems.iter().all(|found| found.place == "call"), "{problems:?}");
        let empty = RawLimits { partition_bytes: 0, output_bytes: 0, ..RawLimits::default() };
        let problems = Limits::new("call", empty).unwrap_err();
        let told: Vec<&str> = problems.iter().map(|found| found.what.as_str()).collect();
        assert_eq!(told, ["partition_bytes: it must be positive", "output_bytes: it must be positive"]);
    }

    #[test]
    fn the_default_limits_are_usable() {
        assert!(Limits::new("call", RawLimits::default()).is_ok());
    }

    #[test]
    fn a_map_at_its_limit_is_three_quarters_of_what_metadata_can_hold() {
        let incarnation = "8b7d2e0a-6f1f-4f0e-9a65-3f6f6d6b6c11";
        let core = Limits::default().core(incarnation);
        let chars = text_size(incarnation, core.map_bytes);
        assert!((METADATA_CHARS - 4..=METADATA_CHARS).contains(&chars), "{chars}");
    }
}
