//! Writes to the topics of a replay, each record once however often the replay is run.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use pipeline::Outgoing;
use pipeline::kafka::{Acknowledgement, DeliveryCount, PublishError, Publisher, Unacknowledged};
use schemas::wire;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot::Receiver;

use super::{Kind, Names};

/// How long an acknowledgement may take.
const BOUND: Duration = Duration::from_secs(60);
/// Records after which it is asked whether one of them was given up.
const TOGETHER: u64 = 4_096;

/// A record that was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The client refused it.
    #[error("write {topic}")]
    Refused {
        /// Where to.
        topic: String,
        /// Why.
        #[source]
        source: PublishError,
    },
    /// The brokers did not acknowledge it.
    #[error("write the topics of the replay")]
    Unacknowledged(#[from] Unacknowledged),
    /// They did not within a minute.
    #[error("write the topics of the replay: no acknowledgement within {} s", BOUND.as_secs())]
    Late,
}

impl WriteError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Unacknowledged(_) => "unacknowledged",
            Self::Late => "late",
        }
    }
}

/// The acknowledgement of a record that is awaited.
pub type Awaited = Receiver<Result<Acknowledgement, Unacknowledged>>;

/// Writes what a replay makes of one partition.
pub struct Writer {
    publisher: Arc<Publisher>,
    topics: BTreeMap<Kind, Arc<str>>,
    name: Vec<u8>,
    partition: i32,
    /// Ids of records that an earlier run wrote.
    there: HashMap<Kind, HashSet<u128>>,
    count: DeliveryCount,
    written: u64,
}

impl Writer {
    /// A writer to one partition of a replay's topics, in which the records with these ids are.
    pub fn new(
        publisher: Arc<Publisher>,
        names: &Names,
        partition: i32,
        there: HashMap<Kind, HashSet<u128>>,
    ) -> Self {
        Self {
            publisher,
            topics: Kind::ALL.into_iter().map(|kind| (kind, names.of(kind).into())).collect(),
            name: names.name().as_str().as_bytes().to_vec(),
            partition,
            there,
            count: DeliveryCount::default(),
            written: 0,
        }
    }

    /// Writes a record, unless it is there. Waits only where the client's queue is full.
    ///
    /// # Errors
    /// [`WriteError`], also of a record that was written before.
    pub fn write(&mut self, kind: Kind, record: Outgoing) -> Result<(), WriteError> {
        self.written += 1;
        if self.written.is_multiple_of(TOGETHER) {
            self.look()?;
        }
        let count = self.count.clone();
        self.queue(kind, record, |publisher, record| publisher.publish_counted(record, &count)).map(drop)
    }

    /// As [`Self::write`], and gives the acknowledgement to wait for; none where the record is there.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn publish(&mut self, kind: Kind, record: Outgoing) -> Result<Option<Awaited>, WriteError> {
        self.queue(kind, record, |publisher, record| publisher.publish(record))
    }

    fn queue<T>(
        &mut self,
        kind: Kind,
        record: Outgoing,
        publish: impl Fn(&Publisher, &Outgoing) -> Result<T, PublishError>,
    ) -> Result<Option<T>, WriteError> {
        let there = self.there.get(&kind).filter(|there| !there.is_empty());
        if there.is_some_and(|there| id_of_headers(&record).is_some_and(|id| there.contains(&id))) {
            return Ok(None);
        }
        let Some(topic) = self.topics.get(&kind) else { return Ok(None) };
        let mut record = Outgoing { topic: Arc::clone(topic), partition: self.partition, ..record };
        record.headers.push((wire::REPLAY.into(), self.name.clone()));
        let until = Instant::now() + BOUND;
        loop {
            match publish(&self.publisher, &record) {
                Ok(published) => return Ok(Some(published)),
                Err(PublishError::Busy) if Instant::now() < until => {
                    self.look()?;
                    thread::sleep(Duration::from_millis(1));
                }
                Err(source) => return Err(WriteError::Refused { topic: record.topic.to_string(), source }),
            }
        }
    }

    /// Waits until all of it is acknowledged.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn flush(&mut self) -> Result<(), WriteError> {
        let until = Instant::now() + BOUND;
        while self.count.waiting() > 0 {
            if Instant::now() > until {
                return Err(WriteError::Late);
            }
            // A client that was replaced tells of its own records a little later.
            if self.publisher.flush_within(Duration::from_millis(200)) && self.count.waiting() > 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.look()
    }

    /// Whether a record was given up.
    fn look(&self) -> Result<(), WriteError> {
        self.count.failure().map_or(Ok(()), |failure| Err(failure.into()))
    }
}

fn id_of_headers(record: &Outgoing) -> Option<u128> {
    let id = record.headers.iter().find(|(name, _)| name == wire::ID);
    id.map(|(_, value)| id_of(value))
}

/// A record's id in few bytes: a UUID as it is, of any other text the beginning of its hash.
pub(super) fn id_of(text: &[u8]) -> u128 {
    let uuid = str::from_utf8(text).ok().and_then(|text| uuid::Uuid::try_parse(text).ok());
    uuid.map_or_else(
        || Sha256::digest(text).iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte)),
        |uuid| uuid.as_u128(),
    )
}
