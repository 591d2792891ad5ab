//! As [`crate::call::shell::poller`].

use std::rc::Rc;
use std::sync::Arc;

use super::parts::Parts;
use crate::call::core::{Assignment, Commit, Event, Position, Settled};
use crate::call::handler::Handler;
use crate::call::shell::assign::place;
use crate::call::shell::owned::{Owned, assignments, present, released};
use crate::call::shell::poller::Command;
use crate::call::shell::reading::Reading;
use crate::kafka::{Committed, Partition};
use crate::simulation::{Client, INCARNATION, Polled};

/// How long a revocation waits for the last plan, in milliseconds.
const LAST_PLAN: i64 = 500;

pub(super) async fn run<H: Handler>(parts: Rc<Parts<H>>) -> Result<(), String> {
    let instance = &parts.config.instance;
    let client =
        Client::join(&parts.sim, &instance.group_id(), &instance.group_instance_id(), &[&parts.config.topic]);
    *parts.client.borrow_mut() = Some(client);
    let reading = Reading::new(Arc::clone(&parts.work));
    Poller { parts, reading, epochs: 0, releasing: Vec::new(), end: None }.run().await
}

struct Poller<H> {
    parts: Rc<Parts<H>>,
    reading: Reading<H>,
    epochs: u64,
    releasing: Vec<Assignment>,
    end: Option<bool>,
}

impl<H: Handler> Poller<H> {
    async fn run(mut self) -> Result<(), String> {
        while self.end.is_none() {
            self.parts.sim.tick().await;
            self.obey().await;
            if self.parts.sim.random().one_in(3) {
                self.renew_membership();
            }
            self.turn().await?;
        }
        if self.end == Some(true) {
            self.parts.with_client(Client::leave);
        }
        Err("stopped".into())
    }

    fn renew_membership(&self) {
        let membership = self.parts.with_client(|client| client.standing());
        self.parts.standing.borrow_mut().set(membership, self.parts.losses.get());
    }

    async fn turn(&mut self) -> Result<(), String> {
        let most = 1 + self.parts.sim.random().below(8);
        for _ in 0..most {
            let polled = self.parts.with_client(Client::poll);
            match polled {
                Polled::Record(record) => {
                    if self.parts.owned.borrow().contains_key(&record.partition) {
                        self.reading.read(record);
                    }
                }
                Polled::Nothing => break,
                Polled::Fatal(reason) => return Err(reason),
                Polled::OutOfRange => return Err("out of range".into()),
                Polled::Assigned(partitions) => {
                    self.flush();
                    self.renew_membership();
                    self.assigned(&partitions).await;
                    self.renew_membership();
                    return Ok(());
                }
                Polled::Revoked(partitions) => {
                    self.flush();
                    self.renew_membership();
                    self.revoked(&partitions).await;
                    self.renew_membership();
                    return Ok(());
                }
                Polled::Lost(partitions) => {
                    self.flush();
                    self.renew_membership();
                    self.gone(partitions.iter().map(|p| p.index).collect());
                    self.parts.with_client(|client| client.unassign(&partitions));
                    self.renew_membership();
                    return Ok(());
                }
            }
        }
        self.flush();
        Ok(())
    }

    fn flush(&mut self) {
        for (partition, items) in self.reading.take() {
            let of = self.parts.owned.borrow().get(&partition).map(|owned| (owned.epoch, owned.session));
            if let Some((epoch, session)) = of {
                self.parts.send(Event::Delivered { partition, epoch, session, items });
            }
        }
    }

    async fn committed(&self, partitions: &[Partition]) -> Vec<Committed> {
        loop {
            self.parts.sim.tick().await;
            if let Some(committed) = self.parts.with_client(|client| client.committed(partitions)) {
                return committed;
            }
        }
    }

    async fn assigned(&mut self, partitions: &[Partition]) {
        let committed = self.committed(partitions).await;
        self.parts.sim.note(|| format!("{} gets {partitions:?}", self.parts.name()));
        let mut starts = Vec::new();
        let mut refused = Vec::new();
        for committed in committed {
            let partition = committed.partition.clone();
            let log = self.parts.sim.broker().watermarks(&partition);
            let position = place(self.parts.config.start, INCARNATION, committed, log);
            starts.push((partition.clone(), position.as_ref().map_or(0, |position| position.progress.base)));
            if let Ok(Position { progress, .. }) = &position {
                self.parts.checker.assigned(partition.index, progress.high);
            } else {
                refused.push(partition.clone());
            }
            self.epochs += 1;
            let epoch = self.epochs;
            self.parts.owned.borrow_mut().insert(partition.index, Owned { epoch, session: 0 });
            self.parts.send(Event::Assigned { partition: partition.index, epoch, position });
        }
        self.parts.with_client(|client| client.assign(&starts));
        self.parts.with_client(|client| client.pause(&refused));
    }

    async fn revoked(&mut self, partitions: &[Partition]) {
        let indices = partitions.iter().map(|partition| partition.index);
        self.releasing = assignments(&self.parts.owned.borrow(), indices);
        self.parts.send(Event::Revoked(self.releasing.clone()));
        let until = self.parts.sim.now() + LAST_PLAN;
        while !self.releasing.is_empty() && self.parts.sim.now() < until {
            self.parts.sim.tick().await;
            self.obey().await;
        }
        let late: Vec<i32> = self.releasing.drain(..).map(|late| late.partition).collect();
        if !late.is_empty() {
            self.gone(late);
        }
        for partition in partitions {
            self.parts.owned.borrow_mut().remove(&partition.index);
        }
        self.parts.sim.note(|| format!("{} gives {partitions:?}", self.parts.name()));
        self.parts.with_client(|client| client.unassign(partitions));
    }

    fn gone(&self, partitions: Vec<i32>) {
        self.parts.losses.set(self.parts.losses.get() + 1);
        self.parts.sim.note(|| format!("{} loses {partitions:?}", self.parts.name()));
        for partition in &partitions {
            self.parts.owned.borrow_mut().remove(partition);
        }
        self.parts.send(Event::Lost(partitions));
    }

    async fn obey(&mut self) {
        loop {
            let Some(command) = self.parts.commands.borrow_mut().pop_front() else { return };
            match command {
                Command::Pause(assignment) => {
                    let named = self.parts.partition(assignment.partition);
                    if present(&mut self.parts.owned.borrow_mut(), assignment).is_some() {
                        self.parts.with_client(|client| client.pause(&[named]));
                    }
                }
                Command::Resume { assignment, session, from } => {
                    let named = self.parts.partition(assignment.partition);
                    if let Some(owned) = present(&mut self.parts.owned.borrow_mut(), assignment) {
                        self.parts.with_client(|client| client.seek(&[(named.clone(), from)]));
                        self.parts.with_client(|client| client.resume(&[named]));
                        owned.session = session;
                    }
                }
                Command::Released(assignment) => released(&mut self.releasing, assignment),
                Command::ReadBack { plan, partitions } => self.read_back(plan, &partitions).await,
                Command::End { leave } => self.end = Some(leave),
            }
        }
    }

    async fn read_back(&self, plan: u64, partitions: &[i32]) {
        let list: Vec<Partition> = partitions.iter().map(|&index| self.parts.partition(index)).collect();
        let found = self.committed(&list).await.into_iter().map(|found| {
            let partition = found.partition.index;
            let metadata = found.metadata.unwrap_or_default();
            (partition, found.next.map(|offset| Commit { partition, offset, metadata }))
        });
        self.parts.send(Event::Planned { plan, settled: Settled::Unknown(found.collect()) });
    }
}
