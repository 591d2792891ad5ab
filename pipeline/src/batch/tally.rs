//! What was done since the driver started, for metrics and for whoever waits for rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::metrics as names;

/// Counts of one topic since the driver started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records whose range was committed as stored.
    pub records: u64,
    /// Rows that the store took; those of a repeated range count again.
    pub rows: u64,
    /// Dead letters written; those of a repeated range count again.
    pub dead_letters: u64,
}

/// Counts per topic; each one is also a metric.
#[derive(Debug)]
pub(super) struct Tally {
    tables: Vec<&'static str>,
    topics: BTreeMap<Arc<str>, Counts>,
}

impl Tally {
    /// `tables` names the tables by their index.
    pub(super) fn new(tables: &[&'static str]) -> Self {
        Self { tables: tables.to_vec(), topics: BTreeMap::new() }
    }

    fn table(&self, table: usize) -> &'static str {
        self.tables.get(table).copied().unwrap_or("unknown")
    }

    fn topic(&mut self, topic: &Arc<str>) -> &mut Counts {
        self.topics.entry(Arc::clone(topic)).or_default()
    }

    /// A block is stored, with this number of rows.
    pub(super) fn stored(&mut self, topic: &Arc<str>, table: usize, rows: usize) {
        let (rows, table) = (u64::try_from(rows).unwrap_or(u64::MAX), self.table(table));
        self.topic(topic).rows += rows;
        metrics::counter!(names::ROWS, "table" => table).increment(rows);
        metrics::counter!(names::BLOCKS, "table" => table).increment(1);
    }

    /// One attempt failed and will be repeated.
    pub(super) fn retried(&mut self, table: usize) {
        metrics::counter!(names::RETRIES, "table" => self.table(table)).increment(1);
    }

    /// One dead letter is written.
    pub(super) fn dead_letter(&mut self, topic: &Arc<str>, reason: &'static str) {
        self.topic(topic).dead_letters += 1;
        metrics::counter!(names::DEAD_LETTERS, "reason" => reason).increment(1);
    }

    /// This number of records is done with.
    pub(super) fn committed(&mut self, topic: &Arc<str>, records: usize) {
        self.topic(topic).records += u64::try_from(records).unwrap_or(u64::MAX);
    }

    /// All counts by topic.
    pub(super) fn topics(&self) -> &BTreeMap<Arc<str>, Counts> {
        &self.topics
    }
}
