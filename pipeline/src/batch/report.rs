//! What the driver's thread tells about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::handle::Status;
use super::job::Failing;
use super::machine::Machine;
use super::metrics as names;
use super::time::{Stopwatch, millis};
use crate::Refusal;
use crate::driver::Board;
use crate::kafka::Partition;

/// How often health and gauges are brought up to date.
const EVERY: Duration = Duration::from_secs(1);
/// How often the brokers are asked for the ends of the partitions.
const LAG_EVERY: Duration = Duration::from_secs(10);

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Report {
    shown: Option<Instant>,
    asked: Option<Instant>,
    lag: Option<BTreeMap<Partition, u64>>,
    refused: Vec<(Partition, Refusal)>,
    gauged: Shown,
}

/// Partitions that have gauges of their own; those that go are shown once more, as empty.
#[derive(Debug, Default)]
struct Shown(BTreeSet<Partition>);

impl Shown {
    fn change(&mut self, now: BTreeSet<Partition>) {
        for gone in self.0.difference(&now) {
            names::of_partition(names::PENDING_AGE, gone, 0, 1.0);
            names::of_partition(names::LAG, gone, 0, 1.0);
        }
        self.0 = now;
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.change(BTreeSet::new());
    }
}

impl Report {
    /// Health and gauges are old.
    pub(super) fn is_due(&self) -> bool {
        self.shown.is_none_or(|at| at.elapsed() >= EVERY)
    }

    /// The lag is old.
    pub(super) fn wants_lag(&self) -> bool {
        self.asked.is_none_or(|at| at.elapsed() >= LAG_EVERY)
    }

    /// Takes the records that are still to be read of each partition; `None` when they are not known.
    pub(super) fn take_lag(&mut self, lag: Option<BTreeMap<Partition, u64>>) {
        self.asked = Some(Instant::now());
        self.lag = lag;
    }

    /// Brings health and gauges up to date, and alerts for each partition that is newly refused.
    #[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
    pub(super) fn show<R: Clone>(
        &mut self,
        machine: &Machine<R>,
        board: &Board<Status>,
        stopwatch: Stopwatch,
    ) {
        self.shown = Some(Instant::now());
        let partitions = || machine.partitions();
        let refused: Vec<(Partition, Refusal)> =
            partitions().filter_map(|(p, a)| Some((p.clone(), a.refused?))).collect();
        let buffered: usize = partitions().map(|(_, assigned)| assigned.bytes).sum();
        let failing = partitions().filter_map(|(_, assigned)| assigned.failing()).reduce(Failing::worse);
        for (partition, refusal) in refused.iter().filter(|new| !self.refused.contains(new)) {
            let (topic, index) = (&*partition.topic, partition.index);
            tracing::error!(topic, partition = index, reason = refusal.label(), error = %refusal, "partition refused");
        }
        metrics::gauge!(names::BUFFERED).set(buffered as f64);
        metrics::gauge!(names::REFUSED).set(refused.len() as f64);
        let all: BTreeSet<Partition> = partitions().map(|(partition, _)| partition.clone()).collect();
        let shown = refused.iter().map(|(partition, refusal)| (partition.clone(), refusal.label())).collect();
        let owned = all.iter().filter(|partition| !refused.iter().any(|(other, _)| other == *partition));
        let owned = owned.cloned().collect();
        let lag = self.lag.as_ref().map(|lag| lag.values().sum());
        self.show_partitions(machine, stopwatch);
        self.gauged.change(all);
        board.show(|health| {
            (health.owned, health.refused) = (owned, shown);
            health.status.lag = lag;
            health.status.retrying_since = failing.map(|failing| stopwatch.instant(failing.since));
            health.status.store_refuses = failing.is_some_and(|failing| failing.fatal);
            health.status.buffered_bytes = buffered;
            health.status.topics.clone_from(machine.tally.topics());
        });
        self.refused = refused;
    }

    /// The gauges of each partition.
    fn show_partitions<R: Clone>(&self, machine: &Machine<R>, stopwatch: Stopwatch) {
        for (partition, assigned) in machine.partitions() {
            let age = assigned.waiting_since().map_or(Duration::ZERO, |at| stopwatch.instant(at).elapsed());
            names::of_partition(names::PENDING_AGE, partition, millis(age), 1_000.0);
            if let Some(&lag) = self.lag.as_ref().and_then(|lag| lag.get(partition)) {
                names::of_partition(names::LAG, partition, lag, 1.0);
            }
        }
    }
}
