//! Suspects are tried one after the other, whatever their partition, while everything else goes on.
//!
//! Those that ran at the last end come first, and of them the newest, for what ends a process at its start was started
//! last. After some time the rest comes in a few groups, so that however many there are all of them run soon.

use std::collections::BTreeSet;

use super::event::Key;
use super::offset_ledger::Phase;
use super::partition::{Life, Partition};
use super::{Core, Stopping};

/// Which suspects are on trial.
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

/// A suspect that could start now, in the order in which they do: the greatest first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// It ran at the last end.
    ran: bool,
    appended: i64,
    key: Key,
}

impl Core {
    /// Begins the next trial when the one before is over.
    pub(super) fn try_next(&mut self) {
        if self.stopping != Stopping::No || self.partitions.values().all(|p| p.quarantine.is_none()) {
            self.trials = Trials::default();
            return;
        }
        let mut trials = std::mem::take(&mut self.trials);
        trials.current.retain(|key| self.trial_phase(*key).is_some());
        trials.cleared.retain(|key| self.trial_phase(*key).is_some());
        let waits = |key: &Key| matches!(self.trial_phase(*key), Some(Phase::Queued | Phase::Announced));
        let stubborn = |key: &Key| self.has_to_end(*key);
        if trials.until.is_none() && !trials.current.iter().all(waits) && !trials.current.iter().any(stubborn)
        {
            trials.until = Some(self.now + self.limits.patience);
        }
        if trials.until.is_some_and(|until| until <= self.now) {
            trials.cleared.append(&mut trials.current);
        }
        if trials.current.is_empty() {
            trials.until = None;
            self.begin_trial(&mut trials);
        }
        self.trials = trials;
    }

    fn begin_trial(&mut self, trials: &mut Trials) {
        let mut waiting: Vec<Candidate> =
            self.partitions.iter().flat_map(|(&number, owned)| self.candidates(number, owned)).collect();
        waiting.sort_unstable_by(|one, other| other.cmp(one));
        let Some(ran) = waiting.first().map(|first| first.ran) else { return };
        waiting.retain(|candidate| candidate.ran == ran);
        let time = self.limits.patience * self.limits.quarantine as u64;
        let size = if self.now < trials.since.unwrap_or(self.now) + time {
            1
        } else {
            *trials.group.get_or_insert(waiting.len().div_ceil(self.limits.quarantine))
        };
        waiting.truncate(size);
        // One whose trial has to tell of it alone waits for those that were cleared by their time.
        let waits = |it: &Candidate| !trials.cleared.is_empty() && self.has_to_end(it.key);
        if waiting.iter().any(waits) {
            return;
        }
        trials.since.get_or_insert(self.now);
        for Candidate { key, .. } in waiting {
            let owned = self.partitions.get_mut(&key.partition);
            if let Some(quarantine) = owned.and_then(|p| p.quarantine.as_mut()) {
                if size == 1 { quarantine.try_alone(key.offset) } else { quarantine.try_in_group(key.offset) }
            }
            trials.current.push(key);
            self.make_ready_first(key);
        }
    }

    /// Suspects of a partition that could start now.
    fn candidates(&self, partition: i32, owned: &Partition) -> Vec<Candidate> {
        let quarantine = owned.quarantine.as_ref().filter(|quarantine| quarantine.quiet_until <= self.now);
        let Some(quarantine) = quarantine.filter(|_| owned.life == Life::Owned) else { return Vec::new() };
        let candidate = |offset| {
            let entry = owned.ledger.get(offset)?;
            let has_room = entry.work.as_ref().is_some_and(|work| self.shares.has_room(&work.shares));
            let (ran, appended) = (quarantine.was_present(offset), entry.record.timestamp);
            has_room.then(|| Candidate { ran, appended, key: owned.key(partition, offset) })
        };
        quarantine.held().filter_map(candidate).collect()
    }

    /// Whether every start in this process must be committed before it: something is on trial, and has company then.
    pub(super) fn has_trial(&self) -> bool {
        !self.trials.current.is_empty()
    }

    /// Notes who runs or is about to run beside a trial; the partitions to be committed with it.
    pub(super) fn note_company(&mut self) -> BTreeSet<i32> {
        let trials = &self.trials;
        let is_suspect = |key: &Key| trials.current.contains(key) || trials.cleared.contains(key);
        let running = self.tasks.values().filter(|task| task.place.is_some()).map(|task| &task.key);
        if trials.current.is_empty() || running.chain(&self.announced).all(is_suspect) {
            return BTreeSet::new();
        }
        let mut noted = BTreeSet::new();
        for key in &trials.current {
            let owned = self.partitions.get_mut(&key.partition).filter(|p| p.epoch == key.epoch);
            if let Some(quarantine) = owned.and_then(|p| p.quarantine.as_mut()).filter(|s| !s.company) {
                quarantine.company = true;
                noted.insert(key.partition);
            }
        }
        noted
    }

    /// When something is to be done about trials, if nothing else happens.
    pub(super) fn trial_due(&self) -> Option<u64> {
        let owned = self.partitions.values().filter(|p| p.life == Life::Owned);
        let waiting =
            owned.filter_map(|p| p.quarantine.as_ref()).filter(|quarantine| quarantine.waiting() > 0);
        let begins = waiting.map(|quarantine| quarantine.quiet_until).filter(|&at| at > self.now).min();
        self.trials.until.or_else(|| begins.filter(|_| self.trials.current.is_empty()))
    }

    /// Whether a trial is over only when its record has ended: it ran at the last of many ends.
    fn has_to_end(&self, key: Key) -> bool {
        let owned = self.partitions.get(&key.partition).filter(|p| p.epoch == key.epoch);
        let quarantine = owned.and_then(|p| p.quarantine.as_ref());
        quarantine.is_some_and(|quarantine| quarantine.is_stubborn() && quarantine.was_present(key.offset))
    }

    /// How far a record is that is not committed and still ours.
    fn trial_phase(&self, key: Key) -> Option<Phase> {
        let owned = self.partitions.get(&key.partition).filter(|p| p.epoch == key.epoch)?;
        owned.ledger.get(key.offset).filter(|_| owned.life == Life::Owned).map(|entry| entry.phase)
    }
}
