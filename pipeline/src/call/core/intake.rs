//! Partitions that come and go, and records that are admitted or left in the log.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::event::{Action, Assignment, Disposition, Item, Position};
use super::limits::RESUME_PERCENT;
use super::offset_ledger::{Arrival, Entry, Past, Phase, Unrun, Work};
use super::outcome::Outcome;
use super::partition::{Life, Partition, Reading};
use super::{Core, Stopping};
use crate::call::handler::Admission;
use crate::call::progress::{Mark, Ran};
use crate::mutation::is_of_epoch;

impl Core {
    pub(super) fn assigned(&mut self, partition: i32, epoch: u64, position: Result<Position, &'static str>) {
        if matches!(self.stopping, Stopping::Leaving(_) | Stopping::Done) {
            return;
        }
        self.forget(partition);
        match position {
            Ok(position) => {
                self.partitions.insert(partition, Partition::new(epoch, position, self.now, &self.limits));
            }
            Err(reason) => {
                self.refused.insert(partition, reason);
                self.alert(partition, reason);
            }
        }
        self.tell_ownership();
    }

    /// Begins to give a partition up: its running calls end here, finished outcomes go into a last plan.
    pub(super) fn close(&mut self, assignment: Assignment) {
        let Assignment { partition, epoch } = assignment;
        if self.partitions.get(&partition).is_some_and(|p| p.epoch == epoch) {
            self.give_up(partition);
        } else {
            self.refused.remove(&partition);
            self.actions.push(Action::Released(assignment));
        }
        self.tell_ownership();
    }

    pub(super) fn lost(&mut self, partitions: &[i32]) {
        for &partition in partitions {
            self.refused.remove(&partition);
            self.forget(partition);
        }
        self.tell_ownership();
    }

    /// Drops all state of a partition; whatever still arrives for its epoch is stale.
    pub(super) fn forget(&mut self, partition: i32) {
        if !self.partitions.contains_key(&partition) {
            return;
        }
        self.give_up(partition);
        if let Some(outstanding) = self.outstanding.as_ref().filter(|plan| plan.names(partition)) {
            self.actions.push(Action::Abandon { plan: outstanding.id });
        }
        self.waiting.retain(|outcome| outcome.key.partition != partition);
        if let Some(gone) = self.partitions.remove(&partition) {
            self.held.forget(&gone.held);
        }
        self.tasks.forget(partition);
    }

    fn give_up(&mut self, partition: i32) {
        let Some(owned) = self.partitions.get_mut(&partition).filter(|p| p.life == Life::Owned) else {
            return;
        };
        for offset in owned.close() {
            if let Some(work) = owned.ledger.get(offset).and_then(|entry| entry.work.as_ref()) {
                self.shares.release(&work.shares);
            }
        }
        for (_, entry) in owned.ledger.entries() {
            if let Phase::Running(task) = entry.phase {
                self.actions.push(Action::Abort { task });
            }
        }
        self.shares.forget(partition);
        self.ready.retain(|key| key.partition != partition);
        self.late.retain(|key| key.partition != partition);
        self.announced.retain(|key| key.partition != partition);
    }

    pub(super) fn delivered(&mut self, partition: i32, epoch: u64, session: u64, items: Vec<Item>) {
        let live =
            |p: &Partition| is_of_epoch(epoch, p.epoch) && p.session == session && p.life == Life::Owned;
        for item in items {
            let Some(owned) = self.partitions.get_mut(&partition).filter(|p| live(p)) else {
                self.tally.stale += 1;
                continue;
            };
            if owned.reading != Reading::On {
                // It stays in the log, and is read again from there.
                return;
            }
            let offset = item.record.offset;
            match owned.ledger.arrival(offset) {
                Arrival::Seen => self.tally.stale += 1,
                Arrival::Done => {
                    owned.ledger.pass(offset);
                    self.tally.skipped += 1;
                }
                Arrival::New(past) => {
                    owned.measure_if_filling(&self.limits);
                    let shed = self.sheds(partition, &item);
                    if let Err(reading) = self.room(partition, &item, shed) {
                        self.hold(partition, reading);
                    } else {
                        self.admit(partition, item, past, shed);
                    }
                }
            }
        }
    }

    fn room(&self, partition: i32, item: &Item, shed: bool) -> Result<(), Reading> {
        let lane = match &item.disposition {
            Disposition::Run(admission) => Some(&admission.lane).filter(|_| !shed),
            Disposition::Dead(_) | Disposition::Cancel(_) => None,
            Disposition::Pause(reason) => return Err(Reading::Refused(reason)),
        };
        if self.stopping != Stopping::No || self.over_bytes(100) || self.fill() >= 100 {
            return Err(Reading::Held(None));
        }
        self.partitions.get(&partition).and_then(|owned| owned.full(&self.limits, lane)).map_or(Ok(()), Err)
    }

    fn over_bytes(&self, percent: usize) -> bool {
        self.held.bytes() * 100 >= self.limits.bytes * percent
    }

    fn hold(&mut self, partition: i32, reading: Reading) {
        if let Some(owned) = self.partitions.get_mut(&partition) {
            if let Reading::Refused(reason) = reading {
                self.actions.push(Action::Alert { partition, reason });
            }
            owned.reading = reading;
            self.actions.push(Action::Pause(owned.assignment(partition)));
        }
    }

    /// Refuses a partition whose log does not have what comes next.
    pub(super) fn bounds(&mut self, partition: i32, epoch: u64, log: RangeInclusive<i64>) {
        let owned = self.partitions.get(&partition).filter(|p| p.epoch == epoch);
        if owned.is_some_and(|p| !log.contains(&p.ledger.next())) {
            self.refuse(partition, "out_of_range");
        }
    }

    /// Stops reading a partition for good; what it has admitted goes on.
    pub(super) fn refuse(&mut self, partition: i32, reason: &'static str) {
        let refused = |p: &Partition| matches!(p.reading, Reading::Refused(_));
        if !self.partitions.get(&partition).is_none_or(refused) {
            self.hold(partition, Reading::Refused(reason));
        }
    }

    fn admit(&mut self, partition: i32, item: Item, past: Past, shed: bool) {
        let Some(owned) = self.partitions.get_mut(&partition) else { return };
        let Item { record, disposition } = item;
        let (offset, mut bytes) = (record.offset, record.size());
        let (mut dead, mut cancelled) = (None, None);
        let work = match disposition {
            Disposition::Run(Admission { lane, shares, hard_deadline, commit_start, name, decoded }) => {
                Some(Work { lane, shares, hard_deadline, commit_start, name, decoded })
            }
            Disposition::Cancel(name) => {
                cancelled = Some(name);
                None
            }
            Disposition::Dead(outputs) => {
                bytes += outputs.iter().map(crate::Outgoing::size).sum::<usize>();
                dead = Some(outputs);
                None
            }
            Disposition::Pause(_) => return,
        };
        let before = match &owned.quarantine {
            Some(_) if offset >= owned.ledger.restored_high() => Mark { ran: Ran::Idle, ..past.mark },
            _ => past.mark,
        };
        let announces = !shed && work.as_ref().is_some_and(|work| work.commit_start);
        let rerun = if announces { before.started } else { past.may_have_run };
        let mark = Mark { started: before.started || announces, ..before };
        let phase = if dead.is_some() { Phase::Finished } else { Phase::Queued };
        let lane = work.as_ref().map(|work| Arc::clone(&work.lane));
        let (unrun, cancelled_by, admitted_at) = (Unrun::No, Vec::new(), self.now);
        let entry =
            Entry { record, phase, work, before, mark, rerun, unrun, cancelled_by, bytes, admitted_at };
        owned.held.admit(&entry);
        self.held.admit(&entry);
        owned.ledger.admit(offset, entry);
        if owned.ledger.high() > owned.covered {
            owned.uncovered_since.get_or_insert(self.now);
        }
        let key = owned.key(partition, offset);
        if let Some(outputs) = dead {
            self.tally.buried += 1;
            self.waiting.push_back(Outcome::new(key, outputs));
        } else if let Some(name) = cancelled {
            self.cancel(key, &name);
        } else if shed {
            self.shed(key);
        } else if lane.is_some_and(|lane| owned.lanes.push(&lane, offset)) {
            let ready = owned.front(offset);
            self.make_ready(partition, ready);
        }
    }

    /// Reads held partitions again that are well below their limits.
    pub(super) fn resume(&mut self) {
        if self.stopping != Stopping::No
            || self.over_bytes(RESUME_PERCENT)
            || self.held.keeps_held(self.limits.shed_percent, self.fill())
        {
            return;
        }
        for (&partition, owned) in &mut self.partitions {
            if owned.may_resume(&self.limits) {
                owned.reading = Reading::On;
                owned.session += 1;
                let (session, from) = (owned.session, owned.ledger.next());
                self.actions.push(Action::Resume { assignment: owned.assignment(partition), session, from });
            }
        }
    }
}
