//! Which suspects are on trial.

use super::event::Key;
use super::limits::Limits;
use super::offset_ledger::Phase;

/// Trials of this process, whatever their partitions.
#[derive(Debug, Default)]
pub(super) struct Trials {
    /// What runs and is watched, until its outcome is committed.
    current: Vec<Key>,
    /// When it has run long enough for the next to start; `None` while it has not started, and if it has to end.
    until: Option<u64>,
    /// What has run long enough and runs still.
    cleared: Vec<Key>,
    /// When the first began.
    since: Option<u64>,
    /// How many suspects come together once others had time enough to come alone.
    group: Option<usize>,
}

impl Trials {
    /// What is on trial now.
    pub(super) fn current(&self) -> &[Key] {
        &self.current
    }

    /// Records run that were cleared by their time only.
    pub(super) fn has_cleared(&self) -> bool {
        !self.cleared.is_empty()
    }

    /// Whether a record is on trial or was cleared and runs still.
    pub(super) fn names(&self, key: &Key) -> bool {
        self.current.contains(key) || self.cleared.contains(key)
    }

    /// When the present trial has lasted long enough, if that is known.
    pub(super) fn until(&self) -> Option<u64> {
        self.until
    }

    /// Lets go of what is committed and clears what has run long enough. `phase` tells how far a record is, `has_to_end`
    /// whether its trial is over only when it has ended.
    pub(super) fn advance(
        &mut self,
        now: u64,
        limits: &Limits,
        phase: impl Fn(Key) -> Option<Phase>,
        has_to_end: impl Fn(Key) -> bool,
    ) {
        self.current.retain(|&key| phase(key).is_some());
        self.cleared.retain(|&key| phase(key).is_some());
        let waits = |key: &Key| matches!(phase(*key), Some(Phase::Queued | Phase::Announced));
        if self.until.is_none()
            && !self.current.iter().all(waits)
            && !self.current.iter().any(|&key| has_to_end(key))
        {
            self.until = Some(now + limits.patience);
        }
        if self.until.is_some_and(|until| until <= now) {
            self.cleared.append(&mut self.current);
        }
        if self.current.is_empty() {
            self.until = None;
        }
    }

    /// How many of the waiting suspects come next: one, and after some time a group.
    pub(super) fn size(&mut self, waiting: usize, now: u64, limits: &Limits) -> usize {
        let alone = limits.patience * limits.quarantine as u64;
        if now < self.since.unwrap_or(now) + alone {
            1
        } else {
            *self.group.get_or_insert(waiting.div_ceil(limits.quarantine))
        }
    }

    /// Begins the trial of these records.
    pub(super) fn begin(&mut self, keys: impl IntoIterator<Item = Key>, now: u64) {
        self.since.get_or_insert(now);
        self.current.extend(keys);
    }
}
