//! Brings the states of newly assigned partitions back while other partitions are being folded.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use super::mark::Mark;
use super::{Entries, FoldConfig};
use crate::StartPolicy;
use crate::kafka::{Committed, Error, INCARNATION_KEY, Next, Reader};

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

/// Partitions that are read at a time: while one is being built, the next are read, and no more than these are held
/// as bytes. More than one, since they may be on different brokers.
const AT_A_TIME: usize = 2;
/// How long the thread that reads waits for a record before it looks whether it is still wanted.
const WAIT: Duration = Duration::from_millis(20);

/// A partition whose states were read to their end.
pub(super) struct Restored {
    pub(super) partition: i32,
    pub(super) start: Start,
    pub(super) entries: Entries,
    pub(super) incarnation: Option<Vec<u8>>,
    pub(super) began: Instant,
}

/// Newest entries of one partition, in the order of their first versions: what was written together stays together.
#[derive(Default)]
struct Newest(IndexMap<Vec<u8>, Vec<u8>>);

impl Newest {
    fn take(&mut self, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => drop(self.0.insert(key.to_vec(), value.to_vec())),
            None => drop(self.0.swap_remove(key)),
        }
    }

    /// The incarnation's stamp and the other entries.
    fn end(mut self) -> (Option<Vec<u8>>, Entries) {
        let incarnation = self.0.swap_remove(INCARNATION_KEY);
        (incarnation, self.0.into_iter().collect())
    }
}

type Read = Result<(i32, Newest), Error>;

/// The thread that reads. It ends when this is dropped.
struct Reading {
    read: Receiver<Read>,
    #[expect(dead_code, reason = "dropping it is the signal")]
    wanted: Arc<()>,
}

impl Reading {
    fn start(config: &FoldConfig, partitions: Vec<i32>) -> Result<Self, Error> {
        let (kafka, states) = (config.kafka.clone(), Arc::clone(&config.states));
        let (sender, read) = sync_channel(1);
        let wanted = Arc::new(());
        let is_wanted = Arc::downgrade(&wanted);
        thread::Builder::new()
            .name("restore".into())
            .spawn(move || {
                let all = Reader::open(&kafka, &states)
                    .and_then(|reader| read_all(reader, partitions, &sender, &is_wanted));
                if let Err(error) = all {
                    // Nobody may want it any more.
                    sender.send(Err(error)).ok();
                }
            })
            .map_err(|error| Error::Unexpected(format!("start thread that restores: {error}")))?;
        Ok(Self { read, wanted })
    }
}

/// Hands every partition over once it is read; ends early when nobody wants them.
fn read_all(
    mut reader: Reader,
    partitions: Vec<i32>,
    sender: &SyncSender<Read>,
    wanted: &Weak<()>,
) -> Result<(), Error> {
    let mut waiting = partitions.into_iter();
    let mut reading: BTreeMap<i32, Newest> = BTreeMap::new();
    while wanted.strong_count() > 0 {
        while reading.len() < AT_A_TIME
            && let Some(partition) = waiting.next()
        {
            reader.add(partition, 0)?;
            reading.insert(partition, Newest::default());
        }
        if reading.is_empty() {
            break;
        }
        let next = reader.poll_entry(WAIT, |partition, key, value| {
            if let Some(newest) = reading.get_mut(&partition) {
                newest.take(key, value);
            }
        })?;
        if let Next::End(partition) = next
            && let Some(newest) = reading.remove(&partition)
            && sender.send(Ok((partition, newest))).is_err()
        {
            break;
        }
    }
    Ok(())
}

/// Partitions whose states are wanted. They are read on a thread of their own, so that folding the others goes on.
#[derive(Default)]
pub(super) struct Restoring {
    reading: Option<Reading>,
    pending: BTreeMap<i32, (Start, Instant)>,
}

impl Restoring {
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Wants a partition's states; a failure is made good by the next [`Self::next`].
    pub(super) fn add(&mut self, partition: i32, start: Start) {
        self.pending.insert(partition, (start, Instant::now()));
        // All are read from their beginning again: partitions are assigned together or rarely.
        self.reading = None;
    }

    pub(super) fn remove(&mut self, partition: i32) {
        if self.pending.remove(&partition).is_some() {
            self.reading = None;
        }
    }

    /// A partition that was read to its end, if there is one. Does not wait.
    ///
    /// # Errors
    /// [`Error`]; the next call starts anew.
    pub(super) fn next(&mut self, config: &FoldConfig) -> Result<Option<Restored>, Error> {
        if self.pending.is_empty() {
            self.reading = None;
            return Ok(None);
        }
        let reading = match &self.reading {
            Some(reading) => reading,
            None => {
                let partitions = self.pending.keys().copied().collect();
                self.reading.insert(Reading::start(config, partitions)?)
            }
        };
        let read = match reading.read.try_recv() {
            Ok(read) => read,
            Err(TryRecvError::Empty) => return Ok(None),
            Err(TryRecvError::Disconnected) => Err(Error::Unexpected("restore: the thread ended".into())),
        };
        let (partition, newest) = read.inspect_err(|_| self.reading = None)?;
        let Some((start, began)) = self.pending.remove(&partition) else { return Ok(None) };
        let (incarnation, entries) = newest.end();
        Ok(Some(Restored { partition, start, entries, incarnation, began }))
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

    #[test]
    fn the_newest_version_of_each_entry_is_kept_and_a_tombstone_forgets() {
        let mut newest = Newest::default();
        let stamp: Option<&[u8]> = Some(b"inc");
        for (key, value) in [
            (INCARNATION_KEY, stamp),
            (b"b", Some(b"1")),
            (b"a", Some(b"1")),
            (b"c", Some(b"1")),
            (b"b", Some(b"2")),
            (b"c", None),
            (b"gone", None),
        ] {
            newest.take(key, value);
        }
        let (incarnation, mut entries) = newest.end();
        entries.sort();
        assert_eq!(incarnation.as_deref(), stamp);
        assert_eq!(entries, [(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"2".to_vec())]);
    }
}
