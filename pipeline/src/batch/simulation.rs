//! The batch driver on the model broker and on a model store: [`super::poller`] and [`super::executor`], step by step.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

mod shelf;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

pub use shelf::{Reader, Shelf, unread};

use super::action::{Action, Assignment, Commit, DeadLetter};
use super::build::build;
use super::machine::Machine;
use super::sink::{InsertError, Sink};
use super::{BatchConfig, Block, metadata, takeover};
use crate::kafka::{CommitOffset, Partition};
use crate::simulation::{Client, Crew, INCARNATION, Polled, Process, Sim};
use crate::{GivenUp, Record, dead_letter};

/// How long running inserts may hold up a rebalance, in milliseconds.
const DRAIN: i64 = 400;
/// How long, in milliseconds, a store or a broker may take to answer; long enough for a partition to go and come back.
const HANGS: u64 = 6_000;

enum Answer {
    Inserted { assignment: Assignment, table: usize, result: Result<(), InsertError> },
    DeadLettered(DeadLetter),
}

type Answers = Rc<RefCell<Vec<Answer>>>;

/// Starts one instance. Rows are built by `sink`, and stored on the shelf.
pub fn process<S>(sim: &Sim, config: BatchConfig, sink: Arc<S>, shelf: &Rc<Shelf<S::Row>>) -> Process
where
    S: Sink,
    S::Row: std::fmt::Debug,
{
    let (skew, stop) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let client = Rc::new(RefCell::new(None::<Client>));
    let seed = sim.random().number();
    let crew = Crew::default();
    let poller = Poller {
        machine: Machine::new(config.limits.clone(), seed, sink.tables()),
        sim: sim.clone(),
        started: sim.now(),
        client: Rc::clone(&client),
        crew: crew.clone(),
        shelf: Rc::clone(shelf),
        answers: Answers::default(),
        stop: Rc::clone(&stop),
        config,
        sink,
    };
    crew.add(poller.run());
    let background = move || {
        if let Some(client) = client.borrow_mut().as_mut() {
            client.background();
        }
    };
    Process { crew, background: Box::new(background), skew, stop }
}

struct Poller<S: Sink> {
    sim: Sim,
    config: BatchConfig,
    sink: Arc<S>,
    started: i64,
    client: Rc<RefCell<Option<Client>>>,
    crew: Crew,
    shelf: Rc<Shelf<S::Row>>,
    machine: Machine<S::Row>,
    answers: Answers,
    stop: Rc<Cell<bool>>,
}

impl<S> Poller<S>
where
    S: Sink,
    S::Row: std::fmt::Debug,
{
    async fn run(mut self) -> Result<(), String> {
        let (instance, topics) = (&self.config.instance, self.config.topics.clone());
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        let joined = Client::join(&self.sim, &instance.group_id(), &instance.group_instance_id(), &topics);
        *self.client.borrow_mut() = Some(joined);
        while !self.stop.get() {
            self.turn().await?;
        }
        let until = self.sim.now() + self.sim.random().millis(500);
        self.machine.flush();
        while !self.machine.is_flushed() && self.sim.now() < until {
            self.turn().await?;
        }
        if self.sim.random().one_in(2) {
            self.with_client(Client::leave);
        }
        Err("stopped".into())
    }

    async fn turn(&mut self) -> Result<(), String> {
        self.sim.tick().await;
        self.read().await?;
        self.answers();
        self.act().await;
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.sim.now() - self.started).unwrap()
    }

    fn with_client<T>(&self, call: impl FnOnce(&mut Client) -> T) -> T {
        call(self.client.borrow_mut().as_mut().unwrap())
    }

    async fn read(&mut self) -> Result<(), String> {
        let most = 1 + self.sim.random().below(6);
        for _ in 0..most {
            let polled = self.with_client(Client::poll);
            match polled {
                Polled::Record(record) => self.take(record),
                Polled::Assigned(partitions) => self.assigned(&partitions).await,
                Polled::Revoked(partitions) => self.revoked(&partitions).await,
                Polled::Lost(partitions) => self.lost(&partitions),
                Polled::OutOfRange => return Err("out of range".into()),
                Polled::Fatal(reason) => return Err(reason),
                Polled::Nothing => return Ok(()),
            }
        }
        Ok(())
    }

    fn take(&mut self, record: Record) {
        let partition = Partition { topic: Arc::clone(&record.topic), index: record.partition };
        if let Some(version) = self.machine.builder(&partition, record.offset, self.sink.version()) {
            let built = build(&*self.sink, version, &record);
            let now = self.now();
            self.machine.record(Arc::new(record), built, version, now);
        }
    }

    async fn assigned(&mut self, partitions: &[Partition]) {
        let known = loop {
            self.sim.tick().await;
            if let Some(committed) = self.with_client(|client| client.committed(partitions)) {
                break committed;
            }
        };
        let mut starts = Vec::new();
        for committed in known {
            let (low, end) = {
                let broker = self.sim.broker();
                (broker.watermarks(&committed.partition).0, broker.stable(&committed.partition))
            };
            let knows = |version| self.sink.knows(version);
            let start = takeover::decide(&committed, (low, end), self.config.start, INCARNATION, knows);
            if let Err(refusal) = &start {
                self.sim.violate("refused", refusal.to_string());
            }
            let position = start.as_ref().map_or(low, |start| start.position);
            self.sim.note(|| format!("{} gets {:?} at {position}", self.name(), committed.partition));
            starts.push((committed.partition.clone(), position));
            let now = self.now();
            self.machine.assign(committed.partition, start, now);
        }
        self.with_client(|client| client.assign(&starts));
    }

    fn name(&self) -> String {
        self.config.instance.group_instance_id()
    }

    async fn revoked(&mut self, partitions: &[Partition]) {
        self.machine.drain(partitions);
        let until = self.sim.now() + DRAIN;
        self.act().await;
        while !self.machine.is_drained(partitions) && self.sim.now() < until {
            self.sim.tick().await;
            self.answers();
            self.act().await;
        }
        self.lost(partitions);
    }

    fn lost(&mut self, partitions: &[Partition]) {
        self.sim.note(|| format!("{} gives {partitions:?}", self.name()));
        partitions.iter().for_each(|partition| self.machine.forget(partition));
        self.with_client(|client| client.unassign(partitions));
    }

    async fn act(&mut self) {
        let due = self.machine.step(self.now());
        for action in due.actions {
            match action {
                Action::Insert { assignment, block } => self.insert(assignment, block),
                Action::DeadLetter(letter) => self.send(letter),
                Action::Pause(partition) => self.with_client(|client| client.pause(&[partition])),
                Action::Resume(partition) => self.with_client(|client| client.resume(&[partition])),
            }
        }
        for commit in due.commits {
            self.commit(commit).await;
        }
    }

    async fn commit(&mut self, commit: Commit) {
        let Commit { assignment, offset: next, pending } = commit;
        self.sim.wait().await;
        let metadata = metadata::seal(INCARNATION, pending.as_ref()).unwrap();
        let offset = CommitOffset { partition: assignment.partition.clone(), next, metadata };
        let sent = !self.sim.fails(20) && self.with_client(|client| client.commit(&[offset]));
        let partition = &assignment.partition;
        self.sim.note(|| {
            format!("{} commits {partition:?} at {next}, {:?}: {sent}", self.name(), pending.as_ref())
        });
        let told = sent && !self.sim.fails(20);
        let now = self.now();
        if told {
            self.machine.committed(&assignment, now);
        } else {
            self.machine.not_committed(&assignment, now);
        }
    }

    fn send(&mut self, letter: DeadLetter) {
        let given_up = GivenUp { step: self.config.instance.role(), reason: letter.reason, attempts: 1 };
        let outgoing = dead_letter(&self.config.dead_letters, &letter.record, given_up);
        let (sim, answers) = (self.sim.clone(), Rc::clone(&self.answers));
        self.crew.add(async move {
            sim.wait().await;
            sim.broker().publish(&outgoing);
            answer_comes(&sim).await;
            answers.borrow_mut().push(Answer::DeadLettered(letter));
            Ok(())
        });
    }

    fn insert(&mut self, assignment: Assignment, block: Arc<Block<S::Row>>) {
        let (sim, answers, shelf) = (self.sim.clone(), Rc::clone(&self.answers), Rc::clone(&self.shelf));
        self.crew.add(async move {
            sim.wait().await;
            let result = if sim.fails(10) {
                Err(InsertError::Retry("not there".into()))
            } else if sim.fails(20) {
                Err(InsertError::Fatal("no table".into()))
            } else {
                shelf.insert(&sim, &block)
            };
            answer_comes(&sim).await;
            let lost = result.is_ok() && sim.fails(10);
            let result = if lost { Err(InsertError::Retry("answer lost".into())) } else { result };
            answers.borrow_mut().push(Answer::Inserted { assignment, table: block.table, result });
            Ok(())
        });
    }

    fn answers(&mut self) {
        let answers = std::mem::take(&mut *self.answers.borrow_mut());
        for answer in answers {
            match answer {
                Answer::Inserted { assignment, table, result } => {
                    let now = self.now();
                    if let Some(letter) = self.machine.inserted(assignment, table, &result, now) {
                        self.send(letter);
                    }
                }
                Answer::DeadLettered(letter) => self.machine.dead_lettered(&letter),
            }
        }
    }
}

/// The way back of an answer. The driver aborts the inserts of a partition that goes, but one that has just ended is
/// answered all the same, and dead letters are not aborted: whatever is under way may answer late.
async fn answer_comes(sim: &Sim) {
    sim.wait().await;
    if sim.fails(6) {
        let long = sim.random().millis(HANGS);
        sim.sleep(long).await;
    }
}
