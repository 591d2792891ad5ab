//! One assigned partition: its ledger, its lanes, whether it is read, and which of its records are suspects.

use std::sync::Arc;

use super::event::{Assignment, Commit, Key, Position};
use super::holdings::{ALL, Holdings};
use super::lanes::Lanes;
use super::limits::{Limits, RESUME_PERCENT};
use super::offset_ledger::{Entry, OffsetLedger, Phase};
use super::quarantine::Quarantine;
use crate::call::progress::Progress;

/// Whether records of the partition are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    On,
    /// Over some budget, because of this lane if one is named.
    Held(Option<Arc<[u8]>>),
    /// Until the partition is assigned anew.
    Refused(&'static str),
}

/// What gates a partition's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Owned,
    /// To be released after a last plan.
    Closing,
}

#[derive(Debug)]
pub(super) struct Partition {
    pub(super) epoch: u64,
    pub(super) session: u64,
    pub(super) reading: Reading,
    pub(super) life: Life,
    pub(super) ledger: OffsetLedger,
    pub(super) lanes: Lanes,
    pub(super) committed: Option<Commit>,
    /// This owner's commits say that it has not closed yet: from now on a crash is noticed by the next owner.
    pub(super) opened: bool,
    /// Highest admitted offset that is committed, and since when a higher one is not.
    pub(super) covered: i64,
    pub(super) uncovered_since: Option<u64>,
    pub(super) held: Holdings,
    /// While records that may have run at an unclean end are not done.
    pub(super) quarantine: Option<Quarantine>,
}

impl Partition {
    pub(super) fn new(epoch: u64, position: Position, now: u64, limits: &Limits) -> Self {
        let Position { mut progress, committed, end } = position;
        let quarantine = Quarantine::judge(&mut progress, end, now, limits);
        Self {
            epoch,
            session: 0,
            reading: Reading::On,
            life: Life::Owned,
            covered: progress.high,
            ledger: OffsetLedger::new(progress),
            lanes: Lanes::default(),
            committed,
            opened: false,
            uncovered_since: None,
            held: Holdings::default(),
            quarantine,
        }
    }

    pub(super) fn assignment(&self, partition: i32) -> Assignment {
        Assignment { partition, epoch: self.epoch }
    }

    pub(super) fn key(&self, partition: i32, offset: i64) -> Key {
        Key { partition, epoch: self.epoch, offset }
    }

    /// Whether one more record of `lane` must wait in the log.
    pub(super) fn full(&self, limits: &Limits, lane: Option<&Arc<[u8]>>) -> Option<Reading> {
        // What the previous owner left of a lane is in the map already.
        if !self.ledger.restoring() && lane.is_some_and(|lane| self.lanes.len(lane) >= limits.lane) {
            return Some(Reading::Held(lane.cloned()));
        }
        (self.over_bytes(limits, 100) || self.fill(limits) >= 100).then_some(Reading::Held(None))
    }

    /// Whether a held partition may go on: every budget is well below its limit again.
    pub(super) fn may_resume(&mut self, limits: &Limits) -> bool {
        let Reading::Held(lane) = &self.reading else { return false };
        let long = lane.as_ref().is_some_and(|l| self.lanes.len(l) * 100 > limits.lane * RESUME_PERCENT);
        if self.life == Life::Closing || long || self.over_bytes(limits, RESUME_PERCENT) {
            return false;
        }
        self.ledger.measure();
        !self.held.keeps_held(limits.shed_percent, self.fill(limits))
    }

    /// The bound on the map's size may be too high after records are gone.
    pub(super) fn measure_if_filling(&mut self, limits: &Limits) {
        if self.fill(limits) >= ALL {
            self.ledger.measure();
        }
    }

    fn over_bytes(&self, limits: &Limits, percent: usize) -> bool {
        self.held.bytes() > 0 && self.held.bytes() * 100 >= limits.partition_bytes * percent
    }

    /// How much of what bounds the map is used, in percent. What the previous owner left is in the map already: taking
    /// it makes nothing longer.
    pub(super) fn fill(&self, limits: &Limits) -> usize {
        if self.ledger.restoring() {
            return 0;
        }
        let records = self.ledger.incompletes() * 100 / limits.partition_records;
        records.max(self.ledger.size() * 100 / limits.map_bytes.max(1))
    }

    /// A record became the front of its lane: it may run now, or waits for its trial.
    pub(super) fn front(&mut self, offset: i64) -> Vec<i64> {
        match self.quarantine.as_mut().filter(|quarantine| quarantine.suspects(offset)) {
            Some(quarantine) => quarantine.hold(offset),
            None => return vec![offset],
        }
        Vec::new()
    }

    /// Found to be what ends the process: it does not run again.
    pub(super) fn is_condemned(&self, offset: i64) -> bool {
        self.quarantine.as_ref().is_some_and(|quarantine| quarantine.condemned == Some(offset))
    }

    /// Whether the start of a record must be committed before it runs.
    pub(super) fn must_announce(&self, entry: &Entry) -> bool {
        let start = entry.work.as_ref().is_some_and(|work| work.commit_start) && !entry.before.started;
        !self.opened || start || self.quarantine.is_some()
    }

    /// As it is to be committed.
    pub(super) fn progress(&self, now: u64) -> Progress {
        self.with_history(self.ledger.progress(), now)
    }

    /// As it is to be committed when this owner closes with it.
    pub(super) fn last_progress(&self, now: u64) -> Progress {
        let left = |offset| self.quarantine.as_ref().map(|quarantine| quarantine.left(offset));
        self.with_history(self.ledger.last_progress(|offset| left(offset).unwrap_or_default()), now)
    }

    fn with_history(&self, mut progress: Progress, now: u64) -> Progress {
        progress.history = self.quarantine.as_ref().and_then(|quarantine| quarantine.history(&progress, now));
        progress
    }

    /// Nothing more is taken or started; what is queued is left for the next owner.
    pub(super) fn close(&mut self) -> Vec<i64> {
        self.life = Life::Closing;
        let mut announced = Vec::new();
        for (offset, entry) in self.ledger.entries_mut() {
            if entry.phase == Phase::Announced {
                entry.phase = Phase::Queued;
                announced.push(offset);
            }
        }
        announced
    }

    /// Admitted and finished, but held back from the frontier by others.
    pub(super) fn finished_ahead(&self) -> usize {
        let span = usize::try_from(self.ledger.high() - self.ledger.frontier()).unwrap_or(usize::MAX);
        span.saturating_sub(self.ledger.incompletes())
    }
}
