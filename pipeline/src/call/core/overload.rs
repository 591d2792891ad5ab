//! When a record ends at once so that others have room.
//!
//! A partition is read in order: leaving one record in the log leaves everything behind it there as well. An app or a target
//! that hangs would fill its partitions and stop everybody else, so the last part of the room is kept for those who hold
//! little. From eight tenths on a record is shed when every share of it holds its part of the records, from nine tenths
//! on when one of them does. The step between the two lets an app go on beside a flood of another app that uses the same
//! target, and one target beside another of the same app.
//!
//! Nobody knows who comes next before it is read, so a share that is alone is treated like any other. A deployment where
//! nobody else can come sets [`crate::call::Overload::Wait`]. What a previous owner admitted is never shed: it has its room
//! already, and it may have run.
//!
//! A lane that is full would stop its partition in the same way, so its next record is shed as well. A lane of which a
//! record was shed is torn: its later records are shed too, until nothing of the lane is held. Otherwise the end of an
//! answer could be sent although its middle was not.

use std::sync::Arc;

use super::Core;
use super::event::{Action, Disposition, Item, Key};
use super::offset_ledger::Phase;
use super::tasks::Task;

impl Core {
    /// How much of the instance's records are used, in percent.
    pub(super) fn fill(&self) -> usize {
        self.held.records() * 100 / self.limits.records
    }

    /// Whether a new record is to end instead of being run.
    pub(super) fn sheds(&self, partition: i32, item: &Item) -> bool {
        let (Some(part), Disposition::Run(admission)) = (self.limits.shed_percent, &item.disposition) else {
            return false;
        };
        let Some(owned) = self.partitions.get(&partition).filter(|p| !p.ledger.restoring()) else {
            return false;
        };
        owned.lanes.is_torn(&admission.lane)
            || owned.lanes.len(&admission.lane) >= self.limits.lane
            || owned.held.sheds(&admission.shares, part, owned.fill(&self.limits))
            || self.held.sheds(&admission.shares, part, self.fill())
    }

    /// Ends an admitted record as crowded, by a task that takes nobody's place.
    pub(super) fn shed(&mut self, key: Key) {
        let Some(owned) = self.partitions.get_mut(&key.partition) else { return };
        let Some(entry) = owned.ledger.get_mut(key.offset) else { return };
        let Some(work) = &entry.work else { return };
        owned.lanes.tear(&work.lane);
        let task = self.tasks.start(Task { key, place: None });
        let record = Arc::clone(&entry.record);
        entry.phase = Phase::Running(task);
        self.tally.shed += 1;
        self.actions.push(Action::Shed { task, record, rerun: entry.rerun });
    }
}
