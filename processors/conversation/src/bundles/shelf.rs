//! What topic `configs` holds, as far as it was read. Each look reads on from where the last one ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use catalogue::Content;
use pipeline::Record;
use pipeline::kafka::{self, Partition};
use schemas::ids::BundleHash;

use super::BundlesError;
use super::pieces::{of_key, whole};

/// Key of the entry that names the bundle applied last. No hash starts with `@`.
pub(super) const CURRENT: &[u8] = b"@current";
pub(super) const BOUND: Duration = Duration::from_secs(30);

/// Where the topic is, and how it is reached.
pub(super) struct Source {
    pub(super) kafka: kafka::Config,
    pub(super) topic: String,
}

/// A piece in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    offset: i64,
    bytes: u64,
}

/// The newest entry of every key; of pieces only where they are, since they are large.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Offset of the next record to read.
    next: i64,
    bundles: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The bundle that was stored last.
    newest: Option<Vec<u8>>,
    current: Option<Vec<u8>>,
    pieces: BTreeMap<String, BTreeMap<u64, Piece>>,
}

impl Shelf {
    /// Reads what was written since the last look. Blocks.
    pub(super) fn read_on(&mut self, source: &Source) -> Result<(), BundlesError> {
        let from = self.next;
        scan(source, from, |record| self.take(record))
    }

    fn take(&mut self, record: Record) {
        self.next = record.offset + 1;
        let Record { key: Some(key), value, offset, .. } = record else { return };
        if let Some((hash, at)) = of_key(&key) {
            let pieces = self.pieces.entry(hash.to_owned()).or_default();
            match value {
                Some(value) => drop(pieces.insert(at, Piece { offset, bytes: value.len() as u64 })),
                None => drop(pieces.remove(&at)),
            }
        } else if key == CURRENT {
            self.current = value;
        } else if let Some(value) = value {
            self.newest = Some(key.clone());
            self.bundles.insert(key, value);
        } else {
            self.bundles.remove(&key);
        }
    }

    /// The JSON of a bundle.
    pub(super) fn bundle(&self, hash: &BundleHash) -> Option<&[u8]> {
        self.bundles.get(hash.as_str().as_bytes()).map(Vec::as_slice)
    }

    /// What names the bundle applied last.
    pub(super) fn current(&self) -> Option<&[u8]> {
        self.current.as_deref()
    }

    /// What names the bundle stored last.
    pub(super) fn newest(&self) -> Option<&[u8]> {
        self.newest.as_deref()
    }

    /// Offsets of the pieces that make a content, by their first bytes.
    pub(super) fn pieces(&self, content: &Content) -> Result<BTreeMap<u64, i64>, BundlesError> {
        let none = BTreeMap::new();
        let pieces = self.pieces.get(&content.hash).unwrap_or(&none);
        let lengths = pieces.iter().map(|(at, piece)| (*at, piece.bytes)).collect();
        let missing = |at| BundlesError::Piece { hash: content.hash.clone(), bytes: content.bytes, at };
        let places = whole(&lengths, content.bytes).map_err(missing)?;
        Ok(places.into_iter().filter_map(|at| Some((at, pieces.get(&at)?.offset))).collect())
    }
}

/// The text of a content, out of its pieces at these offsets. Blocks.
pub(super) fn text(
    source: &Source,
    content: &Content,
    pieces: &BTreeMap<u64, i64>,
) -> Result<Arc<str>, BundlesError> {
    let mut read: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    if let Some(first) = pieces.values().min() {
        scan(source, *first, |record| {
            let Record { key: Some(key), value: Some(value), .. } = record else { return };
            if let Some((_, at)) =
                of_key(&key).filter(|(hash, at)| *hash == content.hash && pieces.contains_key(at))
            {
                read.insert(at, value);
            }
        })?;
    }
    let bytes: Vec<u8> = read.into_values().flatten().collect();
    content.text(bytes).map_err(|source| BundlesError::Content { hash: content.hash.clone(), source })
}

fn scan(source: &Source, from: i64, take: impl FnMut(Record)) -> Result<(), BundlesError> {
    let partition = Partition { topic: source.topic.as_str().into(), index: 0 };
    kafka::scan(&source.kafka, &partition, from, BOUND, take).map_err(BundlesError::Read)
}

#[cfg(test)]
mod tests {
    use super::super::pieces::key;
    use super::*;

    fn record(offset: i64, key: &str, value: Option<&str>) -> Record {
        Record {
            topic: "configs".into(),
            partition: 0,
            offset,
            timestamp: 1,
            key: Some(key.into()),
            headers: pipeline::Headers::default(),
            value: value.map(Into::into),
        }
    }

    #[test]
    fn the_newest_entry_of_a_key_counts_and_a_bundle_that_is_stored_need_not_be_applied() {
        let mut shelf = Shelf::default();
        let hash = |c: &str| BundleHash::new(c.repeat(64)).unwrap();
        let (first, second) = (hash("a"), hash("b"));
        for (offset, key, value) in [
            (3, first.as_str(), Some("1")),
            (4, "@current", Some(first.as_str())),
            (9, second.as_str(), Some("2")),
            (10, "gone", Some("3")),
            (11, "gone", None),
        ] {
            shelf.take(record(offset, key, value));
        }
        assert_eq!((shelf.bundle(&first), shelf.bundle(&second)), (Some(&b"1"[..]), Some(&b"2"[..])));
        assert_eq!(shelf.current(), Some(first.as_str().as_bytes()));
        assert_eq!((shelf.next, shelf.bundles.len()), (12, 2));
    }

    #[test]
    fn a_content_is_there_when_all_of_its_pieces_are() {
        let mut shelf = Shelf::default();
        let content = Content::of("abcdef", 1);
        let missing = |shelf: &Shelf| match shelf.pieces(&content) {
            Err(BundlesError::Piece { at, .. }) => Some(at),
            _ => None,
        };
        assert_eq!(missing(&shelf), Some(0));
        shelf.take(record(1, &key(&content.hash, 0), Some("abcd")));
        assert_eq!(missing(&shelf), Some(4));
        shelf.take(record(2, &key("other", 4), Some("ef")));
        shelf.take(record(3, &key(&content.hash, 4), Some("ef")));
        shelf.take(record(7, &key(&content.hash, 0), Some("abcd")));
        assert_eq!(shelf.pieces(&content).unwrap(), BTreeMap::from([(0, 7), (4, 3)]));
        shelf.take(record(8, &key(&content.hash, 4), None));
        assert_eq!(missing(&shelf), Some(4));
    }
}
