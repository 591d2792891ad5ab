//! The model broker: partition logs with transactions.
//!
//! What it keeps of Kafka: append time under a clock of its own, markers that take an offset each and are written one by
//! one after a transaction's end, so that data and offsets of one transaction become visible at different moments; the
//! last stable offset; producer epochs, with `init` settling what an older one left open; records that a fenced writer
//! still gets into a partition before its marker; a transaction timeout. Groups are in [`super::group`].

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use read::Fetched;

use super::Random;
use super::group::{Group, Membership, Stale};
use crate::kafka::{CommitOffset, Committed, Partition};
use crate::{Outgoing, Record};

/// A transaction that is open for longer is aborted, in milliseconds.
pub(super) const TRANSACTION_TIMEOUT: i64 = 1_500;

/// Why a request of a producer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejected {
    /// A newer epoch of this transactional id exists.
    Fenced,
    /// The last transaction of this id is still being settled: ask again.
    Busy,
    /// The membership is not that of the group's present generation.
    Stale(Stale),
    /// The metadata is longer than brokers take.
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// Decided; markers are being written.
    Ending(Decision),
    Ended(Decision),
}

/// What becomes of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Commit,
    Abort,
}

#[derive(Debug)]
struct Transaction {
    stage: Stage,
    began: i64,
    /// Partitions without a marker.
    partitions: BTreeSet<Partition>,
    /// By group, with the order in which they were appended.
    offsets: BTreeMap<String, Vec<(u64, CommitOffset)>>,
}

#[derive(Debug)]
struct Entry {
    /// `None` is a marker.
    record: Option<Arc<Record>>,
    transaction: Option<usize>,
}

#[derive(Debug, Default)]
struct Log {
    low: i64,
    entries: Vec<Entry>,
    /// Transactions without a marker here, by their first offset.
    open: BTreeMap<usize, i64>,
}

impl Log {
    fn end(&self) -> i64 {
        self.low + i64::try_from(self.entries.len()).unwrap()
    }

    fn stable(&self) -> i64 {
        self.open.values().min().copied().unwrap_or(self.end())
    }

    fn at(&self, offset: i64) -> Option<&Entry> {
        self.entries.get(usize::try_from(offset - self.low).ok()?)
    }
}

#[derive(Debug, Default)]
struct Writer {
    epoch: u32,
    current: Option<usize>,
}

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub kind: &'static str,
    /// What was seen.
    pub detail: String,
}

/// Looks at every commit of offsets, with the broker as it is when the commit is decided. Markers come later, and those of the
/// next transaction may come before them.
pub type Watch = Box<dyn Fn(&Broker, &str, &CommitOffset) -> Result<(), Violation>>;

/// All brokers of the model.
#[derive(Default)]
pub struct Broker {
    pub(super) now: i64,
    /// How far the clock of log appends is off.
    pub(super) skew: i64,
    logs: BTreeMap<Partition, Log>,
    transactions: Vec<Transaction>,
    /// Those that have a marker to be written.
    ending: BTreeSet<usize>,
    open: BTreeSet<usize>,
    writers: BTreeMap<String, Writer>,
    pub(super) groups: BTreeMap<String, Group>,
    watches: Vec<Watch>,
    pub(super) violation: Option<Violation>,
}

impl Broker {
    /// Makes a topic; its logs begin at offset `low`.
    pub fn create(&mut self, topic: &str, partitions: i32, low: i64) {
        for index in 0..partitions {
            self.logs.insert(Partition { topic: topic.into(), index }, Log { low, ..Log::default() });
        }
    }

    /// Has every commit of offsets looked at.
    pub fn watch(&mut self, watch: Watch) {
        self.watches.push(watch);
    }

    /// Notes that a promise is broken; the first one stays.
    pub fn violate(&mut self, kind: &'static str, detail: String) {
        self.violation.get_or_insert(Violation { kind, detail });
    }

    /// True time in milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Partitions of a topic.
    pub fn partitions(&self, topic: &str) -> Vec<Partition> {
        self.logs.keys().filter(|partition| &*partition.topic == topic).cloned().collect()
    }

    fn append(&mut self, to: &Partition, transaction: Option<usize>, outgoing: Option<&Outgoing>) {
        let timestamp = self.now + self.skew;
        let log = self.logs.get_mut(to).unwrap_or_else(|| panic!("there is no {to:?}"));
        let offset = log.end();
        let record = outgoing.map(|outgoing| {
            Arc::new(Record {
                topic: Arc::clone(&to.topic),
                partition: to.index,
                offset,
                timestamp,
                key: outgoing.key.clone(),
                headers: outgoing.headers.iter().cloned().collect(),
                value: outgoing.value.clone(),
            })
        });
        match (transaction, outgoing) {
            (Some(transaction), Some(_)) => drop(log.open.entry(transaction).or_insert(offset)),
            (Some(transaction), None) => drop(log.open.remove(&transaction)),
            (None, _) => {}
        }
        log.entries.push(Entry { record, transaction });
    }

    /// Writes outside transactions.
    pub fn publish(&mut self, outgoing: &Outgoing) {
        self.append(&place(outgoing), None, Some(outgoing));
    }

    /// A new epoch for a transactional id, once what the last one left is settled.
    pub(super) fn init(&mut self, id: &str) -> Result<u32, Rejected> {
        let writer = self.writers.entry(id.to_owned()).or_default();
        if let Some(current) = writer.current {
            if self.transactions[current].stage == Stage::Open {
                writer.epoch += 1;
                self.decide(current, Decision::Abort);
            }
            return Err(Rejected::Busy);
        }
        writer.epoch += 1;
        Ok(writer.epoch)
    }

    fn decide(&mut self, transaction: usize, decision: Decision) {
        self.open.remove(&transaction);
        self.ending.insert(transaction);
        self.transactions[transaction].stage = Stage::Ending(decision);
        if decision == Decision::Commit {
            let offsets = self.transactions[transaction].offsets.clone();
            for (group, offsets) in offsets {
                offsets.iter().for_each(|(_, offset)| self.look(&group, offset));
            }
        }
    }

    /// The open transaction of a writer, begun now if there is none.
    fn current(&mut self, id: &str, epoch: u32) -> Result<usize, Rejected> {
        let writer = self.writers.get_mut(id).filter(|w| w.epoch == epoch).ok_or(Rejected::Fenced)?;
        if let Some(current) = writer.current {
            return if self.transactions[current].stage == Stage::Open {
                Ok(current)
            } else {
                Err(Rejected::Busy)
            };
        }
        let transaction = self.transactions.len();
        writer.current = Some(transaction);
        self.open.insert(transaction);
        self.transactions.push(Transaction {
            stage: Stage::Open,
            began: self.now,
            partitions: BTreeSet::new(),
            offsets: BTreeMap::new(),
        });
        Ok(transaction)
    }

    /// Writes one record in the writer's transaction.
    pub(super) fn write(&mut self, id: &str, epoch: u32, outgoing: &Outgoing) -> Result<(), Rejected> {
        let to = place(outgoing);
        match self.current(id, epoch) {
            Ok(transaction) => {
                self.transactions[transaction].partitions.insert(to.clone());
                self.append(&to, Some(transaction), Some(outgoing));
                Ok(())
            }
            // A partition learns of the new epoch from the marker only.
            Err(Rejected::Fenced) => {
                let late = self.writers.get(id).and_then(|writer| writer.current);
                if let Some(late) = late.filter(|late| self.transactions[*late].partitions.contains(&to))
                    && self.transactions[late].stage == Stage::Ending(Decision::Abort)
                {
                    self.append(&to, Some(late), Some(outgoing));
                }
                Err(Rejected::Fenced)
            }
            Err(rejected) => Err(rejected),
        }
    }

    /// Adds offsets to the writer's transaction. The group checks the generation, and never who owns a partition.
    pub(super) fn send_offsets(
        &mut self,
        id: &str,
        epoch: u32,
        membership: &Membership,
        offsets: &[CommitOffset],
    ) -> Result<(), Rejected> {
        let transaction = self.current(id, epoch)?;
        let known = self.groups.entry(membership.group.clone()).or_default();
        known.check(membership).map_err(Rejected::Stale)?;
        if offsets
            .iter()
            .any(|offset| offset.metadata.encode_utf16().count() > crate::kafka::commit_meta::MAX_CHARS)
        {
            return Err(Rejected::TooLarge);
        }
        for offset in offsets {
            known.unstable.entry(offset.partition.clone()).or_default().insert(transaction);
        }
        let order = known.append();
        let appended = offsets.iter().map(|offset| (order, offset.clone()));
        self.transactions[transaction].offsets.entry(membership.group.clone()).or_default().extend(appended);
        Ok(())
    }

    /// Decides the writer's transaction.
    pub(super) fn end(&mut self, id: &str, epoch: u32, decision: Decision) -> Result<(), Rejected> {
        let writer = self.writers.get(id).filter(|writer| writer.epoch == epoch).ok_or(Rejected::Fenced)?;
        if let Some(current) =
            writer.current.filter(|current| self.transactions[*current].stage == Stage::Open)
        {
            self.decide(current, decision);
        }
        Ok(())
    }

    /// Writes some marker that is to be written.
    pub(super) fn settle(&mut self, random: &mut Random) {
        let Some(&transaction) = self.ending.iter().nth(random.index(self.ending.len())) else { return };
        let Transaction { stage: Stage::Ending(decision), partitions, offsets, .. } =
            &mut self.transactions[transaction]
        else {
            return;
        };
        let decision = *decision;
        let data = partitions.iter().nth(random.index(partitions.len().max(1))).cloned();
        let groups = offsets.keys().next().cloned().filter(|_| data.is_none() || random.one_in(2));
        if let Some(group) = groups {
            let offsets = offsets.remove(&group).unwrap_or_default();
            self.offsets_settled(&group, transaction, &offsets, decision);
        } else if let Some(data) = data {
            partitions.remove(&data);
            self.append(&data, Some(transaction), None);
        }
        let ended = &mut self.transactions[transaction];
        if ended.partitions.is_empty() && ended.offsets.is_empty() {
            ended.stage = Stage::Ended(decision);
            self.ending.remove(&transaction);
            self.writers
                .values_mut()
                .filter(|w| w.current == Some(transaction))
                .for_each(|w| w.current = None);
        }
    }

    fn offsets_settled(
        &mut self,
        group: &str,
        transaction: usize,
        offsets: &[(u64, CommitOffset)],
        decision: Decision,
    ) {
        let known = self.groups.entry(group.to_owned()).or_default();
        for (order, offset) in offsets {
            if let Some(unstable) = known.unstable.get_mut(&offset.partition) {
                unstable.remove(&transaction);
            }
            if decision == Decision::Commit {
                known.keep(*order, offset);
            }
        }
    }

    fn look(&mut self, group: &str, offset: &CommitOffset) {
        let found = self.watches.iter().find_map(|watch| watch(self, group, offset).err());
        if let Some(Violation { kind, detail }) = found {
            self.violate(kind, detail);
        }
    }

    /// Commits offsets outside transactions.
    pub(super) fn commit(&mut self, membership: &Membership, offsets: &[CommitOffset]) -> Result<(), Stale> {
        let known = self.groups.entry(membership.group.clone()).or_default();
        known.check(membership)?;
        let order = known.append();
        for offset in offsets {
            known.keep(order, offset);
        }
        offsets.iter().for_each(|offset| self.look(&membership.group, offset));
        Ok(())
    }

    /// What a group committed, `None` while a transaction that holds offsets of any of the partitions is open.
    pub fn committed(&self, group: &str, partitions: &[Partition]) -> Option<Vec<Committed>> {
        let of = |partition: &Partition| {
            let group = self.groups.get(group);
            let unstable =
                group.and_then(|group| group.unstable.get(partition)).is_some_and(|set| !set.is_empty());
            let known = group.and_then(|group| group.offset(partition));
            let (next, metadata) =
                known.map_or((None, None), |known| (Some(known.next), Some(known.metadata.clone())));
            (!unstable).then(|| Committed { partition: partition.clone(), next, metadata })
        };
        partitions.iter().map(of).collect()
    }

    /// Aborts transactions that are open for too long, and puts silent members out.
    pub(super) fn expire(&mut self) {
        self.groups.values_mut().for_each(|group| group.expire(self.now));
        let late: Vec<usize> = self
            .open
            .iter()
            .copied()
            .filter(|t| self.now - self.transactions[*t].began > TRANSACTION_TIMEOUT)
            .collect();
        for transaction in late {
            self.writers.values_mut().filter(|w| w.current == Some(transaction)).for_each(|w| w.epoch += 1);
            self.decide(transaction, Decision::Abort);
        }
    }

    /// Whether nothing is open or unsettled.
    pub(super) fn is_quiet(&self) -> bool {
        self.open.is_empty() && self.ending.is_empty()
    }
}

fn place(outgoing: &Outgoing) -> Partition {
    Partition { topic: Arc::clone(&outgoing.topic), index: outgoing.partition }
}
