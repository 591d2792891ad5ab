//! Rows that wait for their block.

use std::collections::BTreeMap;

use crate::Row;

/// Rows of one block. Far below the store's own block size, so that an insert is one block for it.
const ROWS: usize = 50_000;

/// Rows by table, and how many blocks there were.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    waiting: BTreeMap<usize, Vec<Row>>,
    count: u64,
}

impl Blocks {
    /// Adds a row; gives the block when it is whole.
    pub(super) fn push(&mut self, table: usize, row: Row) -> Option<Vec<Row>> {
        let waiting = self.waiting.entry(table).or_default();
        waiting.push(row);
        (waiting.len() >= ROWS).then(|| std::mem::take(waiting))
    }

    /// What is left, by table.
    pub(super) fn rest(&mut self) -> BTreeMap<usize, Vec<Row>> {
        std::mem::take(&mut self.waiting).into_iter().filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// A token for the next block: the table is empty, and no block comes twice.
    pub(super) fn token(&mut self) -> String {
        self.count += 1;
        format!("rebuild:{}", self.count)
    }
}
