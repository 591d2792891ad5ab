//! What readers find in the model broker's logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Broker, Decision, Entry, Stage};
use crate::Record;
use crate::kafka::Partition;

/// What a position of a log holds for a reader of committed records.
#[derive(Debug)]
pub(in crate::simulation) enum Fetched {
    Record(Arc<Record>),
    /// Nothing up to here; read on there.
    Skip(i64),
    /// Nothing stable is left.
    End,
    OutOfRange,
}

impl Broker {
    /// Start of a log and its high watermark.
    pub fn watermarks(&self, partition: &Partition) -> (i64, i64) {
        let log = &self.logs[partition];
        (log.low, log.end())
    }

    /// The last stable offset: before it every record is committed or aborted.
    pub fn stable(&self, partition: &Partition) -> i64 {
        self.logs[partition].stable()
    }

    fn is_aborted(&self, entry: &Entry) -> bool {
        entry.transaction.is_some_and(|t| {
            matches!(
                self.transactions[t].stage,
                Stage::Ending(Decision::Abort) | Stage::Ended(Decision::Abort)
            )
        })
    }

    /// The record of a decided transaction, or of none, whatever its markers.
    fn is_committed(&self, entry: &Entry) -> bool {
        entry.transaction.is_none_or(|t| {
            matches!(
                self.transactions[t].stage,
                Stage::Ending(Decision::Commit) | Stage::Ended(Decision::Commit)
            )
        })
    }

    /// What a reader of committed records finds at a position.
    pub(in crate::simulation) fn fetch(&self, partition: &Partition, position: i64) -> Fetched {
        let log = &self.logs[partition];
        if position < log.low || position > log.end() {
            return Fetched::OutOfRange;
        }
        if position >= log.stable() {
            return Fetched::End;
        }
        match log.at(position) {
            Some(entry) if !self.is_aborted(entry) => match &entry.record {
                Some(record) => Fetched::Record(Arc::clone(record)),
                None => Fetched::Skip(position + 1),
            },
            Some(_) | None => Fetched::Skip(position + 1),
        }
    }

    /// The newest committed value of every key below `end`; keys whose newest is a tombstone are absent.
    pub fn compacted(&self, partition: &Partition, low: i64, end: i64) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut entries = BTreeMap::new();
        for offset in low..end {
            if let Fetched::Record(record) = self.fetch(partition, offset) {
                let key = record.key.clone().unwrap_or_default();
                match record.value.clone() {
                    Some(value) => drop(entries.insert(key, value)),
                    None => drop(entries.remove(&key)),
                }
            }
        }
        entries
    }

    /// Every record of a partition whose transaction is decided as committed, markers written or not: the truth.
    pub fn decided(&self, partition: &Partition) -> Vec<Arc<Record>> {
        let entries = self.logs[partition].entries.iter().filter(|entry| self.is_committed(entry));
        entries.filter_map(|entry| entry.record.clone()).collect()
    }

    /// Every such record of a topic, partition by partition.
    pub fn decided_of(&self, topic: &str) -> Vec<Arc<Record>> {
        self.partitions(topic).iter().flat_map(|partition| self.decided(partition)).collect()
    }
}
