//! A store that deduplicates by token within a window, and forgets nothing else.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use crate::Record;
use crate::batch::{Block, InsertError, Sink};
use crate::dead_letter::{OFFSET_HEADER, STEP_HEADER, TOPIC_HEADER};
use crate::kafka::{Committed, Partition};
use crate::simulation::{Sim, Violation};

/// Tokens per table that are remembered.
const WINDOW: usize = 1_000;

/// The step that fills a store.
pub struct Reader<'a> {
    /// Topics that it reads.
    pub topics: &'a [String],
    /// Topic of its dead letters.
    pub dead_letters: &'a str,
    /// Its name in the dead letters' headers.
    pub step: &'a str,
}

/// Tables with their blocks, and which rows are refused.
pub struct Shelf<R> {
    inner: RefCell<Inner>,
    poison: fn(&R) -> bool,
}

#[derive(Default)]
struct Inner {
    /// Rows as text, in the order in which they came, with their tokens.
    rows: BTreeMap<usize, Vec<(String, Vec<String>)>>,
}

impl<R: Debug> Shelf<R> {
    /// An empty store that refuses some rows.
    pub fn new(poison: fn(&R) -> bool) -> Self {
        Self { inner: RefCell::default(), poison }
    }

    pub(super) fn insert(&self, sim: &Sim, block: &Block<R>) -> Result<(), InsertError> {
        if !is_plain(&block.token) {
            sim.violate("token", format!("{} is more than topic:partition:first-last", block.token));
        }
        let rows: Vec<String> = block.rows.iter().map(|row| format!("{row:?}")).collect();
        let mut inner = self.inner.borrow_mut();
        let table = inner.rows.entry(block.table).or_default();
        if let Some((token, known)) = table.iter().rev().take(WINDOW).find(|(token, _)| *token == block.token)
        {
            if *known != rows {
                sim.violate("rows", format!("token {token} is used for other rows: {known:?}, {rows:?}"));
            }
            return Ok(());
        }
        if block.rows.iter().any(self.poison) {
            return Err(InsertError::Rejected("poison".into()));
        }
        table.push((block.token.clone(), rows));
        Ok(())
    }

    /// The rows of every record are there exactly once, or the record is a dead letter of `step`.
    ///
    /// # Errors
    /// The first difference.
    pub fn check<S: Sink<Row = R>>(&self, sim: &Sim, sink: &S, reader: &Reader<'_>) -> Result<(), Violation> {
        let &Reader { topics, dead_letters, step } = reader;
        let broker = sim.broker();
        let text =
            |record: &Record, name| record.header(name).map(|v| String::from_utf8_lossy(v).into_owned());
        let letters: BTreeSet<(String, i32, String)> = broker
            .decided_of(dead_letters)
            .iter()
            .filter(|letter| text(letter, STEP_HEADER).as_deref() == Some(step))
            .filter_map(|letter| {
                Some((text(letter, TOPIC_HEADER)?, letter.partition, text(letter, OFFSET_HEADER)?))
            })
            .collect();
        let mut wanted: BTreeMap<(usize, String), (usize, usize)> = BTreeMap::new();
        for topic in topics {
            for record in broker.decided_of(topic) {
                let letter = letters.contains(&(topic.clone(), record.partition, record.offset.to_string()));
                for (table, row) in sink.rows(sink.version(), &record).unwrap_or_default() {
                    let bounds = wanted.entry((table, format!("{row:?}"))).or_default();
                    // A dead letter may have rows in the tables that did not refuse it.
                    bounds.0 += usize::from(!letter);
                    bounds.1 += 1;
                }
            }
        }
        for (table, blocks) in &self.inner.borrow().rows {
            for row in blocks.iter().flat_map(|(_, rows)| rows) {
                match wanted.get_mut(&(*table, row.clone())) {
                    Some((least, most)) if *most > 0 => {
                        (*least, *most) = (least.saturating_sub(1), *most - 1)
                    }
                    _ => {
                        return Err(Violation {
                            kind: "rows",
                            detail: format!("table {table} has once too often {row}"),
                        });
                    }
                }
            }
        }
        match wanted.iter().find(|(_, (least, _))| *least > 0) {
            Some(((table, row), _)) => {
                Err(Violation { kind: "rows", detail: format!("table {table} lacks {row}") })
            }
            None => Ok(()),
        }
    }
}

/// Nothing but a topic, a partition and two offsets.
fn is_plain(token: &str) -> bool {
    let parts: Vec<&str> = token.split(':').collect();
    let number = |text: &str| text.parse::<i64>().is_ok();
    matches!(parts.as_slice(), [_, partition, offsets] if number(partition)
        && offsets.split_once('-').is_some_and(|(first, last)| number(first) && number(last)))
}

/// What of its input a group has not committed.
pub fn unread(sim: &Sim, group: &str, topics: &[String]) -> Option<String> {
    let broker = sim.broker();
    let inputs: Vec<Partition> = topics.iter().flat_map(|topic| broker.partitions(topic)).collect();
    let Some(committed) = broker.committed(group, &inputs) else {
        return Some("offsets are not stable".into());
    };
    let last = |partition: &Partition| {
        broker.decided(partition).last().map(|record: &Arc<Record>| record.offset + 1)
    };
    let read = |c: &Committed| last(&c.partition).is_none_or(|end| c.next.is_some_and(|next| next >= end));
    committed
        .iter()
        .find(|c| !read(c))
        .map(|c| format!("{:?} at {:?} of {:?}", c.partition, c.next, last(&c.partition)))
}
