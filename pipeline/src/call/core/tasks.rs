//! What the shell is at.

use hashbrown::HashMap;

use super::event::Key;
use crate::call::handler::Share;

/// A running call, or the end of a record that was shed.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) key: Key,
    /// Shares of which it holds a place, one of the running calls; `None` for what does not run.
    pub(super) place: Option<Vec<Share>>,
}

/// Tasks that were started and have not reported their end.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    last: u64,
    open: HashMap<u64, Task>,
    /// How many of them belong to an earlier assignment of a partition, by partition: nothing of it starts beside them.
    stragglers: HashMap<i32, usize>,
}

impl Tasks {
    /// Notes a task that starts and gives it a number.
    pub(super) fn start(&mut self, task: Task) -> u64 {
        self.last += 1;
        self.open.insert(self.last, task);
        self.last
    }

    /// The task that ended; `None` when it had ended before.
    pub(super) fn end(&mut self, number: u64) -> Option<Task> {
        self.open.remove(&number)
    }

    /// Records that run.
    pub(super) fn running(&self) -> impl Iterator<Item = &Key> {
        self.open.values().filter(|task| task.place.is_some()).map(|task| &task.key)
    }

    /// A partition is forgotten: whatever of it has not ended is a straggler from now on.
    pub(super) fn forget(&mut self, partition: i32) {
        let open = self.open.values().filter(|task| task.key.partition == partition).count();
        if open > 0 {
            self.stragglers.insert(partition, open);
        }
    }

    pub(super) fn has_stragglers(&self, partition: i32) -> bool {
        self.stragglers.contains_key(&partition)
    }

    /// Notes the end of a task that is of no use any more; true when it was the partition's last straggler.
    pub(super) fn straggler_ended(&mut self, partition: i32) -> bool {
        let Some(left) = self.stragglers.get_mut(&partition) else { return false };
        *left -= 1;
        *left == 0 && self.stragglers.remove(&partition).is_some()
    }

    #[cfg(test)]
    pub(super) fn key(&self, number: u64) -> Key {
        self.open[&number].key
    }
}
