//! One assigned partition: its ledger, its lanes, whether it is read, and how careful its first records are taken.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::RESUME_PERCENT;
use super::crowding::{ALL, Holders};
use super::event::{Commit, Key, Position};
use super::lanes::Lanes;
use super::ledger::{Entry, Ledger, Phase};
use super::limits::Limits;

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

/// After an unclean end records run one at a time, so that a crash can be blamed on one.
#[derive(Debug, Default)]
struct Probation {
    /// The previous owner's end was unclean: what it had admitted has seen one crash already.
    unclean: bool,
    /// How many more records are on probation because they are the first.
    left: usize,
    /// Fronts of lanes that wait for their turn.
    held: BTreeSet<i64>,
    /// The one that has its turn, and since when.
    current: Option<(i64, u64)>,
}

#[derive(Debug)]
pub(super) struct Partition {
    pub(super) epoch: u64,
    pub(super) session: u64,
    pub(super) reading: Reading,
    pub(super) life: Life,
    pub(super) ledger: Ledger,
    pub(super) lanes: Lanes,
    pub(super) committed: Option<Commit>,
    /// This owner's commits say that it has not closed yet: from now on a crash is noticed by the next owner.
    pub(super) opened: bool,
    /// Highest admitted offset that is committed, and since when a higher one is not.
    pub(super) covered: i64,
    pub(super) uncovered_since: Option<u64>,
    pub(super) bytes: usize,
    pub(super) held: Holders,
    probation: Probation,
}

impl Partition {
    pub(super) fn new(epoch: u64, position: Position, limits: &Limits) -> Self {
        let Position { progress, committed } = position;
        let left = if progress.clean { 0 } else { limits.probation };
        Self {
            epoch,
            session: 0,
            reading: Reading::On,
            life: Life::Owned,
            covered: progress.high,
            ledger: Ledger::new(progress),
            lanes: Lanes::default(),
            committed,
            opened: false,
            uncovered_since: None,
            bytes: 0,
            held: Holders::default(),
            probation: Probation { unclean: left > 0, left, ..Probation::default() },
        }
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
        !self.held.keeps_held(limits.crowding, self.fill(limits))
    }

    /// The bound on the map's size may be too high after records are gone.
    pub(super) fn measure_if_filling(&mut self, limits: &Limits) {
        if self.fill(limits) >= ALL {
            self.ledger.measure();
        }
    }

    fn over_bytes(&self, limits: &Limits, percent: usize) -> bool {
        self.bytes > 0 && self.bytes * 100 >= limits.partition_bytes * percent
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

    /// A record became the front of its lane: it may run now, or after those on probation.
    pub(super) fn front(&mut self, offset: i64, now: u64) -> Vec<i64> {
        self.probation.held.insert(offset);
        self.turn(now)
    }

    /// Fronts whose turn has come. A suspect that takes long keeps only those on probation waiting.
    fn turn(&mut self, now: u64) -> Vec<i64> {
        let mut ready = Vec::new();
        let waiting: Vec<i64> = self.probation.held.iter().copied().collect();
        for offset in waiting {
            if self
                .probation
                .current
                .is_some_and(|(current, _)| self.probation.left > 0 || self.is_innocent(current))
            {
                break;
            }
            let Some(entry) = self.ledger.get_mut(offset) else { continue };
            let suspect = entry.before.attempts > 0;
            if suspect || self.probation.left > 0 {
                if self.probation.current.is_some() {
                    continue;
                }
                let seen = u8::from(!suspect && entry.rerun && self.probation.unclean);
                entry.mark.attempts = entry.before.attempts.saturating_add(1 + seen);
                self.probation.current = Some((offset, now));
                self.probation.left = self.probation.left.saturating_sub(1);
            }
            self.probation.held.remove(&offset);
            ready.push(offset);
        }
        ready
    }

    /// A record's outcome is committed: the next may have its turn.
    pub(super) fn probe_ended(&mut self, offset: i64, now: u64) -> Vec<i64> {
        if self.probation.current.is_some_and(|(current, _)| current == offset) {
            self.probation.current = None;
            return self.turn(now);
        }
        Vec::new()
    }

    /// When the record that has its turn has had it long enough for the next not to wait. One that was on probation
    /// at a crash is waited for to its end.
    pub(super) fn probe_due(&self, patience: u64) -> Option<u64> {
        let (offset, since) = self.probation.current?;
        self.is_innocent(offset).then(|| since + patience)
    }

    fn is_innocent(&self, offset: i64) -> bool {
        self.ledger.get(offset).is_none_or(|entry| entry.before.attempts == 0)
    }

    /// Its turn goes to the next while it runs on.
    pub(super) fn probe_overtaken(&mut self, now: u64) -> Vec<i64> {
        self.probation.current = None;
        self.turn(now)
    }

    /// Whether the start of a record must be committed before it runs.
    pub(super) fn must_announce(&self, entry: &Entry) -> bool {
        let start = entry.work.as_ref().is_some_and(|work| work.commit_start) && !entry.before.started;
        !self.opened || start || entry.mark.attempts > entry.before.attempts
    }

    /// Nothing more is taken or started; what is queued is left for the next owner.
    pub(super) fn close(&mut self) -> Vec<i64> {
        self.life = Life::Closing;
        self.probation = Probation::default();
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
