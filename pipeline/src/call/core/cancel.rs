//! Records that cancel an earlier one, wherever that is.
//!
//! What waits ends at once, by a task that takes nobody's place: in its lane, for a share, on trial, or for its start to be
//! committed. What runs is told, and ends by itself. What has ended, or was never admitted here, needs nothing.
//!
//! A cancel is done when what it cancels is. Until then both are in the commit metadata as incomplete, so that the next owner
//! reads both, the cancelled one first.

use std::sync::Arc;

use super::Core;
use super::event::{Action, Key};
use super::offset_ledger::{Phase, Unrun};
use super::outcome::Outcome;
use super::tasks::Task;
use crate::call::cancellation::Name;
use crate::mutation::{self, Mutation};

impl Core {
    /// An admitted record, `by`, cancels the one of that name.
    pub(super) fn cancel(&mut self, by: Key, name: &Name) {
        let Some(owned) = self.partitions.get_mut(&by.partition) else { return };
        let named = owned.ledger.named(name).map(|offset| Key { offset, ..by });
        let entry = named.and_then(|key| owned.ledger.get_mut(key.offset));
        let open = entry.filter(|entry| !matches!(entry.phase, Phase::Finished | Phase::Planned));
        let (Some(key), Some(entry)) = (named, open) else { return self.cancelled(by) };
        entry.cancelled_by.push(by.offset);
        self.tally.cancelled += u64::from(entry.cancelled_by.len() == 1);
        match entry.phase {
            Phase::Running(task) => self.actions.push(Action::Cancel { task }),
            phase => self.call_off(key, phase),
        }
        if mutation::is(Mutation::EarlyCancel) {
            self.cancelled(by);
        }
    }

    /// A cancel that finds nothing to cancel is done.
    fn cancelled(&mut self, by: Key) {
        let owned = self.partitions.get_mut(&by.partition);
        if let Some(entry) = owned.and_then(|owned| owned.ledger.get_mut(by.offset)) {
            entry.phase = Phase::Finished;
            self.waiting.push_back(Outcome::new(by, Vec::new()));
        }
    }

    /// Ends a record that has not started, and lets the next of its lane come forward.
    fn call_off(&mut self, key: Key, phase: Phase) {
        let Some(owned) = self.partitions.get_mut(&key.partition) else { return };
        let Some(entry) = owned.ledger.get_mut(key.offset) else { return };
        let Some(work) = &entry.work else { return };
        if phase == Phase::Announced {
            self.shares.release(&work.shares);
            self.announced.retain(|announced| *announced != key);
        }
        let task = self.tasks.start(Task { key, place: None });
        (entry.phase, entry.unrun) = (Phase::Running(task), Unrun::Cancelled);
        let record = Arc::clone(&entry.record);
        self.actions.push(Action::CallOff { task, record, rerun: entry.rerun });
        if let Some(quarantine) = &mut owned.quarantine {
            quarantine.let_go(key.offset);
        }
        if let Some(next) = owned.lanes.take_out(&work.lane, key.offset) {
            let ready = owned.front(next);
            self.make_ready(key.partition, ready);
        }
    }
}
