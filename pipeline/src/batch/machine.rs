//! The pure core: what is read, answered and elapsed goes in, actions come out. No client and no clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use common::random::SplitMix64;

use super::action::{Action, Assignment, Commit, DeadLetter, Due};
use super::assigned::{Assigned, Start, Taken};
use super::job::InsertResult;
use super::limits::Limits;
use super::range::Built;
use super::sink::InsertError;
use super::tally::Tally;
use super::time::Millis;
use crate::kafka::Partition;
use crate::mutation::is_of_epoch;
use crate::{Record, Refusal, Refused};

/// All assigned partitions.
#[derive(Debug)]
pub(super) struct Machine<R> {
    limits: Limits,
    partitions: BTreeMap<Partition, Assigned<R>>,
    epochs: u64,
    running: usize,
    full: bool,
    flushing: bool,
    /// Records that were appended before this, by the broker's clock in milliseconds since the epoch, are read late: more wait behind them.
    late_before: i64,
    random: SplitMix64,
    pub tally: Tally,
}

impl<R: Clone> Machine<R> {
    pub(super) fn new(limits: Limits, seed: u64, tables: &[&'static str]) -> Self {
        Self {
            limits,
            partitions: BTreeMap::new(),
            epochs: 0,
            running: 0,
            full: false,
            flushing: false,
            late_before: i64::MIN,
            random: SplitMix64::new(seed),
            tally: Tally::new(tables),
        }
    }

    /// A partition is ours from where `start` says; a refused one is only held; the shell has paused it.
    pub(super) fn assign(&mut self, partition: Partition, start: Result<Start, Refusal>, now: Millis) {
        self.epochs += 1;
        let (start, refusal) = match start {
            Ok(start) => (start, None),
            Err(refusal) => (Start { position: i64::MAX, pending: None, fresh: false }, Some(refusal)),
        };
        let mut assigned = Assigned::new(self.epochs, start, now);
        if let Some(refusal) = refusal {
            assigned.refuse(refusal);
            assigned.paused = true;
        }
        self.partitions.insert(partition, assigned);
    }

    /// Reads a partition no further.
    pub(super) fn refuse(&mut self, partition: &Partition, refusal: Refusal) {
        if let Some(assigned) = self.partitions.get_mut(partition) {
            assigned.refuse(refusal);
        }
    }

    /// Version of the row builder for a record; `None` when it is not wanted (a duplicate, a stale delivery).
    pub(super) fn builder(&self, partition: &Partition, offset: i64, current: u32) -> Option<u32> {
        if self.flushing { None } else { self.partitions.get(partition)?.builder(offset, current) }
    }

    /// Tells the time of day, in milliseconds since the epoch.
    pub(super) fn tell_time(&mut self, wall: i64) {
        self.late_before = wall.saturating_sub(i64::try_from(self.limits.age_max).unwrap_or(i64::MAX));
    }

    /// Takes a record with what builder `version` made of it.
    pub(super) fn record(
        &mut self,
        record: Arc<Record>,
        built: Result<Vec<(usize, R)>, Refused>,
        version: u32,
        now: Millis,
    ) {
        let partition = Partition { topic: Arc::clone(&record.topic), index: record.partition };
        let Some(assigned) = self.partitions.get_mut(&partition) else { return };
        let built: Built<R> = match built {
            Ok(rows) => Ok(rows),
            Err(Refused::DeadLetter { reason }) => Err(reason),
            Err(Refused::Pause { reason }) => {
                return assigned.refuse(Refusal::Unreadable { offset: record.offset, reason });
            }
        };
        let is_late = record.timestamp < self.late_before;
        assigned.push(Taken { record, built, version, is_late }, &self.limits, now);
    }

    /// Everything that is due, in the order in which it should be done.
    pub(super) fn step(&mut self, now: Millis) -> Due<R> {
        let (mut actions, mut commits) = (Vec::new(), Vec::new());
        let busy = self.partitions.values().filter(|assigned| assigned.waiting_since().is_some()).count();
        // Memory is full and no insert will free it: what waits for its age would only wait.
        let stuck = self.full && self.running == 0;
        let age = if self.flushing || stuck { 0 } else { self.limits.age(busy) };
        let mut open = self.partitions.values().filter(|assigned| assigned.is_open()).count();
        for (partition, assigned) in &mut self.partitions {
            let assignment = Assignment { partition: partition.clone(), epoch: assigned.epoch };
            let was_open = assigned.is_open();
            // No insert is free for another range, so this one fills on as long as its age allows.
            let waits = age > 0 && !was_open && open >= self.limits.inserts;
            // Behind a backlog the next records are there at once: they fill the block, as long as memory is left.
            let fills_on = waits || (age > 0 && !self.full && assigned.is_late(self.limits.age_min, now));
            let age = if fills_on { self.limits.age_max } else { age };
            if let Some((offset, pending)) = assigned.step(age, now) {
                commits.push(Commit { assignment: assignment.clone(), offset, pending });
            }
            open += usize::from(!was_open && assigned.is_open());
            if assigned.draining {
                continue;
            }
            let letters = assigned.working().map(|active| active.letters()).unwrap_or_default();
            actions.extend(letters.into_iter().map(|(record, reason)| {
                Action::DeadLetter(DeadLetter { assignment: assignment.clone(), table: None, record, reason })
            }));
        }
        self.inserts(now, &mut actions);
        self.pauses(&mut actions);
        Due { actions, commits }
    }

    /// Starts the inserts that have waited longest, as many as may run.
    fn inserts(&mut self, now: Millis, actions: &mut Vec<Action<R>>) {
        let mut due = Vec::new();
        for (partition, assigned) in self.partitions.iter_mut().filter(|(_, assigned)| !assigned.draining) {
            let epoch = assigned.epoch;
            for job in assigned.working().into_iter().flat_map(|active| &active.jobs) {
                if let Some(at) = job.due().filter(|at| *at <= now) {
                    due.push((at, Assignment { partition: partition.clone(), epoch }, job.table));
                }
            }
        }
        due.sort();
        for (_, assignment, table) in due.into_iter().take(self.limits.inserts.saturating_sub(self.running)) {
            let active = self.partitions.get_mut(&assignment.partition).and_then(Assigned::working);
            if let Some(block) =
                active.and_then(|a| a.start(&assignment.partition.topic, assignment.partition.index, table))
            {
                self.running += 1;
                actions.push(Action::Insert { assignment, block });
            }
        }
    }

    /// Pauses for memory, with hysteresis; a refused partition stays paused.
    fn pauses(&mut self, actions: &mut Vec<Action<R>>) {
        let over = |held: usize, limit: usize, was: bool| held >= if was { limit / 5 * 3 } else { limit };
        let held = self.partitions.values().map(|assigned| assigned.bytes).sum();
        self.full = over(held, self.limits.instance_bytes, self.full);
        for (partition, assigned) in &mut self.partitions {
            assigned.full = over(assigned.bytes, self.limits.partition_bytes, assigned.full);
            let memory = (assigned.full || self.full) && !assigned.replaying();
            let pause = assigned.refused.is_some() || self.flushing || memory;
            if pause != assigned.paused {
                assigned.paused = pause;
                actions.push(if pause {
                    Action::Pause(partition.clone())
                } else {
                    Action::Resume(partition.clone())
                });
            }
        }
    }

    fn current(&mut self, assignment: &Assignment) -> Option<&mut Assigned<R>> {
        self.partitions
            .get_mut(&assignment.partition)
            .filter(|assigned| is_of_epoch(assignment.epoch, assigned.epoch))
    }

    /// A commit took effect.
    pub(super) fn committed(&mut self, assignment: &Assignment, now: Millis) {
        if let Some(assigned) = self.current(assignment) {
            let records = assigned.committed(now);
            self.tally.committed(&assignment.partition.topic, records);
        }
    }

    /// A commit failed, or nobody knows whether it took effect.
    pub(super) fn not_committed(&mut self, assignment: &Assignment, now: Millis) {
        if let Some(assigned) = self.current(assignment) {
            assigned.not_committed(now);
        }
    }

    /// An insert ended. Returns the dead letter that it calls for.
    pub(super) fn inserted(
        &mut self,
        assignment: Assignment,
        table: usize,
        result: &Result<(), InsertError>,
        now: Millis,
    ) -> Option<DeadLetter> {
        self.running = self.running.saturating_sub(1);
        let assigned = self
            .partitions
            .get_mut(&assignment.partition)
            .filter(|assigned| is_of_epoch(assignment.epoch, assigned.epoch))?;
        let active = assigned.working()?;
        let job = active.jobs.iter_mut().find(|job| job.table == table)?;
        match job.answer(result, now, &self.limits, &mut self.random) {
            InsertResult::Stored(rows) => self.tally.stored(&assignment.partition.topic, table, rows),
            InsertResult::Retry => self.tally.retried(table),
            InsertResult::Split => {}
            InsertResult::DeadLetter(entry) => {
                let record = Arc::clone(active.records.get(entry)?);
                return Some(DeadLetter { assignment, table: Some(table), record, reason: "rejected" });
            }
        }
        None
    }

    /// A dead letter is written.
    pub(super) fn dead_lettered(&mut self, letter: &DeadLetter) {
        self.tally.dead_letter(&letter.assignment.partition.topic, letter.reason);
        if let Some(active) = self.current(&letter.assignment).and_then(Assigned::working) {
            active.dead_lettered(letter.table);
        }
    }

    /// Starts nothing more for these partitions; what runs may end.
    pub(super) fn drain(&mut self, gone: &[Partition]) {
        for partition in gone {
            if let Some(assigned) = self.partitions.get_mut(partition) {
                assigned.draining = true;
            }
        }
    }

    /// Waiting longer for these partitions would change nothing.
    pub(super) fn is_drained(&self, gone: &[Partition]) -> bool {
        gone.iter().filter_map(|partition| self.partitions.get(partition)).all(Assigned::is_drained)
    }

    /// Drops everything of a partition; what is still under way for it will be ignored.
    pub(super) fn forget(&mut self, partition: &Partition) {
        self.partitions.remove(partition);
    }

    /// Takes no more records and closes every range, for a shutdown.
    pub(super) fn flush(&mut self) {
        self.flushing = true;
    }

    /// After [`Self::flush`]: what was read is stored, except ranges that would have to be read again.
    pub(super) fn is_flushed(&self) -> bool {
        self.partitions.values().all(|assigned| assigned.is_clean() || assigned.replaying())
    }

    /// The assigned partitions.
    pub(super) fn partitions(&self) -> impl Iterator<Item = (&Partition, &Assigned<R>)> {
        self.partitions.iter()
    }
}

#[cfg(test)]
mod tests;
