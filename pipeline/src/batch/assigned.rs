//! One assigned partition: what it holds, what is durable, what comes next.

use std::collections::VecDeque;
use std::sync::Arc;

use super::active::Active;
use super::job::{Failing, Job};
use super::limits::Limits;
use super::pending::Pending;
use super::range::{Built, Range};
use super::time::Millis;
use crate::{Record, Refusal, mutation};

/// Wait before a commit that failed is sent again, in milliseconds.
const COMMIT_AGAIN: Millis = 500;

/// How far the front range is.
#[derive(Debug)]
enum Phase<R> {
    /// The committed offset is where the next range starts; nothing is pending.
    Idle,
    /// The pending mark has to be durable before anything is inserted.
    Opening(Active<R>),
    /// Blocks and dead letters go out.
    Working(Active<R>),
    /// All done up to `last`; the commit says so and opens the next range if there is one.
    Closing { last: i64, records: usize, next: Option<Active<R>> },
}

/// Whether the commit that the phase asks for is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commit {
    Due(Millis),
    Sent,
}

/// What of an assigned partition is durable.
#[derive(Debug)]
pub(super) struct Start {
    /// The committed offset, or where the start policy says.
    pub position: i64,
    /// The range that a former owner opened there.
    pub pending: Option<Pending>,
    /// Nothing is committed yet: commit the position before anything else, so that it stands.
    pub fresh: bool,
}

/// A record with what builder `version` made of it.
#[derive(Debug)]
pub(super) struct Taken<R> {
    pub record: Arc<Record>,
    pub built: Built<R>,
    pub version: u32,
    /// It waited in the log for longer than a range fills.
    pub is_late: bool,
}

/// One assigned partition.
#[derive(Debug)]
pub(super) struct Assigned<R> {
    /// Grows with every assignment: answers that belong to a former one change nothing.
    pub epoch: u64,
    pub refused: Option<Refusal>,
    /// No insert is started and no range opened any more.
    pub draining: bool,
    pub paused: bool,
    /// It holds more than its share of memory; with hysteresis.
    pub full: bool,
    pub bytes: usize,
    replay: Option<Pending>,
    filling: Option<Range<R>>,
    waiting: VecDeque<Range<R>>,
    phase: Phase<R>,
    commit: Commit,
    next: i64,
    /// When the last record came, if it was late.
    late: Option<Millis>,
}

impl<R: Clone> Assigned<R> {
    pub(super) fn new(epoch: u64, start: Start, now: Millis) -> Self {
        let filling = start.pending.as_ref().map(|pending| Range::new(pending.first, pending.version, now));
        Self {
            epoch,
            refused: None,
            draining: false,
            paused: false,
            full: false,
            bytes: 0,
            replay: start.pending,
            filling,
            waiting: VecDeque::new(),
            phase: if start.fresh {
                Phase::Closing { last: start.position - 1, records: 0, next: None }
            } else {
                Phase::Idle
            },
            commit: Commit::Due(now),
            next: start.position,
            late: None,
        }
    }

    /// Version of the row builder for the record at `offset`; `None` when it is not wanted.
    pub(super) fn builder(&self, offset: i64, current: u32) -> Option<u32> {
        let wanted = offset >= self.next && self.refused.is_none() && !self.draining;
        wanted.then(|| self.replay.as_ref().map_or(current, |pending| pending.version))
    }

    /// Whether a backlog is read: late records come, the last one no longer than `lately` ago.
    pub(super) fn is_late(&self, lately: Millis, now: Millis) -> bool {
        self.late.is_some_and(|came| now.saturating_sub(came) < lately)
    }

    /// A pending range is being read again: pausing it could wait for itself.
    pub(super) fn replaying(&self) -> bool {
        self.replay.is_some()
    }

    /// Takes the next record with its rows, as [`Self::builder`] asked.
    pub(super) fn push(&mut self, taken: Taken<R>, limits: &Limits, now: Millis) {
        let Taken { record, built, version, is_late } = taken;
        self.late = is_late.then_some(now);
        let first = self.next;
        self.next = record.offset + 1;
        if let Some(pending) = &self.replay {
            let (first, last) = (pending.first, pending.last);
            if record.offset > last {
                return self.refuse(Refusal::Gone { first, last });
            }
            let ends = record.offset == last;
            if let Some(range) = &mut self.filling {
                self.bytes += range.push(record, built);
            }
            if ends {
                self.resume(now);
            }
            return;
        }
        if self.filling.as_ref().is_some_and(|range| range.overflows(&built, limits)) {
            self.waiting.extend(self.filling.take());
        }
        let range = self.filling.get_or_insert_with(|| Range::new(first, version, now));
        self.bytes += range.push(record, built);
        if range.is_full(limits) {
            self.waiting.extend(self.filling.take());
        }
    }

    /// The pending range was read to its end.
    fn resume(&mut self, now: Millis) {
        let (Some(pending), Some(range)) = (self.replay.take(), self.filling.take()) else { return };
        match Active::resume(range, &pending, now) {
            Some(active) => self.phase = Phase::Working(active),
            None => {
                self.bytes = 0;
                self.refuse(Refusal::Differs { first: pending.first, last: pending.last });
            }
        }
    }

    /// Reads no further. What was read before goes its way, except a pending range that cannot be completed.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        if self.replay.take().is_some() {
            self.filling = None;
            self.bytes = 0;
        }
        self.waiting.extend(self.filling.take());
        self.refused.get_or_insert(refusal);
    }

    /// Moves on; returns the commit to send, if one is due. `age` closes ranges that are older.
    pub(super) fn step(&mut self, age: Millis, now: Millis) -> Option<(i64, Option<Pending>)> {
        if let Phase::Working(active) = &self.phase
            && active.ended()
        {
            let (last, records) = (active.last, active.count);
            self.bytes = self.bytes.saturating_sub(active.bytes);
            let next = self.ready(age, now).map(|range| Active::new(range, now));
            self.phase = Phase::Closing { last, records, next };
        } else if matches!(self.phase, Phase::Idle)
            && let Some(range) = self.ready(age, now)
        {
            self.phase = Phase::Opening(Active::new(range, now));
        }
        match self.commit {
            Commit::Due(at) if at <= now => {}
            Commit::Due(_) | Commit::Sent => return None,
        }
        let wanted = match &mut self.phase {
            Phase::Opening(active) if !self.draining => (active.first, Some(active.pending())),
            Phase::Working(active) if !self.draining && active.jobs.iter().any(Job::halved) => {
                active.jobs.iter_mut().for_each(Job::saving);
                (active.first, Some(active.pending()))
            }
            Phase::Closing { last, next, .. } => (mutation::after(*last), next.as_ref().map(Active::pending)),
            Phase::Idle | Phase::Opening(_) | Phase::Working(_) => return None,
        };
        self.commit = Commit::Sent;
        Some(wanted)
    }

    /// The next range to open, if it is closed or old enough to be.
    fn ready(&mut self, age: Millis, now: Millis) -> Option<Range<R>> {
        if self.draining {
            return None;
        }
        if let Some(range) = self.waiting.pop_front() {
            return Some(range);
        }
        let old = |range: &Range<R>| now.saturating_sub(range.opened) >= age;
        if self.replay.is_none() && self.filling.as_ref().is_some_and(old) {
            self.filling.take()
        } else {
            None
        }
    }

    /// The commit that [`Self::step`] asked for took effect. Returns the number of records that it ended.
    pub(super) fn committed(&mut self, now: Millis) -> usize {
        self.commit = Commit::Due(now);
        let (phase, ended) = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Opening(active) => (Phase::Working(active), 0),
            Phase::Closing { records, next, .. } => (next.map_or(Phase::Idle, Phase::Working), records),
            Phase::Working(mut active) => {
                active.jobs.iter_mut().for_each(|job| job.saved(now));
                (Phase::Working(active), 0)
            }
            Phase::Idle => (Phase::Idle, 0),
        };
        self.phase = phase;
        ended
    }

    /// That commit failed, or nobody knows.
    pub(super) fn not_committed(&mut self, now: Millis) {
        self.commit = Commit::Due(now + COMMIT_AGAIN);
        if let Phase::Working(active) = &mut self.phase {
            active.jobs.iter_mut().for_each(Job::not_saved);
        }
    }

    /// The range whose blocks may go out.
    pub(super) fn working(&mut self) -> Option<&mut Active<R>> {
        match &mut self.phase {
            Phase::Working(active) => Some(active),
            Phase::Idle | Phase::Opening(_) | Phase::Closing { .. } => None,
        }
    }

    /// A range of its own keeps an insert busy, or will soon; one that the store does not take does not count.
    pub(super) fn is_open(&self) -> bool {
        match &self.phase {
            Phase::Opening(_) | Phase::Closing { next: Some(_), .. } => true,
            Phase::Working(_) => self.failing().is_none(),
            Phase::Idle | Phase::Closing { next: None, .. } => false,
        }
    }

    /// Since when its oldest record waits; `None` when nothing waits.
    pub(super) fn waiting_since(&self) -> Option<Millis> {
        match &self.phase {
            Phase::Opening(active) | Phase::Working(active) => Some(active.opened),
            Phase::Closing { next: Some(active), .. } => Some(active.opened),
            Phase::Idle | Phase::Closing { next: None, .. } => {
                let open = self.filling.as_ref().filter(|range| !range.is_empty());
                self.waiting.front().or(open).map(|range| range.opened)
            }
        }
    }

    /// Everything that was read is stored and committed, and nothing is to be read again.
    pub(super) fn is_clean(&self) -> bool {
        self.replay.is_none()
            && self.filling.is_none()
            && self.waiting.is_empty()
            && matches!(self.phase, Phase::Idle)
    }

    /// Draining can achieve nothing more.
    pub(super) fn is_drained(&self) -> bool {
        match &self.phase {
            Phase::Idle | Phase::Opening(_) => self.commit != Commit::Sent,
            Phase::Working(active) => !active.outstanding() && !active.ended() && self.commit != Commit::Sent,
            Phase::Closing { .. } => false,
        }
    }

    /// Whether the store does not take a block of it.
    pub(super) fn failing(&self) -> Option<Failing> {
        let Phase::Working(active) = &self.phase else { return None };
        active.jobs.iter().filter_map(|job| job.failing).reduce(Failing::worse)
    }

    /// One past the last record that was taken.
    pub(super) fn next(&self) -> i64 {
        self.next
    }
}
