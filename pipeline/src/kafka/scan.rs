//! Whole partitions, read from an offset to their present ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Config, Error, Partition, Read, Reader};
use crate::{Headers, Record};

/// Newest value of one key of a compacted partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Value bytes.
    pub value: Vec<u8>,
    /// Headers, as written.
    pub headers: Headers,
}

/// Hands every committed record of a partition from offset `from` to its present end to `take`, in order.
///
/// # Errors
/// [`Error::Timeout`] when `bound` passes first, else as [`Reader::poll`].
pub fn scan(
    config: &Config,
    partition: &Partition,
    from: i64,
    bound: Duration,
    mut take: impl FnMut(Record),
) -> Result<(), Error> {
    let Partition { topic, index } = partition;
    let mut reader = Reader::open(config, topic)?;
    reader.add(*index, from)?;
    let until = Instant::now() + bound;
    loop {
        match reader.poll(Duration::from_millis(100))? {
            Read::Record(record) => take(record),
            Read::End(_) => return Ok(()),
            Read::Nothing => {}
        }
        if Instant::now() > until {
            let subject = format!("{topic}/{index}");
            return Err(Error::Timeout { request: "read to the end", subject });
        }
    }
}

/// The newest entry of every key of a compacted partition; keys whose newest value is a tombstone are absent.
///
/// # Errors
/// As [`scan`].
pub fn read_all(
    config: &Config,
    topic: &str,
    partition: i32,
    bound: Duration,
) -> Result<BTreeMap<Vec<u8>, Entry>, Error> {
    let mut entries = BTreeMap::new();
    let partition = Partition { topic: topic.into(), index: partition };
    scan(config, &partition, 0, bound, |record| {
        let key = record.key.unwrap_or_default();
        match record.value {
            Some(value) => drop(entries.insert(key, Entry { value, headers: record.headers })),
            None => drop(entries.remove(&key)),
        }
    })?;
    Ok(entries)
}
