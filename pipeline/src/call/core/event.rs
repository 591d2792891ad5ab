//! What the core is told and what it asks for. Time is in milliseconds of any monotone clock.

use std::sync::Arc;
use std::time::Duration;

use crate::call::cancellation::Name;
use crate::call::handler::{Admission, Decoded};
use crate::call::place::Move;
use crate::call::progress::Progress;
use crate::{Outgoing, Record};

/// One record of one assignment of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) partition: i32,
    pub(crate) epoch: u64,
    pub(crate) offset: i64,
}

/// One assignment of a partition. What is asked for under one says nothing of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) partition: i32,
    pub(crate) epoch: u64,
}

/// An offset and its metadata, as committed or to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) metadata: String,
}

/// Where an assigned partition goes on.
#[derive(Debug)]
pub(crate) struct Position {
    pub(crate) progress: Progress,
    /// What is committed; `None` for a partition that never was.
    pub(crate) committed: Option<Commit>,
    /// Where its log ended when it was assigned, if that matters: see [`Progress::asks_for_end`].
    pub(crate) end: i64,
}

/// What the handler's reading of a record came to.
#[derive(Debug)]
pub(crate) enum Disposition {
    Run(Admission),
    /// It cancels the earlier record of that name.
    Cancel(Name),
    /// Dead letter and outcome to commit instead of a run.
    Dead(Vec<Outgoing>),
    /// This version cannot go on in this partition.
    Pause(&'static str),
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) record: Arc<Record>,
    pub(crate) disposition: Disposition,
}

/// Why and how a record ends with a dead letter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Burial {
    /// Reason of the dead letter.
    pub(crate) reason: &'static str,
    /// The record may have run before.
    pub(crate) rerun: bool,
}

/// How a task ended.
#[derive(Debug)]
pub(crate) enum Ending {
    Done(Vec<Outgoing>),
    Aborted,
    /// Not even a dead outcome could be made: its partition must not go on.
    Broken(&'static str),
}

/// What the committer did with a plan.
#[derive(Debug)]
pub(crate) enum Settled {
    Committed,
    Aborted,
    /// The outcome is not known; after the transaction was settled this is what is committed.
    Unknown(Vec<(i32, Option<Commit>)>),
}

#[derive(Debug)]
pub(crate) enum Event {
    /// A partition came; `Err` is why it must be refused.
    Assigned { partition: i32, epoch: u64, position: Result<Position, &'static str> },
    /// Partitions go once the core has answered [`Action::Released`] for each.
    Revoked(Vec<Assignment>),
    /// Partitions are gone.
    Lost(Vec<i32>),
    /// Records in the order of their offsets, without holes other than those of the log. `session` counts the
    /// positions that the consumer was moved to: records read before a move would look like a hole.
    Delivered { partition: i32, epoch: u64, session: u64, items: Vec<Item> },
    /// What the log of a partition has: its first offset and one above its last.
    Bounds { partition: i32, epoch: u64, low: i64, high: i64 },
    /// A task that was started ended. Exactly one per task.
    Ended { task: u64, ending: Ending },
    /// A running task leaves its place to others while it waits, or takes it again.
    Moved { task: u64, what: Move },
    /// The outstanding plan ended.
    Planned { plan: u64, settled: Settled },
    /// Stop admitting and starting; let running calls end for at most this long, then give everything up.
    Stop { grace: Duration },
    /// Time has passed.
    Tick,
}

/// One transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) id: u64,
    /// In the order in which the outcomes arose.
    pub(crate) outputs: Vec<Arc<Vec<Outgoing>>>,
    pub(crate) offsets: Vec<Commit>,
}

#[derive(Debug)]
pub(crate) enum Action {
    Run {
        task: u64,
        record: Arc<Record>,
        rerun: bool,
        hard_deadline: Duration,
        decoded: Decoded,
    },
    /// End the record with a dead letter and its outcome, as a task like any other.
    Bury {
        task: u64,
        record: Arc<Record>,
        burial: Burial,
    },
    /// End the record as crowded, as a task like any other.
    Shed {
        task: u64,
        record: Arc<Record>,
        rerun: bool,
    },
    /// End the record as cancelled before it ran, as a task like any other.
    CallOff {
        task: u64,
        record: Arc<Record>,
        rerun: bool,
    },
    /// Tell a task that its record is cancelled: it is to end by itself. What does not run a call ends in any case.
    Cancel {
        task: u64,
    },
    /// Drop a task, whose partition goes.
    Abort {
        task: u64,
    },
    Pause(Assignment),
    /// Read on at `from`; records of earlier sessions are not wanted any more.
    Resume {
        assignment: Assignment,
        session: u64,
        from: i64,
    },
    /// The group metadata must be read now, while every partition of the plan is still owned.
    Commit(Plan),
    /// The plan names a lost partition: abort it if that is still possible.
    Abandon {
        plan: u64,
    },
    Released(Assignment),
    Ownership {
        owned: Vec<i32>,
    },
    /// The partition is refused: it stays owned, nothing of it is read until an operator acts.
    Alert {
        partition: i32,
        reason: &'static str,
    },
    /// Everything is given up in order; the shell may leave the group.
    Stopped,
}
