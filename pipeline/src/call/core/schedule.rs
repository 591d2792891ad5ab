//! Which record runs next, and what happens when one ends.

use std::sync::Arc;

use super::event::{Action, Burial, Ending, Key};
use super::offset_ledger::{Phase, Work};
use super::outcome::Outcome;
use super::partition::Life;
use super::quarantine::CRASH;
use super::tasks::Task;
use super::{Core, Stopping};
use crate::mutation::is_of_epoch;

impl Core {
    pub(super) fn make_ready(&mut self, partition: i32, offsets: Vec<i64>) {
        let Some(owned) = self.partitions.get(&partition) else { return };
        let keys = offsets.into_iter().map(|offset| owned.key(partition, offset));
        if self.tasks.has_stragglers(partition) { self.late.extend(keys) } else { self.ready.extend(keys) }
    }

    /// As [`Self::make_ready`], before all others.
    pub(super) fn make_ready_first(&mut self, key: Key) {
        if self.tasks.has_stragglers(key.partition) {
            self.late.push(key)
        } else {
            self.ready.push_front(key)
        }
    }

    /// Starts what may start, until the running calls are at their limit.
    pub(super) fn start(&mut self) {
        if self.stopping != Stopping::No {
            return;
        }
        while self.shares.running() < self.limits.running {
            let Some(key) = self.shares.unpark().or_else(|| self.ready.pop_front()) else { return };
            let Some(shares) = self.queued(key).map(|work| work.shares.clone()) else { continue };
            if self.shares.take_or_park(&shares, key) {
                self.begin(key);
            }
        }
    }

    fn queued(&self, key: Key) -> Option<&Work> {
        let owned =
            self.partitions.get(&key.partition).filter(|p| p.epoch == key.epoch && p.life == Life::Owned)?;
        owned.ledger.get(key.offset).filter(|entry| entry.phase == Phase::Queued)?.work.as_ref()
    }

    fn begin(&mut self, key: Key) {
        let watched = self.has_trial();
        let Some(owned) = self.partitions.get_mut(&key.partition) else { return };
        let condemned = owned.is_condemned(key.offset);
        let announce =
            owned.ledger.get(key.offset).is_some_and(|entry| watched || owned.must_announce(entry));
        let ran = owned.quarantine.as_ref().map(|quarantine| quarantine.ran(key.offset));
        match owned.ledger.get_mut(key.offset) {
            Some(entry) if announce && !condemned => {
                entry.phase = Phase::Announced;
                entry.mark.ran = ran.unwrap_or_default();
                self.announced.push(key);
            }
            _ => self.run(key),
        }
    }

    /// Runs a record whose start needs no commit any more.
    pub(super) fn run(&mut self, key: Key) {
        let Some(owned) = self.partitions.get_mut(&key.partition).filter(|p| p.epoch == key.epoch) else {
            return;
        };
        let condemned = owned.is_condemned(key.offset);
        let Some(entry) = owned.ledger.get_mut(key.offset) else { return };
        let Some(work) = &mut entry.work else { return };
        let task = self.tasks.start(Task { key, place: Some(work.shares.clone()) });
        let record = Arc::clone(&entry.record);
        entry.phase = Phase::Running(task);
        if let Some(quarantine) = &mut owned.quarantine {
            quarantine.starts(key.offset, self.now, &self.limits);
        }
        if condemned {
            self.tally.buried += 1;
            self.actions.push(Action::Bury {
                task,
                record,
                burial: Burial { reason: CRASH, rerun: entry.rerun },
            });
        } else {
            self.tally.reruns += u64::from(entry.rerun);
            self.actions.push(Action::Run {
                task,
                record,
                rerun: entry.rerun,
                hard_deadline: work.hard_deadline,
                decoded: std::mem::take(&mut work.decoded),
            });
        }
    }

    pub(super) fn ended(&mut self, task: u64, ending: Ending) {
        let Some(Task { key, place }) = self.tasks.end(task) else {
            self.tally.stale += 1;
            return;
        };
        if let Some(shares) = place {
            self.shares.release(&shares);
        }
        let owned = self.partitions.get_mut(&key.partition).filter(|p| is_of_epoch(key.epoch, p.epoch));
        let Some(owned) = owned.filter(|p| p.life == Life::Owned) else {
            self.tally.stale += 1;
            return self.straggler_ended(key.partition);
        };
        let outputs = match ending {
            Ending::Done(outputs) => outputs,
            // Its record stays incomplete, so the frontier stays below it whatever else goes on.
            Ending::Broken(reason) => return self.refuse(key.partition, reason),
            Ending::Cancelled => return self.refuse(key.partition, "cancelled"),
        };
        let Some(entry) = owned.ledger.get_mut(key.offset) else { return };
        let bytes = outputs.iter().map(crate::Outgoing::size).sum::<usize>();
        entry.phase = Phase::Finished;
        entry.bytes += bytes;
        owned.held.grow(bytes);
        self.held.grow(bytes);
        let lane = entry.work.as_ref().filter(|_| !entry.shed).map(|work| Arc::clone(&work.lane));
        self.waiting.push_back(Outcome::new(key, outputs));
        if let Some(next) = lane.and_then(|lane| owned.lanes.pop(&lane)) {
            let ready = owned.front(next);
            self.make_ready(key.partition, ready);
        }
    }

    fn straggler_ended(&mut self, partition: i32) {
        if self.tasks.straggler_ended(partition) {
            self.ready.extend(self.late.extract_if(.., |key| key.partition == partition));
        }
    }
}
