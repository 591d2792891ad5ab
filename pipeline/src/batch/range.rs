//! A contiguous range of one partition while it fills.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::limits::Limits;
use super::time::Millis;
use crate::Record;

/// What one record became: its rows with their tables, or the reason for its dead letter.
pub(super) type Built<R> = Result<Vec<(usize, R)>, &'static str>;

/// Overhead per record and per row that memory budgets count besides the bytes of the record.
const OVERHEAD: usize = 128;

/// The rows of one record in one table: up to `end` from where the one before ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Index of the record in the range.
    pub entry: usize,
    /// One past its last row.
    pub end: usize,
}

/// Rows of one table, and whose they are.
#[derive(Debug)]
pub(super) struct Rows<R> {
    pub rows: Vec<R>,
    pub spans: Vec<Span>,
}

/// Records between two offsets, gaps included, with the rows that they became.
#[derive(Debug)]
pub(super) struct Range<R> {
    /// One past the previous range: gaps at its start belong to it.
    pub first: i64,
    /// Offset of its last record.
    pub last: i64,
    /// Version of the row builder.
    pub version: u32,
    pub opened: Millis,
    pub bytes: usize,
    /// Number of its records.
    pub count: usize,
    /// Those that have rows or become dead letters; nothing is done about the others.
    pub records: Vec<Arc<Record>>,
    /// Index of each record that became a dead letter, with the reason.
    pub letters: Vec<(usize, &'static str)>,
    pub tables: BTreeMap<usize, Rows<R>>,
}

impl<R> Range<R> {
    pub(super) fn new(first: i64, version: u32, opened: Millis) -> Self {
        Self {
            first,
            last: first - 1,
            version,
            opened,
            bytes: 0,
            count: 0,
            records: Vec::new(),
            letters: Vec::new(),
            tables: BTreeMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The range has to be closed before a record with these rows: some block would be too large.
    pub(super) fn overflows(&self, built: &Built<R>, limits: &Limits) -> bool {
        let Ok(rows) = built else { return false };
        let longest = self.tables.values().map(|held| held.rows.len()).max().unwrap_or(0);
        if self.is_empty() || longest + rows.len() <= limits.block_rows {
            return false;
        }
        let mut more: BTreeMap<usize, usize> = BTreeMap::new();
        for (table, _) in rows {
            *more.entry(*table).or_default() += 1;
        }
        let held = |table| self.tables.get(table).map_or(0, |rows| rows.rows.len());
        more.iter().any(|(table, count)| held(table) + count > limits.block_rows)
    }

    /// Nothing more should be added.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.bytes >= limits.range_bytes
            || self.count >= limits.block_rows
            || self.tables.values().any(|rows| rows.rows.len() >= limits.block_rows)
    }

    /// Adds a record and returns how many bytes it counts for: none when it gives nothing, for it is not kept then.
    pub(super) fn push(&mut self, record: Arc<Record>, built: Built<R>) -> usize {
        let entry = self.records.len();
        self.last = record.offset;
        self.count += 1;
        if built.as_ref().is_ok_and(Vec::is_empty) {
            return 0;
        }
        let mut bytes = record.size() + OVERHEAD;
        self.records.push(record);
        match built {
            Err(reason) => self.letters.push((entry, reason)),
            Ok(rows) => {
                bytes += rows.len() * (OVERHEAD + size_of::<R>());
                for (table, row) in rows {
                    let held = self
                        .tables
                        .entry(table)
                        .or_insert_with(|| Rows { rows: Vec::new(), spans: Vec::new() });
                    held.rows.push(row);
                    let end = held.rows.len();
                    match held.spans.last_mut() {
                        Some(span) if span.entry == entry => span.end = end,
                        _ => held.spans.push(Span { entry, end }),
                    }
                }
            }
        }
        self.bytes += bytes;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::limits::RawLimits;

    fn record(offset: i64) -> Arc<Record> {
        let value = Some(vec![0; 10]);
        Arc::new(Record {
            topic: "t".into(),
            partition: 0,
            offset,
            timestamp: 0,
            key: None,
            headers: crate::Headers::default(),
            value,
        })
    }

    fn limits(block_rows: usize) -> Limits {
        Limits::new("batch", &RawLimits { block_rows, ..RawLimits::default() }).unwrap()
    }

    #[test]
    fn a_range_is_cut_before_a_block_would_overflow_and_a_records_rows_stay_together() {
        let mut range = Range::new(5, 1, 0);
        let huge: Built<u8> = Ok(vec![(0, 1); 9]);
        assert!(!range.overflows(&huge, &limits(3)), "a lone record is never refused");
        range.push(record(7), Ok(vec![(0, 1), (0, 2), (1, 3)]));
        assert!(!range.overflows(&Ok(vec![(0, 1), (1, 1)]), &limits(3)));
        assert!(range.overflows(&Ok(vec![(0, 1), (0, 1)]), &limits(3)));
        assert!(!range.overflows(&Err("bad"), &limits(3)));
    }

    #[test]
    fn spans_tell_whose_rows_they_are() {
        let mut range = Range::new(0, 1, 0);
        range.push(record(1), Ok(vec![(0, 'a'), (2, 'b'), (0, 'c')]));
        range.push(record(4), Err("bad"));
        range.push(record(9), Ok(vec![(0, 'd')]));
        let spans: Vec<_> = range.tables[&0].spans.iter().map(|s| (s.entry, s.end)).collect();
        assert_eq!(spans, [(0, 2), (2, 3)]);
        assert_eq!(range.tables[&0].rows, ['a', 'c', 'd']);
        assert_eq!((range.first, range.last, range.letters.as_slice()), (0, 9, &[(1, "bad")][..]));
    }

    #[test]
    fn a_record_without_rows_is_counted_and_not_kept() {
        let mut range: Range<u8> = Range::new(0, 1, 0);
        assert_eq!(range.push(record(3), Ok(vec![])), 0);
        assert!(!range.is_empty());
        range.push(record(5), Ok(vec![(0, 1)]));
        assert_eq!(range.push(record(8), Ok(vec![])), 0);
        assert_eq!((range.count, range.records.len(), range.last), (3, 1, 8));
        assert_eq!(range.records[range.tables[&0].spans[0].entry].offset, 5);
        assert!(range.is_full(&limits(3)));
    }

    #[test]
    fn a_range_is_full_by_rows_and_by_bytes() {
        let mut range: Range<u8> = Range::new(0, 1, 0);
        range.push(record(1), Ok(vec![(0, 1), (0, 1), (0, 1)]));
        assert!(range.is_full(&limits(3)));
        assert!(!range.is_full(&limits(4)));
        let bytes = Limits::new("batch", &RawLimits { range_bytes: 100, ..RawLimits::default() }).unwrap();
        assert!(range.is_full(&bytes));
    }
}
