//! Does what the core asks for and brings it the answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime;

use super::action::{Action, Commit, DeadLetter};
use super::config::BatchConfig;
use super::failure::Failure;
use super::machine::Machine;
use super::metadata;
use super::metrics as names;
use super::sink::{InsertError, Sink};
use super::tasks::{Answer, Tasks};
use super::time::Stopwatch;
use crate::kafka::crash::{self, Step};
use crate::kafka::{self, CommitOffset, Consumer, Partition, PublishError, Publisher};
use crate::{GivenUp, dead_letter};

/// Commits in a row before records have their turn again.
const ROUNDS: usize = 4;

/// The way to the store, to the committed offsets and to the dead letters.
pub(super) struct Executor<S: Sink> {
    config: BatchConfig,
    sink: Arc<S>,
    incarnation: String,
    publisher: Publisher,
    tasks: Tasks,
    /// Dead letters that the producer had no room for.
    unsent: Vec<DeadLetter>,
    stopwatch: Stopwatch,
}

/// What an executor is made of.
pub(super) struct Parts<S> {
    pub config: BatchConfig,
    pub sink: Arc<S>,
    pub incarnation: String,
    pub publisher: Publisher,
    pub runtime: runtime::Handle,
    pub stopwatch: Stopwatch,
}

impl<S: Sink> Executor<S> {
    pub(super) fn new(parts: Parts<S>) -> Self {
        let Parts { config, sink, incarnation, publisher, runtime, stopwatch } = parts;
        let tasks = Tasks::new(runtime);
        Self { config, sink, incarnation, publisher, tasks, unsent: Vec::new(), stopwatch }
    }

    /// Does everything that is due. Commits and pauses go by `consumer`.
    pub(super) fn act(&mut self, machine: &mut Machine<S::Row>, consumer: &Consumer) -> Result<(), Failure> {
        for letter in std::mem::take(&mut self.unsent) {
            self.send(letter)?;
        }
        for _ in 0..ROUNDS {
            let due = machine.step(self.stopwatch.now());
            for action in due.actions {
                match action {
                    Action::Insert { assignment, block } => {
                        self.tasks.insert(&self.sink, assignment, block, self.config.limits.insert_timeout);
                    }
                    Action::DeadLetter(letter) => self.send(letter)?,
                    Action::Pause(partition) => consumer.pause(&[partition])?,
                    Action::Resume(partition) => consumer.resume(&[partition])?,
                }
            }
            if due.commits.is_empty() {
                break;
            }
            self.commit(due.commits, machine, consumer)?;
        }
        Ok(())
    }

    /// Commits all at once, and if that fails each alone, so that one partition's trouble does not become everyone's.
    fn commit(
        &self,
        commits: Vec<Commit>,
        machine: &mut Machine<S::Row>,
        consumer: &Consumer,
    ) -> Result<(), Failure> {
        let opens = commits.iter().any(|commit| commit.pending.is_some());
        let mut assignments = Vec::with_capacity(commits.len());
        let mut offsets = Vec::with_capacity(commits.len());
        for Commit { assignment, offset, pending } in commits {
            let metadata = metadata::seal(&self.incarnation, pending.as_ref())?;
            offsets.push(CommitOffset { partition: assignment.partition.clone(), next: offset, metadata });
            assignments.push(assignment);
        }
        let together = consumer.commit(&offsets);
        crash::at(if opens { Step::RangeOpened } else { Step::RangeClosed });
        for (assignment, offset) in assignments.iter().zip(&offsets) {
            let result = match &together {
                Ok(()) => Ok(()),
                Err(_) if offsets.len() > 1 => consumer.commit(std::slice::from_ref(offset)),
                Err(error) => Err(kafka::Error::Unexpected(error.to_string())),
            };
            let now = self.stopwatch.now();
            match result {
                Ok(()) => machine.committed(assignment, now),
                Err(error) => {
                    let Partition { topic, index } = &assignment.partition;
                    tracing::warn!(%error, topic = &**topic, partition = index, "commit");
                    machine.not_committed(assignment, now);
                }
            }
        }
        Ok(())
    }

    /// Hands a dead letter to the producer, or keeps it until there is room.
    fn send(&mut self, letter: DeadLetter) -> Result<(), Failure> {
        let given_up = GivenUp { step: self.config.instance.role(), reason: letter.reason, attempts: 1 };
        let outgoing = dead_letter(&self.config.dead_letters, &letter.record, given_up);
        match self.publisher.publish(&outgoing) {
            Ok(acknowledgement) => self.tasks.await_written(letter, acknowledgement),
            Err(PublishError::Busy) => self.unsent.push(letter),
            Err(error @ (PublishError::TooLarge | PublishError::Refused(_))) => {
                return Err(Failure::DeadLetter(error.to_string()));
            }
        }
        Ok(())
    }

    /// Brings the answers that are there, waiting no longer than `wait` for the first.
    pub(super) fn answers(
        &mut self,
        machine: &mut Machine<S::Row>,
        mut wait: Duration,
    ) -> Result<(), Failure> {
        while let Some(answer) = self.tasks.answer(wait) {
            wait = Duration::ZERO;
            match answer {
                Answer::Inserted { assignment, table, result, took } => {
                    crash::at(Step::BlockInserted);
                    let name = self.sink.tables().get(table).copied().unwrap_or("unknown");
                    metrics::histogram!(names::INSERT_SECONDS, "table" => name).record(took.as_secs_f64());
                    if let Err(error @ (InsertError::Retry(_) | InsertError::Fatal(_))) = &result {
                        tracing::warn!(%error, table = name, "insert block");
                    }
                    let now = self.stopwatch.now();
                    if let Some(letter) = machine.inserted(assignment, table, &result, now) {
                        self.send(letter)?;
                    }
                }
                Answer::DeadLettered { letter, result } => {
                    result.map_err(Failure::DeadLetter)?;
                    machine.dead_lettered(&letter);
                }
            }
        }
        Ok(())
    }

    /// Aborts the inserts of a partition that is not ours any more; answers that still come are ignored by the core.
    pub(super) fn abort(&self, partition: &Partition) {
        self.tasks.abort(partition);
    }
}
