//! What a step reads of the log, and what it leaves behind.

use schemas::Millis;
use schemas::answer::Answer;
use schemas::cancel::Cancel;
use schemas::decision::Decision;
use schemas::ledger::LedgerEntry;
use schemas::request::Request;
use schemas::retract::Retract;

use crate::state::State;

/// Where in the log a step happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Partition of the input.
    pub partition: i32,
    /// Offset of the input.
    pub offset: i64,
    /// Append time of the input, in milliseconds since the epoch.
    pub time: Millis,
}

/// One record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// What was decided.
    Decision(Box<Decision>),
    /// Work for the call step.
    Request(Request),
    /// The end of a request that nobody waits for any more.
    Cancel(Cancel),
    /// A part of an answer.
    Answer(Answer),
    /// A part of an answer is taken back.
    Retract(Retract),
    /// A fact of money.
    Ledger(LedgerEntry),
}

/// What one step leaves behind.
#[derive(Debug, Clone)]
pub struct Step<S = State> {
    /// The conversation's state from now on; `None` forgets it.
    pub state: Option<S>,
    /// Records to write, in order.
    pub outputs: Vec<Output>,
}
