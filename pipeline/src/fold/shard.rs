//! The pure core of one partition: states, timers, and how to take back what was not committed.

use std::collections::HashMap;
use std::sync::Arc;

use super::halt::Halt;
use super::mark::{LEAST_WINDOW, Mark};
use super::part::{Part, Tally};
use super::restore::Start;
use super::shape::{OVERSIZE, Shape};
use super::timers::Timers;
use super::{Context, Fold, Input, Step};
use crate::mutation::{self, Mutation};
use crate::{GivenUp, Outgoing, Record, Refused, dead_letter};

/// Label of a record that ended the process each time that it was folded.
const CRASHED: &str = "crashed";
/// A record is given up after it ended the process this many times while it was folded by itself, besides the first time in a batch.
const LONE_ATTEMPTS: u32 = 2;

/// What is left to read of a partition's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing: its end was reached, and no record was read since.
    Nothing,
    /// There may be records.
    Unknown,
}

/// Where the shard stands: with the pre-images, everything that a roll-back needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    /// Offset of the next record to fold.
    next: i64,
    /// Append time of the last folded record.
    time: i64,
    /// Records that are still in quarantine: after an unclean end any of the first ones may have caused it, so they are folded one
    /// by one.
    quarantined: u32,
    mark: Mark,
    /// The record whose announcement this process has counted in `mark`.
    announced: Option<i64>,
}

pub(super) struct Shard<F: Fold> {
    partition: i32,
    control: F::Control,
    states: HashMap<F::Key, F::State>,
    timers: Timers<F::Key>,
    position: Position,
    committed: Position,
    /// Whether this owner has committed yet: until then the previous owner's mark stands.
    is_marked: bool,
    touched: Vec<F::Key>,
    before: HashMap<F::Key, Option<F::State>>,
    control_before: Option<F::Control>,
    outputs: Vec<Outgoing>,
    tally: Tally,
    /// Append time of the oldest record that is folded and not committed, or is to be folded again after a roll-back.
    oldest: Option<i64>,
    /// The end of the log was reached since the partition is ours, so that no older clock record is unread.
    seen_end: bool,
    /// Earliest wall-clock time of the next clock record, for brokers whose clock is behind ours.
    clock_not_before: i64,
}

impl<F: Fold> Shard<F> {
    /// A partition that is folded from `start` on, with the control state and the states that were committed there.
    pub(super) fn new(
        fold: &F,
        partition: i32,
        start: Start,
        (control, states): (F::Control, HashMap<F::Key, F::State>),
    ) -> Self {
        let (next, mark) = (start.next(), start.left());
        let timers = Timers::of(states.iter().map(|(key, state)| (key.clone(), fold.due(state))));
        let (turn, clock_unread) = mark.map_or((0, false), |mark| (mark.turn, mark.clock_unread));
        let clean = Mark { running: true, clock_unread, turn, ..Mark::CLEAN };
        let unclean = mark.filter(|mark| mark.running);
        let quarantined = unclean.map_or(0, |mark| mark.window);
        let mark = unclean.unwrap_or(clean);
        let position = Position { next, time: i64::MIN, quarantined, mark, announced: None };
        Self {
            partition,
            control,
            states,
            timers,
            position,
            committed: position,
            is_marked: false,
            touched: Vec::new(),
            before: HashMap::new(),
            control_before: None,
            outputs: Vec::new(),
            tally: Tally::default(),
            oldest: None,
            seen_end: false,
            clock_not_before: i64::MIN,
        }
    }

    /// Folds one record. Not while [`Self::is_full`].
    ///
    /// # Errors
    /// [`Halt`]: the record was not folded and the partition cannot go on.
    pub(super) fn apply(
        &mut self,
        fold: &mut F,
        shape: &Shape,
        record: &Record,
        now: i64,
    ) -> Result<(), Halt> {
        if self.has_crashed() {
            // A record without key may be the unread clock record. It will not be folded, so no timer must wait for it.
            self.position.mark.clock_unread &= record.key.is_some();
            self.give_up(shape, record, CRASHED);
        } else {
            match fold.decode(record) {
                Ok(Input::Keyed(key, message)) => {
                    let step = fold.fold(self.context(record), &key, self.states.get(&key), message);
                    match step.and_then(|step| shape.checked(step)) {
                        Ok(step) => self.take(fold, key, step),
                        Err(refused) => self.refuse(shape, record, refused)?,
                    }
                }
                Ok(Input::Control(message)) => {
                    let after = fold.control(&self.control, message)?;
                    let before = std::mem::replace(&mut self.control, after);
                    self.control_before.get_or_insert(before);
                }
                Ok(Input::Clock) => self.clock(fold, shape, record, now),
                Err(refused) => self.refuse(shape, record, refused)?,
            }
        }
        self.tally.records += 1;
        self.oldest.get_or_insert(record.timestamp);
        let quarantined = self.position.quarantined.saturating_sub(1);
        let likely = self.tally.records.saturating_mul(2).max(LEAST_WINDOW).min(shape.window);
        self.position = Position {
            next: mutation::after(record.offset),
            time: record.timestamp,
            quarantined,
            mark: Mark {
                running: true,
                attempts: 0,
                window: if quarantined > 0 { quarantined } else { likely },
                ..self.position.mark
            },
            announced: None,
        };
        Ok(())
    }

    /// Folding the record at the committed offset ended the process too often.
    fn has_crashed(&self) -> bool {
        self.is_quarantined() && self.position.mark.attempts > LONE_ATTEMPTS
    }

    /// Whether the next record is in quarantine: it is announced by [`Self::announce`] and a commit, then folded by itself.
    pub(super) fn is_quarantined(&self) -> bool {
        self.position.quarantined > 0
    }

    /// Counts one more attempt at the record at hand, unless this process has counted its own; to be committed before it is folded.
    pub(super) fn announce(&mut self) {
        if self.position.announced.replace(self.position.next) != Some(self.position.next) {
            self.position.mark.attempts = self.position.mark.attempts.saturating_add(1);
        }
    }

    /// The record whose announcement this process has counted and committed.
    pub(super) fn announced(&self) -> Option<i64> {
        self.committed.announced
    }

    /// An earlier owner in this process has counted the announcement of this record.
    pub(super) fn set_announced(&mut self, offset: Option<i64>) {
        self.position.announced = offset;
        self.committed.announced = offset;
    }

    /// The record at hand was not folded, but it did not end the process either.
    pub(super) fn renounce(&mut self) {
        self.position.mark.attempts = self.position.mark.attempts.saturating_sub(1);
    }

    /// The transaction holds as many records as the last committed mark allows.
    pub(super) fn is_full(&self) -> bool {
        self.tally.records >= if self.is_quarantined() { 1 } else { self.committed.mark.window.max(1) }
    }

    /// Clones of the control state and of all states.
    pub(super) fn state(&self) -> (F::Control, HashMap<F::Key, F::State>) {
        (self.control.clone(), self.states.clone())
    }

    /// Its number.
    pub(super) fn partition(&self) -> i32 {
        self.partition
    }

    /// Offset of the next record to fold.
    pub(super) fn next(&self) -> i64 {
        self.position.next
    }

    /// Append time of the oldest record that waits for its commit. Between batches, while there is more to read, the
    /// last folded one stands for those behind it.
    pub(super) fn waiting_since(&self, rest: Rest) -> Option<i64> {
        let last = Some(self.position.time).filter(|time| rest == Rest::Unknown && *time != i64::MIN);
        self.oldest.or(last)
    }

    fn refuse(&mut self, shape: &Shape, record: &Record, refused: Refused) -> Result<(), Halt> {
        match refused {
            Refused::DeadLetter { reason } => self.give_up(shape, record, reason),
            Refused::Pause { reason } => return Err(Halt::Paused(reason)),
        }
        Ok(())
    }

    fn clock(&mut self, fold: &F, shape: &Shape, record: &Record, now: i64) {
        self.position.mark.clock_unread = false;
        let due = self.timers.due(record.timestamp, F::TIMERS_PER_CLOCK);
        let mut oversize = false;
        for (ordinal, key) in due.iter().enumerate() {
            let Some(state) = self.states.get(key) else { continue };
            let mut step = fold.fire(self.context(record), key, state, ordinal);
            // The step is taken even if an output is too large: without it the timer would stay due for ever.
            let all = step.outputs.len();
            step.outputs.retain(|output| output.size() <= shape.output_bytes);
            oversize |= step.outputs.len() < all;
            self.take(fold, key.clone(), step);
        }
        if oversize {
            self.give_up(shape, record, OVERSIZE);
        }
        if due.is_empty()
            && let Some(earliest) = self.timers.earliest()
        {
            self.clock_not_before = now.saturating_add(earliest.saturating_sub(record.timestamp));
        }
    }

    fn context<'a>(&'a self, record: &Record) -> Context<'a, F::Control> {
        Context {
            partition: self.partition,
            offset: record.offset,
            time: record.timestamp,
            control: &self.control,
        }
    }

    fn take(&mut self, fold: &F, key: F::Key, step: Step<F::State>) {
        self.timers.set(&key, step.state.as_ref().and_then(|state| fold.due(state)));
        let before = match step.state {
            Some(state) => self.states.insert(key.clone(), state),
            None => self.states.remove(&key),
        };
        if !self.before.contains_key(&key) {
            self.before.insert(key.clone(), before);
            self.touched.push(key);
        }
        self.outputs.extend(step.outputs);
    }

    fn give_up(&mut self, shape: &Shape, record: &Record, reason: &'static str) {
        let alone = if self.is_quarantined() { self.position.mark.attempts } else { 0 };
        let given_up = GivenUp { step: &shape.step, reason, attempts: alone.clamp(1, LONE_ATTEMPTS + 1) };
        self.outputs.push(dead_letter(&shape.dead_letters, record, given_up));
        self.tally.dead_letters += 1;
    }

    /// Whether a clock record must be appended: a timer is due, no clock record is unread, and either nothing unread is in
    /// the log or the log itself has come past the timer's time.
    pub(super) fn clock_due(&mut self, now: i64, rest: Rest) -> bool {
        let caught_up = rest == Rest::Nothing;
        if caught_up {
            self.reached_end();
        }
        let Some(earliest) = self.timers.earliest() else { return false };
        let due = earliest <= now && now >= self.clock_not_before && !self.position.mark.clock_unread;
        due && !self.is_quarantined() && (caught_up || self.seen_end && self.position.time >= earliest)
    }

    /// The previous owner cannot have read anything behind the end of the log, so that the quarantine ends there. Without this the timers
    /// of a quiet partition would wait until as many new records had come as are in quarantine.
    fn reached_end(&mut self) {
        self.seen_end = true;
        if self.is_quarantined() {
            self.position.quarantined = 0;
            self.position.mark =
                Mark { running: true, attempts: 0, window: LEAST_WINDOW, ..self.position.mark };
        }
    }

    /// Appends the clock record that is due to this transaction.
    pub(super) fn append_clock(&mut self, fold: &F, now: i64) {
        self.outputs.push(fold.clock(self.partition, now));
        self.position.mark.clock_unread = true;
        self.tally.clocks += 1;
    }

    /// When the earliest timer is due, in milliseconds since the epoch.
    pub(super) fn earliest(&self) -> Option<i64> {
        self.timers.earliest().map(|due| due.max(self.clock_not_before))
    }

    /// What a transaction must hold, if anything changed: outputs in order, then one snapshot per touched key.
    ///
    /// # Errors
    /// [`Halt::OversizeState`]: roll back, the partition cannot go on.
    pub(super) fn part(&mut self, fold: &F, shape: &Shape) -> Result<Option<Part>, Halt> {
        if self.is_marked && self.position == self.committed && self.outputs.is_empty() {
            return Ok(None);
        }
        let mut records = std::mem::take(&mut self.outputs);
        let mut snapshots: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
        for key in &self.touched {
            let before = self.before.get(key).and_then(Option::as_ref);
            snapshots.extend(fold.snapshot(key, before, self.states.get(key)));
        }
        if self.control_before.is_some() {
            let (key, value) = fold.snapshot_control(&self.control);
            snapshots.push((key, Some(value)));
        }
        for (key, value) in snapshots {
            let (topic, headers) = (Arc::clone(&shape.states), Vec::new());
            let record = Outgoing { topic, partition: self.partition, key: Some(key), headers, value };
            if record.size() > shape.output_bytes {
                return Err(Halt::OversizeState);
            }
            records.push(record);
        }
        Ok(Some(Part { records, next: self.position.next, mark: self.next_mark(), tally: self.tally }))
    }

    fn next_mark(&self) -> Mark {
        Mark { turn: self.committed.mark.turn.wrapping_add(1), ..self.position.mark }
    }

    /// The owner ends in order. A quarantine that is not over goes on with the next owner.
    pub(super) fn mark_clean(&mut self) {
        if !self.is_quarantined() {
            self.position.mark.running = false;
        }
    }

    /// The transaction that held everything up to now is committed.
    pub(super) fn committed(&mut self) {
        self.position.mark = self.next_mark();
        self.committed = self.position;
        self.is_marked = true;
        self.oldest = None;
        self.clear();
    }

    /// Undoes everything since the last commit. Returns the offset to read from.
    pub(super) fn roll_back(&mut self, fold: &F) -> i64 {
        if mutation::is(Mutation::NoRollBack) {
            self.before.clear();
        }
        for (key, before) in std::mem::take(&mut self.before) {
            self.timers.set(&key, before.as_ref().and_then(|state| fold.due(state)));
            match before {
                Some(state) => drop(self.states.insert(key, state)),
                None => drop(self.states.remove(&key)),
            }
        }
        if let Some(control) = self.control_before.take() {
            self.control = control;
        }
        self.position = self.committed;
        self.clear();
        self.position.next
    }

    /// The dead letter of a record that was given up without being folded.
    pub(super) fn crashed(&self, shape: &Shape, record: &Record) -> Outgoing {
        let given_up = GivenUp { step: &shape.step, reason: CRASHED, attempts: LONE_ATTEMPTS + 1 };
        dead_letter(&shape.dead_letters, record, given_up)
    }

    /// What was written since the last commit, snapshots not included.
    pub(super) fn take_outputs(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outputs)
    }

    fn clear(&mut self) {
        self.touched.clear();
        self.before.clear();
        self.control_before = None;
        self.outputs.clear();
        self.tally = Tally::default();
    }
}

#[cfg(test)]
mod tests;
