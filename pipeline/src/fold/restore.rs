//! Brings the states of newly assigned partitions back, in slices, while other partitions are being folded.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::FoldConfig;
use super::mark::Mark;
use crate::StartPolicy;
use crate::kafka::{Committed, Error, Read, Reader};

/// Where a partition starts, and what its previous owner left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) next: i64,
    pub(super) mark: Option<Mark>,
}

/// Decides where an assigned partition starts, or the label of why it is refused.
pub(super) fn start(
    policy: StartPolicy,
    incarnation: &str,
    committed: &Committed,
    log: &Reader,
) -> Result<Result<Start, &'static str>, Error> {
    let (low, high) = log.watermarks(committed.partition.index)?;
    Ok(decide(policy, incarnation, committed, (low, high)))
}

pub(super) fn decide(
    policy: StartPolicy,
    incarnation: &str,
    committed: &Committed,
    (low, high): (i64, i64),
) -> Result<Start, &'static str> {
    let Some(next) = committed.next else {
        return match policy {
            StartPolicy::Earliest => Ok(Start { next: low, mark: None }),
            StartPolicy::Latest => Ok(Start { next: high, mark: None }),
            StartPolicy::Refuse => Err("no_offset"),
        };
    };
    let mark = Mark::open(incarnation, committed.metadata.as_deref()).map_err(|error| error.label())?;
    if next < low {
        return Err("below_log_start");
    }
    if next > high { Err("above_log_end") } else { Ok(Start { next, mark: Some(mark) }) }
}

struct Pending {
    start: Start,
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    began: Instant,
}

/// A partition whose states were read to their end.
pub(super) struct Restored {
    pub(super) partition: i32,
    pub(super) start: Start,
    pub(super) entries: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) took: Duration,
}

#[derive(Default)]
pub(super) struct Restoring {
    reader: Option<Reader>,
    pending: BTreeMap<i32, Pending>,
}

impl Restoring {
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Starts to read a partition's states; a failure is made good by the next [`Self::slice`].
    pub(super) fn add(&mut self, partition: i32, start: Start) {
        self.pending.insert(partition, Pending { start, entries: BTreeMap::new(), began: Instant::now() });
        // All are read from their beginning again: partitions are assigned together or rarely.
        self.reader = None;
    }

    pub(super) fn remove(&mut self, partition: i32) {
        if self.pending.remove(&partition).is_some() {
            self.reader = None;
        }
    }

    /// Reads on for at most about `bound`; returns the partitions that were finished.
    ///
    /// # Errors
    /// [`Error`]; the next call starts anew.
    pub(super) fn slice(&mut self, config: &FoldConfig, bound: Duration) -> Result<Vec<Restored>, Error> {
        if self.pending.is_empty() {
            self.reader = None;
            return Ok(Vec::new());
        }
        let slice = self.read(config, bound);
        if slice.is_err() {
            self.reader = None;
        }
        slice
    }

    fn read(&mut self, config: &FoldConfig, bound: Duration) -> Result<Vec<Restored>, Error> {
        let until = Instant::now() + bound;
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => {
                let mut reader = Reader::open(&config.kafka, &config.states)?;
                for (partition, pending) in &mut self.pending {
                    pending.entries.clear();
                    reader.add(*partition, 0)?;
                }
                none.insert(reader)
            }
        };
        let mut restored = Vec::new();
        while Instant::now() < until && !self.pending.is_empty() {
            match reader.poll(Duration::from_millis(5))? {
                Read::Record(record) => {
                    if let Some(pending) = self.pending.get_mut(&record.partition) {
                        let key = record.key.unwrap_or_default();
                        match record.value {
                            Some(value) => drop(pending.entries.insert(key, value)),
                            None => drop(pending.entries.remove(&key)),
                        }
                    }
                }
                Read::End(partition) => {
                    if let Some(Pending { start, entries, began }) = self.pending.remove(&partition) {
                        restored.push(Restored { partition, start, entries, took: began.elapsed() });
                    }
                }
                Read::Nothing => {}
            }
        }
        Ok(restored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Partition;

    fn committed(next: Option<i64>, metadata: Option<String>) -> Committed {
        Committed { partition: Partition { topic: "events".into(), index: 0 }, next, metadata }
    }

    #[test]
    fn a_partition_without_a_commit_starts_as_the_policy_says() {
        let decide = |policy| decide(policy, "inc", &committed(None, None), (3, 9)).map(|start| start.next);
        assert_eq!(decide(StartPolicy::Earliest), Ok(3));
        assert_eq!(decide(StartPolicy::Latest), Ok(9));
        assert_eq!(decide(StartPolicy::Refuse), Err("no_offset"));
    }

    #[test]
    fn a_commit_is_taken_only_from_the_same_incarnation_and_inside_the_log() {
        let mark = Mark { running: true, attempts: 1, window: 16, clock_unread: false, turn: 3 };
        let ours = mark.seal("inc").unwrap();
        let decide = |next, metadata: &str| {
            decide(StartPolicy::Earliest, "inc", &committed(Some(next), Some(metadata.to_owned())), (3, 9))
        };
        assert_eq!(decide(3, &ours), Ok(Start { next: 3, mark: Some(mark) }));
        assert_eq!(decide(9, &ours), Ok(Start { next: 9, mark: Some(mark) }));
        assert_eq!(decide(2, &ours), Err("below_log_start"));
        assert_eq!(decide(10, &ours), Err("above_log_end"));
        assert_eq!(decide(5, &mark.seal("old").unwrap()), Err("incarnation"));
        assert_eq!(decide(5, ""), Err("metadata_foreign"));
    }
}
