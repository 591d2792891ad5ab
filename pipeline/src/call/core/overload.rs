//! Who holds the records that are admitted and not committed, and when one more has to end at once.
//!
//! A partition is read in order: a record that is left in the log leaves everything behind it in the log as well. An app
//! or a target that hangs would fill its partitions and stop everybody else, so the last part of the room is kept for
//! those who hold little: from [`ALL`] percent on a record ends as crowded when every share of it holds its part of the
//! incompletes, from [`ANY`] percent on when one does. The step between the two lets an app go on beside a flood of
//! another whose target it shares, and one target beside another of the same app.
//!
//! Who comes behind is not known before it is read, so a share that is alone is treated like any other; a deployment
//! where nobody else can come sets [`crate::call::Overload::Wait`]. What a previous owner admitted is never shed:
//! it has its room, and it may have run.
//!
//! A lane that is full would stop its partition just so: its next record ends as well. And a lane of which a record was
//! shed is torn: its later records end too, until nothing of it is left here. Otherwise the end of an answer could
//! go out although its middle did not.

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
