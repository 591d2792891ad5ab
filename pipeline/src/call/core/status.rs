//! What an operator may know of the core.

use std::collections::BTreeMap;

use super::outcome::Outstanding;
use super::partition::{Life, Reading};
use super::quarantine::Quarantine;
use super::{Core, Tally};

/// One owned partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartitionStatus {
    /// Lowest offset that is not committed as done.
    pub frontier: i64,
    /// How long the record at the frontier has been admitted, in milliseconds; 0 when none is.
    pub frontier_age_ms: u64,
    /// When the record at the frontier was appended, in milliseconds since the epoch; `None` when none is admitted.
    pub frontier_time: Option<i64>,
    /// Records that are done above the frontier.
    pub finished_ahead: usize,
    /// Records admitted and not committed.
    pub incomplete: usize,
    /// How much is used of what bounds the commit metadata, in percent: of its length, or of the records in it.
    pub fill: usize,
    /// Why the partition is refused and not read, if it is.
    pub refused: Option<&'static str>,
}

/// The driver at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Calls that run.
    pub running: usize,
    /// Records admitted that do not run yet.
    pub queued: usize,
    /// Of these, records that wait because a share of theirs is used up.
    pub over_share: usize,
    /// Of these, records that ran at two unclean ends in a row and wait for their turn.
    pub suspects: usize,
    /// Outcomes that wait for a transaction.
    pub waiting: usize,
    /// Bytes admitted and not committed, outcomes included.
    pub bytes: usize,
    /// Outcomes committed since the start.
    pub committed: u64,
    /// Runs of records that may have run before, since the start.
    pub reruns: u64,
    /// Records skipped because their outcome was committed by a previous owner, since the start.
    pub skipped: u64,
    /// Dead letters written, since the start.
    pub dead_letters: u64,
    /// Records ended at once because a share of theirs left no room to others, since the start.
    pub crowded: u64,
    /// Transactions that were aborted, since the start.
    pub aborted: u64,
    /// Completions, plans and records of an epoch that was over; they changed nothing.
    pub stale: u64,
    /// Owned partitions by number.
    pub partitions: BTreeMap<i32, PartitionStatus>,
}

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
