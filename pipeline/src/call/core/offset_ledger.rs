//! What is admitted of one partition and how far each record is. Whatever lies below `next` and is neither an entry nor
//! restored as incomplete is done, so gaps of the log fill themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::Record;
use crate::call::handler::{Decoded, Share};
use crate::call::progress::{Mark, Progress, Ran, entry_size};
use crate::mutation;

/// How far an admitted record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    /// It will run as soon as its start is committed.
    Announced,
    Running(u64),
    /// Its outcome waits for a transaction.
    Finished,
    /// Its outcome is in the outstanding plan.
    Planned,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) record: Arc<Record>,
    pub(super) phase: Phase,
    /// `None` for a record that was dead on arrival.
    pub(super) work: Option<Work>,
    /// As restored.
    pub(super) before: Mark,
    /// As it is to be committed once the record is announced.
    pub(super) mark: Mark,
    pub(super) rerun: bool,
    /// It was shed: it ends without having run.
    pub(super) shed: bool,
    /// Counts against budgets, in bytes, outcome included.
    pub(super) bytes: usize,
    pub(super) admitted_at: u64,
}

#[derive(Debug)]
pub(super) struct Work {
    pub(super) lane: Arc<[u8]>,
    pub(super) shares: Vec<Share>,
    pub(super) hard_deadline: Duration,
    pub(super) commit_start: bool,
    /// Given to the run when it starts.
    pub(super) decoded: Decoded,
}

/// What a delivered offset is to the ledger.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Below the next expected offset: seen before.
    Seen,
    /// Finished under a previous owner.
    Done,
    /// To be admitted.
    New(Past),
}

/// What previous owners left of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) mark: Mark,
    pub(super) may_have_run: bool,
}

#[derive(Debug)]
pub(super) struct OffsetLedger {
    next: i64,
    restored: BTreeMap<i64, Mark>,
    restored_high: i64,
    /// The restored marks tell of every record whether it may have run.
    exact: bool,
    entries: BTreeMap<i64, Entry>,
    /// At least as many bytes as the incompletes take when encoded.
    size: usize,
    /// Records are gone since it was measured.
    stale: bool,
}

impl OffsetLedger {
    pub(super) fn new(progress: Progress) -> Self {
        let Progress { base, high, incomplete, exact, .. } = progress;
        let mut ledger = Self {
            next: base,
            restored: incomplete,
            restored_high: high,
            exact,
            entries: BTreeMap::new(),
            size: 0,
            stale: true,
        };
        ledger.measure();
        ledger
    }

    /// The offset to read on at.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    pub(super) fn arrival(&self, offset: i64) -> Arrival {
        let before = self.restored.get(&offset).copied();
        let admitted_before = offset < self.restored_high;
        match before {
            _ if offset < self.next => Arrival::Seen,
            None if admitted_before => Arrival::Done,
            before => {
                let mark = before.unwrap_or_default();
                let may_have_run = if self.exact { mark.started } else { admitted_before };
                Arrival::New(Past { mark, may_have_run })
            }
        }
    }

    /// Moves on to behind `offset`. Restored offsets that the log no longer has are gone with it.
    pub(super) fn pass(&mut self, offset: i64) {
        self.stale |= !self.restored.is_empty();
        self.next = mutation::after(offset);
        self.restored = self.restored.split_off(&self.next);
    }

    pub(super) fn admit(&mut self, offset: i64, entry: Entry) {
        if offset >= self.restored_high {
            self.size += entry_size(offset.abs_diff(self.incompletes_end()));
        }
        self.pass(offset);
        self.entries.insert(offset, entry);
    }

    /// One above the highest incomplete, from where the next admitted one is counted.
    fn incompletes_end(&self) -> i64 {
        let restored = self.restored.keys().next_back().copied();
        let entered = self.entries.keys().next_back().copied();
        restored.max(entered).map_or(self.high(), |offset| offset + 1)
    }

    pub(super) fn get(&self, offset: i64) -> Option<&Entry> {
        self.entries.get(&offset)
    }

    pub(super) fn get_mut(&mut self, offset: i64) -> Option<&mut Entry> {
        self.entries.get_mut(&offset)
    }

    pub(super) fn remove(&mut self, offset: i64) -> Option<Entry> {
        self.stale = true;
        self.entries.remove(&offset)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (i64, &Entry)> {
        self.entries.iter().map(|(&offset, entry)| (offset, entry))
    }

    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (i64, &mut Entry)> {
        self.entries.iter_mut().map(|(&offset, entry)| (offset, entry))
    }

    /// Records that a map of now would list, at most.
    pub(super) fn incompletes(&self) -> usize {
        self.entries.len() + self.restored.len()
    }

    /// One above the highest offset that this or the previous owner admitted.
    pub(super) fn high(&self) -> i64 {
        self.next.max(self.restored_high)
    }

    /// One above the highest offset that the previous owner admitted.
    pub(super) fn restored_high(&self) -> i64 {
        self.restored_high
    }

    /// Whether the next records are those that a previous owner had admitted.
    pub(super) fn restoring(&self) -> bool {
        self.next < self.restored_high
    }

    /// The lowest offset that is not committed as done.
    pub(super) fn frontier(&self) -> i64 {
        let entered = self.entries.keys().next();
        let restored = self.restored.keys().next();
        entered.into_iter().chain(restored).min().copied().unwrap_or(self.high())
    }

    /// Bytes that the incompletes take when encoded, at most.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Corrects the bound after records are gone.
    pub(super) fn measure(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let (mut size, mut expected) = (0, self.next);
        for &offset in self.entries.keys().chain(self.restored.keys()) {
            size += entry_size(offset.abs_diff(expected.min(offset)));
            expected = offset + 1;
        }
        self.size = size;
    }

    /// Progress as it is once the outstanding plan and the one being built have committed.
    pub(super) fn progress(&self) -> Progress {
        let entered = self.open_entries().map(|(offset, entry)| {
            (offset, if entry.phase == Phase::Queued { entry.before } else { entry.mark })
        });
        self.progress_of(entered.collect())
    }

    /// The last progress of this owner: nothing runs any more, so every suspect is to be tried anew, and it is known of
    /// every record whether it may have run.
    pub(super) fn last_progress(&self, left: impl Fn(i64) -> Ran) -> Progress {
        let entered = self.open_entries().map(|(offset, entry)| {
            let ran =
                !entry.shed && matches!(entry.phase, Phase::Running(_) | Phase::Finished) || entry.rerun;
            (offset, Mark { started: ran, ran: left(offset) })
        });
        let exact = self.exact || self.restored.is_empty();
        Progress { clean: true, exact, ..self.progress_of(entered.collect()) }
    }

    fn open_entries(&self) -> impl Iterator<Item = (i64, &Entry)> {
        self.entries().filter(|(_, entry)| entry.phase != Phase::Planned)
    }

    fn progress_of(&self, mut incomplete: BTreeMap<i64, Mark>) -> Progress {
        incomplete.extend(self.restored.iter().map(|(&offset, &mark)| (offset, mark)));
        let high = self.high();
        let base = incomplete.keys().next().copied().unwrap_or(high);
        Progress { base, high, clean: false, exact: false, incomplete, history: None }
    }
}
