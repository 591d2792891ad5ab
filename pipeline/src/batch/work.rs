//! Does what the core asks for and brings it the answers.

use std::sync::Arc;
use std::time::Duration;

use super::machine::{Action, Assignment};
use super::metadata;
use super::metrics as names;
use super::pending::Pending;
use super::poller::{Failure, Poller};
use super::sink::Sink;
use super::tasks::Answer;
use crate::kafka::crash::{self, Step};
use crate::kafka::{CommitOffset, PublishError};
use crate::{GivenUp, Record, dead_letter};

/// Commits in a row before records have their turn again.
const ROUNDS: usize = 4;

/// One dead letter that is to be written.
#[derive(Debug)]
pub(super) struct DeadLetter {
    assignment: Assignment,
    table: Option<usize>,
    record: Arc<Record>,
    reason: &'static str,
}

impl<S: Sink> Poller<S> {
    /// Does everything that is due.
    pub(super) fn act(&mut self) -> Result<(), Failure> {
        for letter in std::mem::take(&mut self.unsent) {
            self.send(letter)?;
        }
        for _ in 0..ROUNDS {
            let mut commits = Vec::new();
            for action in self.machine.step(self.now()) {
                match action {
                    Action::Commit { assignment, offset, pending } => {
                        commits.push((assignment, offset, pending))
                    }
                    other => self.act_on(other)?,
                }
            }
            if commits.is_empty() {
                break;
            }
            self.commit(commits)?;
        }
        Ok(())
    }

    fn act_on(&mut self, action: Action<S::Row>) -> Result<(), Failure> {
        match action {
            Action::Commit { assignment, offset, pending } => {
                self.commit(vec![(assignment, offset, pending)])?
            }
            Action::Insert { assignment, block } => {
                let limit = self.setup.config.limits.insert_timeout;
                self.tasks.insert(&self.setup.sink, assignment, block, limit);
            }
            Action::DeadLetter { assignment, table, record, reason } => {
                self.send(DeadLetter { assignment, table, record, reason })?
            }
            Action::Pause(partition) => self.consumer.pause(&[partition])?,
            Action::Resume(partition) => self.consumer.resume(&[partition])?,
        }
        Ok(())
    }

    /// Commits all at once; if that fails, each alone, so that one partition's trouble is not everyone's.
    fn commit(&mut self, commits: Vec<(Assignment, i64, Option<Pending>)>) -> Result<(), Failure> {
        let opens = commits.iter().any(|(_, _, pending)| pending.is_some());
        let mut asks = Vec::with_capacity(commits.len());
        let mut offsets = Vec::with_capacity(commits.len());
        for (assignment, next, pending) in commits {
            let metadata = metadata::seal(&self.setup.incarnation, pending.as_ref())?;
            offsets.push(CommitOffset { partition: assignment.partition.clone(), next, metadata });
            asks.push(assignment);
        }
        let together = self.consumer.commit(&offsets);
        crash::at(if opens { Step::RangeOpened } else { Step::RangeClosed });
        for (assignment, offset) in asks.iter().zip(&offsets) {
            let result = match &together {
                Ok(()) => Ok(()),
                Err(_) if offsets.len() > 1 => self.consumer.commit(std::slice::from_ref(offset)),
                Err(error) => Err(crate::kafka::Error::Unexpected(error.to_string())),
            };
            if let Err(error) = &result {
                tracing::warn!(%error, topic = &*assignment.partition.topic, partition = assignment.partition.index, "commit");
            }
            let now = self.now();
            self.machine.committed(assignment, result.is_ok(), now);
        }
        Ok(())
    }

    /// Hands a dead letter to the producer, or keeps it until there is room.
    fn send(&mut self, letter: DeadLetter) -> Result<(), Failure> {
        let given_up =
            GivenUp { step: self.setup.config.instance.role(), reason: letter.reason, attempts: 1 };
        let outgoing = dead_letter(&self.setup.config.dead_letters, &letter.record, given_up);
        match self.publisher.publish(&outgoing) {
            Ok(receiver) => self.tasks.letter(letter.assignment, letter.table, letter.reason, receiver),
            Err(PublishError::Busy) => self.unsent.push(letter),
            Err(error @ (PublishError::TooLarge | PublishError::Refused(_))) => {
                return Err(Failure::DeadLetter(error.to_string()));
            }
        }
        Ok(())
    }

    /// Takes the answers that are there, waiting no longer than `wait` for the first.
    pub(super) fn answers(&mut self, mut wait: Duration) -> Result<(), Failure> {
        while let Some(answer) = self.tasks.answer(wait) {
            wait = Duration::ZERO;
            match answer {
                Answer::Inserted { assignment, table, result, took } => {
                    crash::at(Step::BlockInserted);
                    let name = self.setup.sink.tables().get(table).copied().unwrap_or("unknown");
                    metrics::histogram!(names::INSERT_SECONDS, "table" => name).record(took.as_secs_f64());
                    if let Err(error) = &result
                        && !matches!(error, super::InsertError::Rejected(_))
                    {
                        tracing::warn!(%error, table = name, "insert block");
                    }
                    let now = self.now();
                    if let Some(letter) = self.machine.inserted(assignment, table, &result, now) {
                        self.act_on(letter)?;
                    }
                }
                Answer::DeadLettered { assignment, table, reason, result } => {
                    result.map_err(Failure::DeadLetter)?;
                    self.machine.dead_lettered(&assignment, table, reason);
                }
            }
        }
        Ok(())
    }
}
