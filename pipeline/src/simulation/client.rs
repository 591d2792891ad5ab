//! A member of a group as the client library is: its background keeps the membership, its owner polls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::broker::Fetched;
use super::group::{Beat, Membership, Stale};
use super::{Broker, Sim};
use crate::Record;
use crate::kafka::{CommitOffset, Committed, Partition};
use crate::mutation::{self, Mutation};

/// Milliseconds between two heartbeats.
const HEARTBEAT: i64 = 100;

/// What one poll brings; the shells know it as [`crate::kafka::Polled`].
#[derive(Debug)]
pub(crate) enum Polled {
    Record(Record),
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>),
    Lost(Vec<Partition>),
    OutOfRange,
    /// A twin took the member's identity.
    Fatal(String),
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joining {
    /// Has to let go of everything first.
    No,
    Waiting,
    Stable,
}

#[derive(Debug)]
struct Reading {
    position: i64,
    paused: bool,
    ended: bool,
}

/// A static member under the cooperative protocol.
pub(crate) struct Client {
    sim: Sim,
    topics: Vec<String>,
    membership: Membership,
    joining: Joining,
    beaten: i64,
    /// As the owner has completed it.
    reading: BTreeMap<Partition, Reading>,
    /// Rebalances that the owner has not polled.
    notes: VecDeque<Note>,
    /// Rebalances that the owner has polled and not completed.
    uncompleted: bool,
    fatal: bool,
    ended: Vec<Partition>,
}

#[derive(Debug)]
enum Note {
    Assign(Vec<Partition>),
    Revoke(Vec<Partition>),
    /// Everything that is owned once it is polled.
    Lost,
}

impl Client {
    pub(crate) fn join(sim: &Sim, group: &str, instance: &str, topics: &[&str]) -> Self {
        let membership = Membership::outside(group, instance);
        Self {
            sim: sim.clone(),
            topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
            membership,
            joining: Joining::Waiting,
            beaten: i64::MIN,
            reading: BTreeMap::new(),
            notes: VecDeque::new(),
            uncompleted: false,
            fatal: false,
            ended: Vec::new(),
        }
    }

    fn owned(&self) -> BTreeSet<Partition> {
        self.reading.keys().cloned().collect()
    }

    /// What the client does beside its owner, as often as the process runs.
    pub(crate) fn background(&mut self) {
        let sim = self.sim.clone();
        let broker = &mut *sim.broker();
        let now = broker.now;
        if self.fatal || now < self.beaten + HEARTBEAT && self.joining == Joining::Stable {
            return;
        }
        self.beaten = now;
        let all: BTreeSet<Partition> =
            self.topics.iter().flat_map(|topic| broker.partitions(topic)).collect();
        let group = broker.groups.entry(self.membership.group.clone()).or_default();
        let Some(member) = self.membership.member else {
            if self.joining == Joining::Waiting {
                let member = group.join(&self.membership.instance, now);
                self.membership.member = Some(member);
            }
            return;
        };
        match group.beat(member, &self.membership.instance, now) {
            Beat::Out(stale) => return self.put_out(stale),
            Beat::Rejoin if self.notes.is_empty() && !self.uncompleted => {
                self.joining = Joining::Waiting;
                group.rejoin(member, &self.owned());
            }
            Beat::Rejoin | Beat::Fine => {}
        }
        group.turn(&all, now);
        if self.joining == Joining::Waiting
            && let Some((generation, assigned)) = group.assignment(member)
        {
            self.joining = Joining::Stable;
            self.membership.generation = generation;
            self.synced(&assigned);
        }
    }

    fn put_out(&mut self, stale: Stale) {
        if stale == Stale::FencedInstance {
            self.fatal = true;
            return;
        }
        self.membership.member = None;
        self.membership.generation = -1;
        self.notes.clear();
        if self.reading.is_empty() && !self.uncompleted {
            self.joining = Joining::Waiting;
        } else {
            self.joining = Joining::No;
            self.notes.push_back(Note::Lost);
        }
    }

    fn synced(&mut self, assigned: &BTreeSet<Partition>) {
        let owned = self.owned();
        let gone: Vec<Partition> = owned.difference(assigned).cloned().collect();
        let new: Vec<Partition> = assigned.difference(&owned).cloned().collect();
        if !gone.is_empty() {
            self.notes.push_back(Note::Revoke(gone));
        }
        if !new.is_empty() {
            self.notes.push_back(Note::Assign(new));
        }
    }

    pub(crate) fn poll(&mut self) -> Polled {
        if self.fatal {
            return Polled::Fatal("another process joined under this instance id".into());
        }
        if let Some(note) = self.notes.pop_front() {
            self.uncompleted = true;
            return match note {
                Note::Assign(partitions) => Polled::Assigned(partitions),
                Note::Revoke(partitions) => Polled::Revoked(partitions),
                Note::Lost => Polled::Lost(self.owned().into_iter().collect()),
            };
        }
        let start = self.sim.random().index(self.reading.len().max(1));
        let sim = self.sim.clone();
        let broker = sim.broker();
        let order = self.reading.keys().cloned().collect::<Vec<_>>();
        for step in 0..order.len() {
            let partition = &order[(start + step) % order.len()];
            match self.fetch(&broker, partition) {
                Polled::Nothing => {}
                found => return found,
            }
        }
        Polled::Nothing
    }

    fn fetch(&mut self, broker: &Broker, partition: &Partition) -> Polled {
        let Some(reading) = self.reading.get_mut(partition).filter(|reading| !reading.paused) else {
            return Polled::Nothing;
        };
        loop {
            match broker.fetch(partition, reading.position) {
                Fetched::Record(record) => {
                    reading.position = record.offset + 1;
                    reading.ended = false;
                    return Polled::Record((*record).clone());
                }
                Fetched::Skip(position) => reading.position = position,
                Fetched::OutOfRange => return Polled::OutOfRange,
                Fetched::End => {
                    if !std::mem::replace(&mut reading.ended, true) {
                        self.ended.push(partition.clone());
                    }
                    return Polled::Nothing;
                }
            }
        }
    }

    pub(crate) fn take_ended(&mut self) -> Vec<i32> {
        std::mem::take(&mut self.ended).into_iter().map(|partition| partition.index).collect()
    }

    pub(crate) fn assign(&mut self, starts: &[(Partition, i64)]) {
        self.uncompleted = false;
        for (partition, position) in starts {
            let reading = Reading { position: *position, paused: false, ended: false };
            self.reading.insert(partition.clone(), reading);
        }
    }

    pub(crate) fn assign_paused(&mut self, starts: &[(Partition, i64)]) {
        self.assign(starts);
        self.each(starts.iter().map(|(partition, _)| partition), |reading| reading.paused = true);
    }

    /// Completes a revocation or a loss; the group is told by joining again.
    pub(crate) fn unassign(&mut self, partitions: &[Partition]) {
        self.uncompleted = false;
        for partition in partitions {
            self.reading.remove(partition);
        }
        match self.membership.member {
            Some(member) if self.notes.is_empty() => {
                self.joining = Joining::Waiting;
                let sim = self.sim.clone();
                let mut broker = sim.broker();
                broker.groups.entry(self.membership.group.clone()).or_default().rejoin(member, &self.owned());
            }
            Some(_) => {}
            None if self.reading.is_empty() => self.joining = Joining::Waiting,
            None => {}
        }
    }

    pub(crate) fn pause(&mut self, partitions: &[Partition]) {
        self.each(partitions, |reading| reading.paused = true);
    }

    pub(crate) fn resume(&mut self, partitions: &[Partition]) {
        self.each(partitions, |reading| reading.paused = false);
    }

    fn each<'a>(
        &mut self,
        partitions: impl IntoIterator<Item = &'a Partition>,
        change: impl Fn(&mut Reading),
    ) {
        for partition in partitions {
            self.reading.get_mut(partition).into_iter().for_each(&change);
        }
    }

    pub(crate) fn seek(&mut self, positions: &[(Partition, i64)]) {
        for (partition, position) in positions {
            if let Some(reading) = self.reading.get_mut(partition) {
                (reading.position, reading.ended) = (*position, false);
            }
        }
    }

    /// As [`crate::kafka::Consumer::group_metadata`]: none while the group has put this member out and its owner has not let
    /// go. A group that has become empty would take what comes from outside.
    pub(crate) fn standing(&self) -> Option<Membership> {
        // Whoever sends a plan again under any membership does not ask whether it still stands.
        let stands = self.joining != Joining::No || mutation::is(Mutation::RefreshMembership);
        stands.then(|| self.membership())
    }

    /// Whatever the client has.
    pub(crate) fn membership(&self) -> Membership {
        self.membership.clone()
    }

    /// Whether the group agrees that the partition is this member's: a process that stood still may not know better.
    pub(crate) fn is_owner(&self, partition: &Partition) -> bool {
        let broker = self.sim.broker();
        let owner = broker.groups.get(&self.membership.group).and_then(|group| group.owner(partition));
        owner.is_some() && owner == self.membership.member
    }

    pub(crate) fn committed(&self, partitions: &[Partition]) -> Option<Vec<Committed>> {
        self.sim.broker().committed(&self.membership.group, partitions)
    }

    pub(crate) fn commit(&self, offsets: &[CommitOffset]) -> bool {
        // As [`crate::kafka::Consumer::commit`].
        let is_member = self.membership.member.is_some();
        is_member && self.sim.broker().commit(&self.membership, offsets).is_ok()
    }

    pub(crate) fn leave(&mut self) {
        if let Some(member) = self.membership.member.take() {
            self.sim.broker().groups.entry(self.membership.group.clone()).or_default().leave(member);
        }
        self.reading.clear();
    }
}
