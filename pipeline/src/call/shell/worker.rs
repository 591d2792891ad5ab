//! Runs the handler's code so that whatever it does ends in one outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::call::core::{Burial, CRASH, FATAL_ENDS};
use crate::call::handler::{CANCEL_PATIENCE, Done, Handler, Job};
use crate::{GivenUp, Outgoing, Record, dead_letter};

/// What workers need besides their record.
pub(super) struct Work<H> {
    pub(super) handler: Arc<H>,
    pub(super) dead_letters: Arc<str>,
    pub(super) step: String,
    pub(super) output_bytes: usize,
}

impl<H: Handler> Work<H> {
    /// Runs a job until it ends. Its future is dropped when its hard deadline has passed, or when it was cancelled and has not
    /// ended soon after.
    pub(super) async fn run(self: Arc<Self>, job: Job) -> Vec<Outgoing> {
        let (record, rerun, cancellation) = (Arc::clone(&job.record), job.rerun, job.cancellation.clone());
        let overdue = tokio::time::sleep(job.hard_deadline);
        let stubborn = async {
            cancellation.happened().await;
            tokio::time::sleep(CANCEL_PATIENCE).await;
        };
        let ended = tokio::select! {
            biased;
            done = self.handler.run(job) => Some(done),
            () = overdue => None,
            () = stubborn => None,
        };
        self.sized(&record, ended.unwrap_or_else(|| self.handler.overdue(&record, rerun)))
    }

    /// The outcome of a record that is shed.
    pub(super) fn shed(&self, record: &Record, rerun: bool) -> Vec<Outgoing> {
        self.sized(record, self.handler.crowded(record, rerun))
    }

    /// The outcome of a record that was cancelled before it ran.
    pub(super) fn call_off(&self, record: &Record, rerun: bool) -> Vec<Outgoing> {
        self.sized(record, self.handler.cancelled(record, rerun))
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
