//! What the driver's thread tells about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::metrics as names;
use super::poller::Poller;
use super::sink::Sink;
use crate::Refusal;
use crate::kafka::{self, Partition};

/// How often health and gauges are brought up to date.
const EVERY: Duration = Duration::from_secs(1);
/// How often the brokers are asked for the ends of the partitions.
const LAG_EVERY: Duration = Duration::from_secs(10);
/// How long each side of the logs may take.
const BOUNDS: Duration = Duration::from_secs(2);

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Partitions were assigned at least once.
    pub joined: bool,
    shown: Option<Instant>,
    asked: Option<Instant>,
    lag: Option<BTreeMap<Partition, i64>>,
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

impl<S: Sink> Poller<S> {
    pub(super) fn show_when_due(&mut self) {
        if self.report.shown.is_none_or(|at| at.elapsed() >= EVERY) {
            if self.report.asked.is_none_or(|at| at.elapsed() >= LAG_EVERY) {
                self.ask_lag();
            }
            self.show();
        }
    }

    /// Brings health and gauges up to date, and alerts for each partition that is newly refused.
    #[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
    pub(super) fn show(&mut self) {
        self.report.shown = Some(Instant::now());
        let partitions = || self.machine.partitions();
        let refused: Vec<(Partition, Refusal)> =
            partitions().filter_map(|(p, a)| Some((p.clone(), a.refused?))).collect();
        let buffered: usize = partitions().map(|(_, assigned)| assigned.bytes).sum();
        let failing = partitions().filter_map(|(_, a)| a.failing()).reduce(|a, b| (a.0.min(b.0), a.1 || b.1));
        for (partition, refusal) in refused.iter().filter(|new| !self.report.refused.contains(new)) {
            let (topic, index) = (&*partition.topic, partition.index);
            tracing::error!(topic, partition = index, reason = refusal.label(), error = %refusal, "partition refused");
        }
        metrics::gauge!(names::BUFFERED).set(buffered as f64);
        metrics::gauge!(names::REFUSED).set(refused.len() as f64);
        let all: BTreeSet<Partition> = partitions().map(|(partition, _)| partition.clone()).collect();
        let shown = refused.iter().map(|(partition, refusal)| (partition.clone(), refusal.label())).collect();
        let owned = all.iter().filter(|partition| !refused.iter().any(|(other, _)| other == *partition));
        let owned = owned.cloned().collect();
        let lag = self.report.lag.as_ref().map(|lag| lag.values().map(|n| n.unsigned_abs()).sum());
        self.ages();
        self.report.gauged.change(all);
        self.ends.board.show(|health| {
            (health.owned, health.refused) = (owned, shown);
            health.status.lag = lag;
            health.status.retrying_since = failing.map(|(since, _)| self.instant(since));
            health.status.store_refuses = failing.is_some_and(|(_, fatal)| fatal);
            health.status.buffered_bytes = buffered;
            health.status.topics.clone_from(self.machine.tally.topics());
        });
        self.report.refused = refused;
    }

    /// The gauges of each partition.
    fn ages(&self) {
        for (partition, assigned) in self.machine.partitions() {
            let age = assigned.waiting_since().map_or(Duration::ZERO, |at| self.instant(at).elapsed());
            let millis = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            names::of_partition(names::PENDING_AGE, partition, millis, 1_000.0);
            if let Some(lag) = self.report.lag.as_ref().and_then(|lag| lag.get(partition)) {
                names::of_partition(names::LAG, partition, lag.unsigned_abs(), 1.0);
            }
        }
    }

    /// Asks for the ends of all partitions and counts the records up to there.
    fn ask_lag(&mut self) {
        self.report.asked = Some(Instant::now());
        match self.behind() {
            Ok(behind) => self.report.lag = Some(behind),
            Err(error) => {
                tracing::debug!(%error, "ask lag");
                self.report.lag = None;
            }
        }
    }

    /// Records between what was read of each partition and its last stable offset.
    fn behind(&self) -> Result<BTreeMap<Partition, i64>, kafka::Error> {
        // The client's positions also pass the markers of transactions, which are never delivered.
        let positions: BTreeMap<_, _> = self.consumer.positions()?.into_iter().collect();
        let mut behind = BTreeMap::new();
        let all: Vec<Partition> = self.machine.partitions().map(|(partition, _)| partition.clone()).collect();
        let bounds = self.log.bounds(&all, BOUNDS)?;
        for ((partition, assigned), (low, end)) in self.machine.partitions().zip(bounds) {
            let taken = if assigned.refused.is_some() { low } else { assigned.next() };
            let passed = positions.get(partition).copied().flatten().filter(|_| assigned.refused.is_none());
            behind.insert(partition.clone(), (end - passed.unwrap_or(taken).max(taken)).max(0));
        }
        Ok(behind)
    }

    /// Every record before the present ends is stored and committed.
    pub(super) fn is_caught_up(&mut self) -> bool {
        let clean =
            self.machine.partitions().all(|(_, assigned)| assigned.is_clean() && assigned.refused.is_none());
        self.show();
        self.report.joined && clean && self.behind().is_ok_and(|behind| behind.values().all(|n| *n == 0))
    }
}
