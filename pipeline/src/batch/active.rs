//! The range whose pending mark is durable, or about to be: it is inserted until every record has its end.

use std::sync::Arc;

use super::job::{Job, offset, token};
use super::pending::Pending;
use super::range::Range;
use super::sink::Block;
use super::time::Millis;
use crate::Record;
use crate::mutation::{self, Mutation};

/// One range with a job per table and the dead letters that its row building left.
#[derive(Debug)]
pub(super) struct Active<R> {
    pub first: i64,
    pub last: i64,
    pub opened: Millis,
    pub bytes: usize,
    /// Number of its records, and those of them that are kept.
    pub count: usize,
    pub records: Vec<Arc<Record>>,
    pub jobs: Vec<Job<R>>,
    version: u32,
    letters: Vec<(usize, &'static str)>,
    unwritten: usize,
}

impl<R: Clone> Active<R> {
    pub(super) fn new(range: Range<R>, now: Millis) -> Self {
        let Range { first, last, version, opened, bytes, count, records, letters, tables } = range;
        let jobs = tables.into_iter().map(|(table, rows)| Job::new(table, rows, now)).collect();
        Self { first, last, opened, bytes, count, records, jobs, version, unwritten: letters.len(), letters }
    }

    /// The range as a former owner left it; `None` when it cannot be the same one.
    pub(super) fn resume(range: Range<R>, pending: &Pending, now: Millis) -> Option<Self> {
        let mut active = Self::new(range, now);
        let rebuilt = active.pending();
        let whole = |p: &Pending| p.tables.iter().map(|t| (t.table, t.rows)).collect::<Vec<_>>();
        let counts = |p: &Pending| (p.first, p.last, p.version, p.records);
        if counts(&rebuilt) != counts(pending) || whole(&rebuilt) != whole(pending) {
            return None;
        }
        let belongs =
            active.jobs.iter_mut().zip(&pending.tables).all(|(job, t)| t.split.is_none_or(|n| job.resume(n)));
        belongs.then_some(active)
    }

    /// What the commit metadata says of it.
    pub(super) fn pending(&self) -> Pending {
        Pending {
            first: self.first,
            last: self.last,
            version: self.version,
            records: u32::try_from(self.count).unwrap_or(u32::MAX),
            tables: self.jobs.iter().map(Job::touched).collect(),
        }
    }

    /// The dead letters of row building, to be written once the range is durable.
    pub(super) fn letters(&mut self) -> Vec<(Arc<Record>, &'static str)> {
        let letters = std::mem::take(&mut self.letters);
        letters
            .into_iter()
            .filter_map(|(entry, why)| Some((Arc::clone(self.records.get(entry)?), why)))
            .collect()
    }

    /// Starts the next attempt of a table's block.
    pub(super) fn start(&mut self, topic: &str, partition: i32, table: usize) -> Option<Arc<Block<R>>> {
        let (first, last, records, version) = (self.first, self.last, &self.records, self.version);
        let job = self.jobs.iter_mut().find(|job| job.table == table)?;
        Some(job.start(|from, until| {
            let first = from.map_or(first, |entry| offset(records, entry));
            let last = until.map_or(last, |entry| offset(records, entry) - 1);
            let token = token(topic, partition, first, last);
            if mutation::is(Mutation::VersionInToken) { format!("{token}:{version}") } else { token }
        }))
    }

    /// A dead letter is written: of row building, or of a record that a table's block was refused for.
    pub(super) fn dead_lettered(&mut self, table: Option<usize>) {
        match table {
            None => self.unwritten = self.unwritten.saturating_sub(1),
            Some(table) => self.jobs.iter_mut().filter(|job| job.table == table).for_each(Job::dead_lettered),
        }
    }

    /// Every record is stored or a dead letter.
    pub(super) fn ended(&self) -> bool {
        self.unwritten == 0 && self.jobs.iter().all(Job::ended)
    }

    /// Something outside was asked for and has not answered.
    pub(super) fn outstanding(&self) -> bool {
        (self.unwritten > 0 && self.letters.is_empty()) || self.jobs.iter().any(Job::outstanding)
    }
}
