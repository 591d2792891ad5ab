//! Runs suspects one after the other, whatever their partition, while everything else goes on.
//!
//! Those that ran at the last end come first, and of them the newest: what ends a process at its start was started last.
//! After some time the rest comes in a few groups, so that all of them run soon, however many there are.

use std::collections::BTreeSet;

use super::event::Key;
use super::offset_ledger::Phase;
use super::partition::{Life, Partition};
use super::trials::Trials;
use super::{Core, Stopping};

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
        let has_to_end = |key| self.has_to_end(key);
        trials.advance(self.now, &self.limits, |key| self.trial_phase(key), has_to_end);
        if trials.current().is_empty() {
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
        let size = trials.size(waiting.len(), self.now, &self.limits);
        waiting.truncate(size);
        // One whose trial has to tell of it alone waits for those that were cleared by their time.
        let waits = |it: &Candidate| trials.has_cleared() && self.has_to_end(it.key);
        if waiting.iter().any(waits) {
            return;
        }
        trials.begin(waiting.iter().map(|candidate| candidate.key), self.now);
        for Candidate { key, .. } in waiting {
            let owned = self.partitions.get_mut(&key.partition);
            if let Some(quarantine) = owned.and_then(|p| p.quarantine.as_mut()) {
                if size == 1 { quarantine.try_alone(key.offset) } else { quarantine.try_in_group(key.offset) }
            }
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
        !self.trials.current().is_empty()
    }

    /// Notes who runs or is about to run beside a trial; the partitions to be committed with it.
    pub(super) fn note_company(&mut self) -> BTreeSet<i32> {
        let trials = &self.trials;
        let mut started = self.tasks.running().chain(&self.announced);
        if trials.current().is_empty() || started.all(|key| trials.names(key)) {
            return BTreeSet::new();
        }
        let mut noted = BTreeSet::new();
        for key in trials.current() {
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
        self.trials.until().or_else(|| begins.filter(|_| self.trials.current().is_empty()))
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
