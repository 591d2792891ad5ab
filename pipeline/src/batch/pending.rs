//! What the commit metadata says of the range that may have been inserted.

use super::split::Node;

/// First byte of every payload; readers refuse any other.
const VERSION: u8 = 1;
/// Bytes before the tables: version, first, last, builder, records, number of tables.
const HEAD: usize = 1 + 8 + 8 + 4 + 4 + 2;
/// Bytes per table: index, rows, split flag, node.
const TABLE: usize = 2 + 4 + 1 + 4 + 4;

/// One range that was opened: after a crash it is read again and inserted exactly as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// Its first offset, which is also the committed one.
    pub first: i64,
    /// Offset of its last record.
    pub last: i64,
    /// Version of the row builder that opened it.
    pub version: u32,
    /// Number of records in it.
    pub records: u32,
    /// The tables that it has rows for, ascending.
    pub tables: Vec<Touched>,
}

/// One table of a pending range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Touched {
    /// Index in [`super::Sink::tables`].
    pub table: u16,
    /// Number of rows.
    pub rows: u32,
    /// Where the bisection stands; `None` while the block is whole.
    pub split: Option<Node>,
}

/// Why a payload is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decode pending range: {0}")]
pub(super) struct Malformed(&'static str);

impl Pending {
    /// The payload of the commit metadata.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD + TABLE * self.tables.len());
        out.push(VERSION);
        out.extend(self.first.to_be_bytes());
        out.extend(self.last.to_be_bytes());
        out.extend(self.version.to_be_bytes());
        out.extend(self.records.to_be_bytes());
        out.extend(u16::try_from(self.tables.len()).unwrap_or(u16::MAX).to_be_bytes());
        for touched in &self.tables {
            let node = touched.split.unwrap_or(Node { from: 0, to: 0 });
            out.extend(touched.table.to_be_bytes());
            out.extend(touched.rows.to_be_bytes());
            out.push(u8::from(touched.split.is_some()));
            out.extend(node.from.to_be_bytes());
            out.extend(node.to.to_be_bytes());
        }
        out
    }

    /// Reads the payload that was committed at offset `committed`; an empty one says that nothing is pending.
    ///
    /// # Errors
    /// [`Malformed`] when a single byte is not as [`Pending::encode`] writes it.
    pub(super) fn decode(payload: &[u8], committed: i64) -> Result<Option<Self>, Malformed> {
        if payload.is_empty() {
            return Ok(None);
        }
        let mut bytes = Bytes(payload);
        if bytes.take::<1>()? != [VERSION] {
            return Err(Malformed("unknown version"));
        }
        let first = i64::from_be_bytes(bytes.take()?);
        let last = i64::from_be_bytes(bytes.take()?);
        let version = u32::from_be_bytes(bytes.take()?);
        let records = u32::from_be_bytes(bytes.take()?);
        let count = usize::from(u16::from_be_bytes(bytes.take()?));
        if bytes.0.len() != count * TABLE {
            return Err(Malformed("wrong length"));
        }
        if first != committed || last < first || records == 0 {
            return Err(Malformed("range does not start at the committed offset"));
        }
        let tables = (0..count).map(|_| touched(&mut bytes)).collect::<Result<Vec<_>, _>>()?;
        if !tables.is_sorted_by(|a, b| a.table < b.table) {
            return Err(Malformed("tables out of order"));
        }
        Ok(Some(Self { first, last, version, records, tables }))
    }
}

fn touched(bytes: &mut Bytes<'_>) -> Result<Touched, Malformed> {
    let table = u16::from_be_bytes(bytes.take()?);
    let rows = u32::from_be_bytes(bytes.take()?);
    let flag = bytes.take::<1>()?;
    let node = Node { from: u32::from_be_bytes(bytes.take()?), to: u32::from_be_bytes(bytes.take()?) };
    let split = match flag {
        [0] if node == (Node { from: 0, to: 0 }) => None,
        [1] => Some(node),
        _ => return Err(Malformed("bad split")),
    };
    if rows == 0 {
        return Err(Malformed("table without rows"));
    }
    Ok(Touched { table, rows, split })
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed("too short"))?;
        self.0 = rest;
        Ok(*head)
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Node, Pending, Touched};

    fn pending() -> Pending {
        Pending {
            first: 17,
            last: 90,
            version: 3,
            records: 60,
            tables: vec![
                Touched { table: 0, rows: 61, split: None },
                Touched { table: 4, rows: 2, split: Some(Node { from: 8, to: 12 }) },
            ],
        }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        assert_eq!(Pending::decode(&pending().encode(), 17), Ok(Some(pending())));
        assert_eq!(Pending::decode(&[], 17), Ok(None));
    }

    #[test]
    fn every_truncation_and_every_extension_is_refused() {
        let bytes = pending().encode();
        for end in 1..bytes.len() {
            assert!(Pending::decode(&bytes[..end], 17).is_err(), "{end} bytes were accepted");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Pending::decode(&longer, 17), Err(Malformed("wrong length")));
    }

    #[test]
    fn a_range_that_does_not_start_at_the_committed_offset_is_refused() {
        assert!(Pending::decode(&pending().encode(), 18).is_err());
    }

    #[test]
    fn tables_out_of_order_or_without_rows_are_refused() {
        let mut swapped = pending();
        swapped.tables.swap(0, 1);
        assert_eq!(Pending::decode(&swapped.encode(), 17), Err(Malformed("tables out of order")));
        let mut empty = pending();
        empty.tables[0].rows = 0;
        assert_eq!(Pending::decode(&empty.encode(), 17), Err(Malformed("table without rows")));
    }

    #[test]
    fn fifteen_tables_fit_the_metadata_many_times() {
        let tables = (0..15)
            .map(|table| Touched { table, rows: 50_000, split: Some(Node { from: 1, to: 2 }) })
            .collect();
        assert!(Pending { tables, ..pending() }.encode().len() < 400);
    }
}
