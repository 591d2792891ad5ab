//! Brings the states of newly assigned partitions back while other partitions are being folded.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::mark::Mark;
use super::newest::Newest;
use super::{Fold, FoldConfig, FoldError};
use crate::kafka::{Committed, Error, INCARNATION_KEY, Next, Reader};
use crate::{Refusal, StartPolicy};

/// Where a partition starts, with the mark that its previous owner left.
pub(super) type Start = crate::start::Start<Mark>;

/// Decides where an assigned partition starts; `log` is its log's start and end.
///
/// # Errors
/// [`Refusal`] when it must not be folded.
pub(super) fn start(
    policy: StartPolicy,
    incarnation: &str,
    committed: &Committed,
    (low, high): (i64, i64),
) -> Result<Start, Refusal> {
    let read = |_, metadata: Option<&str>| Ok(Mark::open(incarnation, metadata)?);
    policy.start(committed, &(low..=high), read)
}

/// Number of threads that read. Each has its own clients and reads one partition at a time, so that one fetches while the other
/// builds states. At most this many partitions of a driver are in memory in the form of the log.
const READERS: usize = 2;
/// How long a thread waits for a record before it checks whether its result is still wanted.
const WAIT: Duration = Duration::from_millis(20);

/// A partition whose log of states was read to its end.
pub(super) struct Restored<F: Fold> {
    pub(super) partition: i32,
    pub(super) start: Start,
    pub(super) read: Read<F>,
    pub(super) began: Instant,
}

/// What was read of one partition.
pub(super) struct Read<F: Fold> {
    pub(super) incarnation: Option<Vec<u8>>,
    pub(super) entries: usize,
    #[expect(clippy::type_complexity, reason = "the pair is named by its two halves")]
    pub(super) state: Result<(F::Control, HashMap<F::Key, F::State>), FoldError>,
}

impl<F: Fold> Read<F> {
    fn of(newest: &mut Newest) -> Self {
        let incarnation = newest.remove(INCARNATION_KEY);
        Self { incarnation, entries: newest.len(), state: F::restore(newest.entries()) }
    }
}

/// Partitions that no thread has begun to read.
struct Queue {
    partitions: Vec<i32>,
    begun: AtomicUsize,
}

impl Queue {
    /// The next partition, with its element of `bounds`.
    fn next<T: Copy>(&self, bounds: &[T]) -> Option<(i32, T)> {
        let next = self.begun.fetch_add(1, Ordering::Relaxed);
        self.partitions.get(next).copied().zip(bounds.get(next).copied())
    }
}

type Sender<F> = SyncSender<Result<(i32, Read<F>), Error>>;

/// The threads that read. They end when this is dropped.
struct Reading<F: Fold> {
    read: Receiver<Result<(i32, Read<F>), Error>>,
    #[expect(dead_code, reason = "dropping it is the signal")]
    wanted: Arc<()>,
}

impl<F: Fold> Reading<F> {
    fn start(config: &FoldConfig, partitions: Vec<i32>) -> Result<Self, Error> {
        let readers = READERS.min(partitions.len());
        let queue = Arc::new(Queue { partitions, begun: AtomicUsize::new(0) });
        let (sender, read) = sync_channel(1);
        let wanted = Arc::new(());
        for _ in 0..readers {
            let (kafka, states) = (config.kafka.clone(), Arc::clone(&config.states));
            let (queue, sender, is_wanted) = (Arc::clone(&queue), sender.clone(), Arc::downgrade(&wanted));
            thread::Builder::new()
                .name("restore".into())
                .spawn(move || {
                    let all = Reader::open(&kafka, &states)
                        .and_then(|reader| read_all::<F>(reader, &queue, &sender, &is_wanted));
                    if let Err(error) = all {
                        // The receiver may be gone.
                        sender.send(Err(error)).ok();
                    }
                })
                .map_err(|error| Error::Unexpected(format!("start thread that restores: {error}")))?;
        }
        Ok(Self { read, wanted })
    }
}

/// Hands every partition over once it is read; ends early when nobody wants them.
fn read_all<F: Fold>(
    mut reader: Reader,
    queue: &Queue,
    sender: &Sender<F>,
    wanted: &Weak<()>,
) -> Result<(), Error> {
    let mut newest = Newest::default();
    // One request for all: one each would take seconds for hundreds of partitions.
    let bounds = reader.watermarks(&queue.partitions)?;
    while let Some((partition, bounds)) = queue.next(&bounds) {
        reader.add_within(partition, 0, bounds)?;
        while !matches!(reader.poll_entry(WAIT, |_, key, value| newest.take(key, value))?, Next::End(_)) {
            if wanted.strong_count() == 0 {
                return Ok(());
            }
        }
        if sender.send(Ok((partition, Read::of(&mut newest)))).is_err() {
            break;
        }
        newest.clear();
    }
    Ok(())
}

/// Partitions whose states are wanted. They are read and built on threads of their own, so that folding the others
/// goes on.
pub(super) struct Restoring<F: Fold> {
    reading: Option<Reading<F>>,
    pending: BTreeMap<i32, (Start, Instant)>,
}

impl<F: Fold> Default for Restoring<F> {
    fn default() -> Self {
        Self { reading: None, pending: BTreeMap::new() }
    }
}

impl<F: Fold> Restoring<F> {
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Adds a partition whose states are to be read. Reading starts with the next call of [`Self::next`].
    pub(super) fn add(&mut self, partition: i32, start: Start) {
        self.pending.insert(partition, (start, Instant::now()));
        // Starts reading all of them again from the beginning: partitions are assigned together, or rarely.
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
    pub(super) fn next(&mut self, config: &FoldConfig) -> Result<Option<Restored<F>>, Error> {
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
            Err(TryRecvError::Disconnected) => Err(Error::Unexpected("restore: the threads ended".into())),
        };
        let (partition, read) = read.inspect_err(|_| self.reading = None)?;
        let Some((start, began)) = self.pending.remove(&partition) else { return Ok(None) };
        Ok(Some(Restored { partition, start, read, began }))
    }
}
