//! One table's block of the range that is being inserted.

use std::sync::Arc;

use common::random::SplitMix64;

use super::backoff;
use super::limits::Limits;
use super::pending::Touched;
use super::range::{Rows, Span};
use super::sink::{Block, InsertError};
use super::split::Node;
use super::time::Millis;
use crate::Record;

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A smaller block is to be tried: commit that first, so that the larger one is never tried again.
    Halved,
    /// That commit is on its way.
    Saving,
    /// May be inserted from then on.
    Due(Millis),
    /// An insert is running.
    Running,
    /// The dead letter of the one record to blame is on its way.
    DeadLettering,
    /// Every record is stored or a dead letter.
    Ended,
}

/// The tree of blocks of one table in one range.
#[derive(Debug)]
pub(super) struct Job<R> {
    pub table: usize,
    state: State,
    rows: Rows<R>,
    node: Node,
    split: bool,
    block: Option<Arc<Block<R>>>,
    attempt: u32,
    pub failing: Option<Failing>,
}

/// The store does not take what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failing {
    pub since: Millis,
    /// It will take nothing until an operator acts.
    pub fatal: bool,
}

impl Failing {
    /// The worse of both: the earlier start, fatal if one is.
    pub(super) fn worse(self, other: Self) -> Self {
        Self { since: self.since.min(other.since), fatal: self.fatal || other.fatal }
    }
}

/// What follows from the store's answer.
#[derive(Debug)]
pub(super) enum InsertResult {
    /// The block is stored, with this number of rows.
    Stored(usize),
    /// The same block again, later.
    Retry,
    /// A smaller block.
    Split,
    /// This record of the range, by its index, becomes a dead letter.
    DeadLetter(usize),
}

impl<R: Clone> Job<R> {
    pub(super) fn new(table: usize, rows: Rows<R>, now: Millis) -> Self {
        let node = Node::root(u32::try_from(rows.spans.len()).unwrap_or(u32::MAX));
        Self {
            table,
            state: State::Due(now),
            rows,
            node,
            split: false,
            block: None,
            attempt: 0,
            failing: None,
        }
    }

    fn leaves(&self) -> u32 {
        u32::try_from(self.rows.spans.len()).unwrap_or(u32::MAX)
    }

    /// Goes on where a former owner stood; false if it cannot have stood there.
    pub(super) fn resume(&mut self, node: Node) -> bool {
        self.node = node;
        self.split = true;
        if node.is_end(self.leaves()) {
            self.state = State::Ended;
        }
        node.belongs(self.leaves())
    }

    /// What the commit metadata says of it.
    pub(super) fn touched(&self) -> Touched {
        Touched {
            table: u16::try_from(self.table).unwrap_or(u16::MAX),
            rows: u32::try_from(self.rows.rows.len()).unwrap_or(u32::MAX),
            split: self.split.then_some(self.node),
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Something outside was asked for it and has not answered.
    pub(super) fn outstanding(&self) -> bool {
        matches!(self.state, State::Running | State::DeadLettering)
    }

    pub(super) fn halved(&self) -> bool {
        self.state == State::Halved
    }

    pub(super) fn saving(&mut self) {
        if self.state == State::Halved {
            self.state = State::Saving;
        }
    }

    pub(super) fn saved(&mut self, now: Millis) {
        if self.state == State::Saving {
            self.state = State::Due(now);
        }
    }

    pub(super) fn not_saved(&mut self) {
        if self.state == State::Saving {
            self.state = State::Halved;
        }
    }

    /// When it may be inserted, if that is what it waits for.
    pub(super) fn due(&self) -> Option<Millis> {
        match self.state {
            State::Due(at) => Some(at),
            State::Halved | State::Saving | State::Running | State::DeadLettering | State::Ended => None,
        }
    }

    /// Starts an attempt. `token` makes the token of the offsets between two records of the range.
    pub(super) fn start(
        &mut self,
        token: impl FnOnce(Option<usize>, Option<usize>) -> String,
    ) -> Arc<Block<R>> {
        self.state = State::Running;
        if let Some(block) = &self.block {
            return Arc::clone(block);
        }
        let at = |leaf: u32| usize::try_from(leaf).unwrap_or(usize::MAX);
        let spans: &[Span] = self.rows.spans.get(at(self.node.from)..at(self.node.to)).unwrap_or_default();
        let before = at(self.node.from).checked_sub(1).and_then(|i| self.rows.spans.get(i));
        let start = before.map_or(0, |span| span.end);
        let end = spans.last().map_or(start, |span| span.end);
        let from = before.and(spans.first()).map(|span| span.entry);
        let until = self.rows.spans.get(at(self.node.to)).map(|span| span.entry);
        let rows = self.rows.rows.get(start..end).unwrap_or_default().to_vec();
        let block = Arc::new(Block { table: self.table, token: token(from, until), rows });
        self.block = Some(Arc::clone(&block));
        block
    }

    /// Takes the store's answer.
    pub(super) fn answer(
        &mut self,
        result: &Result<(), InsertError>,
        now: Millis,
        limits: &Limits,
        random: &mut SplitMix64,
    ) -> InsertResult {
        match result {
            Ok(()) => {
                let stored = self.block.as_ref().map_or(0, |block| block.rows.len());
                self.end_node();
                InsertResult::Stored(stored)
            }
            Err(InsertError::Rejected(_)) => {
                self.failing = None;
                self.attempt = 0;
                self.block = None;
                match self.node.left() {
                    Some(left) => {
                        self.node = left;
                        self.split = true;
                        self.state = State::Halved;
                        InsertResult::Split
                    }
                    None => {
                        self.state = State::DeadLettering;
                        InsertResult::DeadLetter(self.blamed())
                    }
                }
            }
            Err(InsertError::Retry(_)) => {
                let wait = backoff::delay(random, self.attempt, limits.retry_base, limits.retry_max);
                self.fail(false, now, wait)
            }
            Err(InsertError::Fatal(_)) => self.fail(true, now, limits.retry_max),
        }
    }

    fn fail(&mut self, fatal: bool, now: Millis, wait: Millis) -> InsertResult {
        self.attempt = self.attempt.saturating_add(1);
        self.failing = Some(Failing { since: self.failing.map_or(now, |failing| failing.since), fatal });
        self.state = State::Due(now + wait);
        InsertResult::Retry
    }

    fn blamed(&self) -> usize {
        let leaf = usize::try_from(self.node.from).unwrap_or(usize::MAX);
        self.rows.spans.get(leaf).map_or(0, |span| span.entry)
    }

    /// The dead letter of the blamed record is written.
    pub(super) fn dead_lettered(&mut self) {
        if self.state == State::DeadLettering {
            self.end_node();
        }
    }

    fn end_node(&mut self) {
        self.failing = None;
        self.attempt = 0;
        self.block = None;
        self.node = self.node.after(self.leaves());
        // The next node is a function of this one, so a commit that still names this one leads there again.
        self.state = if self.node.is_end(self.leaves()) { State::Ended } else { State::Due(0) };
    }
}

/// The token of the offsets `first..=last` of one partition.
pub(super) fn token(topic: &str, partition: i32, first: i64, last: i64) -> String {
    format!("{topic}:{partition}:{first}-{last}")
}

/// Offset of the record at an index of a range.
pub(super) fn offset(records: &[Arc<Record>], entry: usize) -> i64 {
    records.get(entry).map_or(0, |record| record.offset)
}
