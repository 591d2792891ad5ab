//! What is read from a partition and what is written to one, as bytes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// One header of a record that is written: its name, which is as a rule one of few, and its bytes.
pub type Header = (Cow<'static, str>, Vec<u8>);

/// Headers of a record as it was read, in their order and in one buffer: a record has about ten, and names and values of
/// their own would cost as much as reading the value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    bytes: Vec<u8>,
    /// Lengths of each name and each value.
    lengths: Vec<(usize, usize)>,
}

/// Most headers are no longer than this with their names, in bytes.
const USUAL_HEADER: usize = 48;

impl Headers {
    /// Without headers, with room for so many of the usual length.
    pub fn with_capacity(count: usize) -> Self {
        Self { bytes: Vec::with_capacity(count * USUAL_HEADER), lengths: Vec::with_capacity(count) }
    }

    /// Appends a header.
    pub fn push(&mut self, name: &str, value: &[u8]) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(value);
        self.lengths.push((name.len(), value.len()));
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.raw().map_while(|(name, value)| Some((str::from_utf8(name).ok()?, value)))
    }

    /// Bytes of the last header of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.raw().filter(|(known, _)| *known == name.as_bytes()).last().map(|(_, value)| value)
    }

    fn raw(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().map_while(move |(name, value)| {
            let (header, others) = rest.split_at_checked(name + value)?;
            rest = others;
            header.split_at_checked(*name)
        })
    }

    /// The headers as they are written.
    pub fn to_vec(&self) -> Vec<Header> {
        self.iter().map(|(name, value)| (name.to_owned().into(), value.to_vec())).collect()
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(headers: T) -> Self {
        let headers = headers.into_iter();
        let mut all = Self::with_capacity(headers.size_hint().0);
        headers.for_each(|(name, value)| all.push(name.as_ref(), value.as_ref()));
        all
    }
}

impl PartialEq<Vec<Header>> for Headers {
    fn eq(&self, written: &Vec<Header>) -> bool {
        self.iter().eq(written.iter().map(|(name, value)| (&**name, value.as_slice())))
    }
}

/// One record as it was read, copied out of the client's buffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic it was read from.
    pub topic: Arc<str>,
    /// Partition it was read from.
    pub partition: i32,
    /// Its offset in that partition.
    pub offset: i64,
    /// The broker's append time in milliseconds since the epoch.
    pub timestamp: i64,
    /// Key bytes, if the writer gave any.
    pub key: Option<Vec<u8>>,
    /// Headers in the order in which they were written.
    pub headers: Headers,
    /// Value bytes; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// Bytes of the last header of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name)
    }

    /// Size that counts against memory budgets, in bytes: key, value and headers.
    pub fn size(&self) -> usize {
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + self.headers.size()
    }
}

/// One record to be written. The partition is always explicit: its writer knows where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Topic to write to.
    pub topic: Arc<str>,
    /// Partition to write to.
    pub partition: i32,
    /// Key bytes; `None` for control records.
    pub key: Option<Vec<u8>>,
    /// Headers in the order in which they are written.
    pub headers: Vec<Header>,
    /// Value bytes; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Outgoing {
    /// Size on the wire before compression, in bytes, without the client's own overhead.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// Why a record cannot be processed by this step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The record itself is bad and always will be: it goes to the dead letters, the partition goes on.
    #[error("refuse record: {reason}")]
    DeadLetter {
        /// A closed label of the reason, for the header and the counter.
        reason: &'static str,
    },
    /// This version cannot read the record but a newer one may: the partition is paused and alerts.
    #[error("pause partition: {reason}")]
    Pause {
        /// A closed label of the reason, for the log and the gauge.
        reason: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_out_as_they_went_in_and_the_last_of_a_name_counts() {
        let written = vec![
            ("kind".into(), b"message".to_vec()),
            ("".into(), Vec::new()),
            ("kind".into(), vec![0xff, 0]),
        ];
        let read: Headers = written.iter().cloned().collect();
        assert_eq!(read.to_vec(), written);
        assert_eq!(read, written);
        assert_eq!(
            [read.get("kind"), read.get(""), read.get("kin")],
            [Some(&[0xff, 0][..]), Some(&[]), None]
        );
        assert_eq!(format!("{:?}", Headers::default()), "[]");
    }

    #[test]
    fn headers_of_other_bounds_differ() {
        let headers = |name, value| [(name, value)].into_iter().collect::<Headers>();
        assert_ne!(headers("ab", "c"), headers("a", "bc"));
    }
}
