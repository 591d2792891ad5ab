//! Runs the handler's code so that whatever it does ends in one outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::call::core::{Burial, CRASH, FATAL_ENDS};
use crate::call::handler::{Done, Handler, Job};
use crate::{GivenUp, Outgoing, Record, dead_letter};

/// What workers need besides their record.
pub(super) struct Work<H> {
    pub(super) handler: Arc<H>,
    pub(super) dead_letters: Arc<str>,
    pub(super) step: String,
    pub(super) output_bytes: usize,
}

impl<H: Handler> Work<H> {
    /// Runs a job until it ends or its hard deadline passes, when its future is dropped.
    pub(super) async fn run(self: Arc<Self>, job: Job) -> Vec<Outgoing> {
        let (record, rerun) = (Arc::clone(&job.record), job.rerun);
        let ended = tokio::time::timeout(job.hard_deadline, self.handler.run(job)).await;
        self.sized(&record, ended.unwrap_or_else(|_| self.handler.overdue(&record, rerun)))
    }

    /// The outcome of a record that is shed.
    pub(super) fn shed(&self, record: &Record, rerun: bool) -> Vec<Outgoing> {
        self.sized(record, self.handler.crowded(record, rerun))
    }

    pub(super) fn sized(&self, record: &Record, ended: Done) -> Vec<Outgoing> {
        if ended.outputs.iter().all(|output| output.size() <= self.output_bytes) {
            return ended.outputs;
        }
        self.handler.oversize(record, &ended).outputs
    }

    /// The dead letter of a record together with its outcome; `None` when the handler panics over it.
    pub(super) fn bury(&self, record: &Record, burial: Burial) -> Option<Vec<Outgoing>> {
        let Burial { reason, rerun } = burial;
        let attempts = if reason == CRASH { FATAL_ENDS } else { 1 };
        let letter = dead_letter(&self.dead_letters, record, GivenUp { step: &self.step, reason, attempts });
        let end = AssertUnwindSafe(|| self.handler.dead(record, reason, rerun));
        let Done { outputs } = catch_unwind(end).ok()?;
        Some(std::iter::once(letter).chain(outputs).collect())
    }
}
