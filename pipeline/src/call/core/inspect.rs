//! How the core is, for operators.

use std::collections::BTreeMap;

use super::Core;
use super::outcome::Outstanding;
use super::partition::{Life, Reading};
use super::quarantine::Quarantine;
use super::status::{PartitionStatus, Status};
use super::tally::Tally;

impl Core {
    pub(crate) fn status(&self, now: u64) -> Status {
        let Tally { stale, skipped, reruns, buried, shed, committed, aborted } = self.tally;
        let running = self.tasks.running().count();
        let waiting = self.waiting.len() + self.outstanding.as_ref().map_or(0, Outstanding::len);
        let mut partitions: BTreeMap<i32, PartitionStatus> = self
            .refused
            .iter()
            .map(|(&p, reason)| (p, PartitionStatus { refused: Some(reason), ..PartitionStatus::default() }))
            .collect();
        for (&number, owned) in self.partitions.iter().filter(|(_, p)| p.life == Life::Owned) {
            let first = owned.ledger.entries().next();
            let refused = if let Reading::Refused(reason) = owned.reading { Some(reason) } else { None };
            let status = PartitionStatus {
                frontier: owned.ledger.frontier(),
                frontier_age_ms: first.map_or(0, |(_, entry)| now.saturating_sub(entry.admitted_at)),
                frontier_time: first.map(|(_, entry)| entry.record.timestamp),
                finished_ahead: owned.finished_ahead(),
                fill: owned.fill(&self.limits),
                incomplete: owned.ledger.incompletes(),
                refused,
            };
            partitions.insert(number, status);
        }
        Status {
            running,
            queued: self.held.records().saturating_sub(running + waiting),
            over_share: self.shares.parked(),
            suspects: self
                .partitions
                .values()
                .filter_map(|p| p.quarantine.as_ref())
                .map(Quarantine::waiting)
                .sum(),
            waiting,
            bytes: self.held.bytes(),
            committed,
            reruns,
            skipped,
            dead_letters: buried,
            crowded: shed,
            aborted,
            stale,
            partitions,
        }
    }
}
