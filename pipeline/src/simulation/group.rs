//! A consumer group as its coordinator keeps it: classic protocol, static members, cooperative assignment.
//!
//! A commit is refused by member and generation and never by ownership. A member that is not known may commit with no
//! generation when the group is empty, as tools do.

use std::collections::{BTreeMap, BTreeSet};

use crate::kafka::{CommitOffset, Partition};

/// A member that is silent for longer is put out, in milliseconds.
pub(super) const SESSION_TIMEOUT: i64 = 1_000;

/// Why a membership is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    UnknownMember,
    IllegalGeneration,
    /// Another process joined under the same instance id.
    FencedInstance,
}

/// Membership at one moment: what a plan is committed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(super) group: String,
    pub(super) instance: String,
    /// `None` before a join and after the member was put out.
    pub(super) member: Option<u64>,
    pub(super) generation: i32,
}

impl Membership {
    /// Of an instance that has not joined.
    pub(crate) fn outside(group: &str, instance: &str) -> Self {
        Self { group: group.to_owned(), instance: instance.to_owned(), member: None, generation: -1 }
    }
}

#[derive(Debug)]
struct Member {
    instance: String,
    seen: i64,
    assigned: BTreeSet<Partition>,
}

#[derive(Debug, Default)]
pub(super) struct Group {
    /// What is committed, and when it was appended.
    offsets: BTreeMap<Partition, (u64, CommitOffset)>,
    appended: u64,
    /// Transactions that hold offsets of a partition and are not settled here.
    pub(super) unstable: BTreeMap<Partition, BTreeSet<usize>>,
    generation: i32,
    /// When the present generation began.
    settled: i64,
    members: BTreeMap<u64, Member>,
    next: u64,
    /// Who joined the rebalance that is under way, with what they own.
    joined: Option<BTreeMap<u64, BTreeSet<Partition>>>,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    Fine,
    Rejoin,
    Out(Stale),
}

impl Group {
    pub(super) fn check(&self, membership: &Membership) -> Result<(), Stale> {
        let Some(member) = membership.member else {
            return if self.members.is_empty() && membership.generation < 0 {
                Ok(())
            } else {
                Err(self.why(&membership.instance))
            };
        };
        if !self.members.contains_key(&member) {
            return Err(self.why(&membership.instance));
        }
        if membership.generation == self.generation { Ok(()) } else { Err(Stale::IllegalGeneration) }
    }

    /// The order of an append.
    pub(super) fn append(&mut self) -> u64 {
        self.appended += 1;
        self.appended
    }

    /// Takes an offset that is committed, unless one that was appended later is committed already: transactions under two
    /// ids end in any order.
    pub(super) fn keep(&mut self, order: u64, offset: &CommitOffset) {
        let is_newest = self.offsets.get(&offset.partition).is_none_or(|(kept, _)| *kept < order);
        if is_newest {
            self.offsets.insert(offset.partition.clone(), (order, offset.clone()));
        }
    }

    /// What is committed for a partition.
    pub(super) fn offset(&self, partition: &Partition) -> Option<&CommitOffset> {
        self.offsets.get(partition).map(|(_, offset)| offset)
    }

    fn why(&self, instance: &str) -> Stale {
        let twin = self.members.values().any(|member| member.instance == instance);
        if twin { Stale::FencedInstance } else { Stale::UnknownMember }
    }

    /// A new process joins. A static member takes the place of its predecessor without a rebalance.
    pub(super) fn join(&mut self, instance: &str, now: i64) -> u64 {
        self.next += 1;
        let new = self.next;
        let old = self.members.iter().find(|(_, member)| member.instance == instance).map(|(id, _)| *id);
        let assigned = old.and_then(|old| self.members.remove(&old)).map(|old| old.assigned);
        let is_replaced = assigned.is_some();
        let member =
            Member { instance: instance.to_owned(), seen: now, assigned: assigned.unwrap_or_default() };
        self.members.insert(new, member);
        match (&mut self.joined, old) {
            (Some(joined), Some(old)) => drop(joined.remove(&old)),
            (Some(_), None) => {}
            (None, _) if is_replaced => {}
            (joined @ None, _) => *joined = Some(BTreeMap::new()),
        }
        new
    }

    /// A member joins the rebalance that is under way, or starts one.
    pub(super) fn rejoin(&mut self, member: u64, owned: &BTreeSet<Partition>) {
        self.joined.get_or_insert_default().insert(member, owned.clone());
    }

    pub(super) fn beat(&mut self, member: u64, instance: &str, now: i64) -> Beat {
        match self.members.get_mut(&member) {
            Some(known) => {
                known.seen = now;
                let waits = self.joined.as_ref().is_some_and(|joined| !joined.contains_key(&member));
                if waits { Beat::Rejoin } else { Beat::Fine }
            }
            None => Beat::Out(self.why(instance)),
        }
    }

    /// The assignment of the present generation; `None` while a rebalance is under way.
    pub(super) fn assignment(&self, member: u64) -> Option<(i32, BTreeSet<Partition>)> {
        if self.joined.is_some() {
            return None;
        }
        self.members.get(&member).map(|member| (self.generation, member.assigned.clone()))
    }

    /// Who has a partition in the present generation.
    pub(super) fn owner(&self, partition: &Partition) -> Option<u64> {
        self.members.iter().find(|(_, member)| member.assigned.contains(partition)).map(|(id, _)| *id)
    }

    pub(super) fn leave(&mut self, member: u64) {
        if self.members.remove(&member).is_some() {
            self.joined.get_or_insert_default().remove(&member);
        }
    }

    /// Puts silent members out, whoever else there is: a group may become empty.
    pub(super) fn expire(&mut self, now: i64) {
        let before = self.members.len();
        self.members.retain(|_, member| now - member.seen <= SESSION_TIMEOUT);
        if self.members.len() < before {
            let members = &self.members;
            self.joined.get_or_insert_default().retain(|member, _| members.contains_key(member));
        }
    }

    /// Completes a rebalance that everybody has joined.
    pub(super) fn turn(&mut self, all: &BTreeSet<Partition>, now: i64) {
        if self
            .joined
            .as_ref()
            .is_some_and(|joined| self.members.keys().all(|member| joined.contains_key(member)))
            && let Some(joined) = self.joined.take()
        {
            self.assign(all, &joined, now);
        }
        // A member that is killed while it gives a partition up, and is replaced under its instance id, never joins again:
        // in Kafka the partition has no owner until the next rebalance, whatever brings it. Here it comes at once.
        let is_owned = |partition: &Partition| self.owner(partition).is_some();
        if self.joined.is_none() && self.settled < now - SESSION_TIMEOUT && !all.iter().all(is_owned) {
            self.joined = Some(BTreeMap::new());
        }
    }

    /// Sticky and balanced; what another member still owns is given when that one has let go.
    fn assign(&mut self, all: &BTreeSet<Partition>, joined: &BTreeMap<u64, BTreeSet<Partition>>, now: i64) {
        self.generation += 1;
        self.settled = now;
        if self.members.is_empty() {
            return;
        }
        let most = all.len().div_ceil(self.members.len());
        let mut free: BTreeSet<Partition> = all.clone();
        for (id, member) in &mut self.members {
            let kept: BTreeSet<Partition> =
                joined[id].iter().filter(|owned| free.contains(owned)).take(most).cloned().collect();
            free.retain(|partition| !kept.contains(partition));
            member.assigned = kept;
        }
        for partition in free {
            let Some((id, least)) = self.members.iter_mut().min_by_key(|(_, member)| member.assigned.len())
            else {
                return;
            };
            if !joined.iter().any(|(other, owned)| other != id && owned.contains(&partition)) {
                least.assigned.insert(partition);
            }
        }
    }
}
