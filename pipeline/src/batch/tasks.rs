//! What runs beside the driver's thread: inserts, and the wait for acknowledgements of dead letters.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::action::{Assignment, DeadLetter};
use super::sink::{Block, InsertError, Sink};
use crate::kafka::{Acknowledgement, Partition, Unacknowledged};

/// What came of one of them.
#[derive(Debug)]
pub(super) enum Answer {
    Inserted { assignment: Assignment, table: usize, result: Result<(), InsertError>, took: Duration },
    DeadLettered { letter: DeadLetter, result: Result<(), String> },
}

/// Everything that is under way, and the channel that it answers by.
#[derive(Debug)]
pub(super) struct Tasks {
    runtime: runtime::Handle,
    sender: Sender<Answer>,
    answers: Receiver<Answer>,
    running: Vec<(Partition, AbortHandle)>,
}

/// Answers even when its task panics or is aborted: an insert without an answer would stop its partition.
struct Promise {
    sender: Sender<Answer>,
    answer: Option<Answer>,
}

impl Promise {
    fn keep(mut self, answer: Answer) {
        self.answer = Some(answer);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            // The driver has ended: nobody needs the answer.
            drop(self.sender.send(answer));
        }
    }
}

impl Tasks {
    pub(super) fn new(runtime: runtime::Handle) -> Self {
        let (sender, answers) = channel();
        Self { runtime, sender, answers, running: Vec::new() }
    }

    /// Tries a block once, no longer than `limit`.
    pub(super) fn insert<S: Sink>(
        &mut self,
        sink: &Arc<S>,
        assignment: Assignment,
        block: Arc<Block<S::Row>>,
        limit: Duration,
    ) {
        let (sink, table, partition) = (Arc::clone(sink), block.table, assignment.partition.clone());
        let broken = Err(InsertError::Fatal("the insert panicked".into()));
        let unkept =
            Answer::Inserted { assignment: assignment.clone(), table, result: broken, took: Duration::ZERO };
        let promise = Promise { sender: self.sender.clone(), answer: Some(unkept) };
        let task = self.runtime.spawn(async move {
            let start = Instant::now();
            let result = tokio::time::timeout(limit, sink.insert(&block)).await;
            let result = result.unwrap_or_else(|_| Err(InsertError::Retry("no answer in time".into())));
            promise.keep(Answer::Inserted { assignment, table, result, took: start.elapsed() });
        });
        self.running.retain(|(_, task)| !task.is_finished());
        self.running.push((partition, task.abort_handle()));
    }

    /// Waits for the acknowledgement of a dead letter.
    pub(super) fn await_written(
        &self,
        letter: DeadLetter,
        acknowledgement: oneshot::Receiver<Result<Acknowledgement, Unacknowledged>>,
    ) {
        let sender = self.sender.clone();
        self.runtime.spawn(async move {
            let result = match acknowledgement.await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("the producer has ended".to_owned()),
            };
            drop(sender.send(Answer::DeadLettered { letter, result }));
        });
    }

    /// The next answer, waiting no longer than `wait`.
    pub(super) fn answer(&self, wait: Duration) -> Option<Answer> {
        if wait.is_zero() { self.answers.try_recv().ok() } else { self.answers.recv_timeout(wait).ok() }
    }

    /// Ends the inserts of a partition wherever they are. One that has not begun never will; one that has may or may
    /// not take effect, and its range is still pending.
    pub(super) fn abort(&self, partition: &Partition) {
        for (_, task) in self.running.iter().filter(|(of, _)| of == partition) {
            task.abort();
        }
    }
}
