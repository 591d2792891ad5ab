//! Reads partitions outside any group, up to an end that is fixed when reading starts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::config::{Fetching, Isolation};
use super::convert::TopicNames;
use super::ends::{ends, offsets};
use super::log::Logged;
use super::partition::offsets_list;
use super::{Config, Error, Partition, convert};
use crate::Record;

/// How long one request to the brokers may take.
const REQUEST: Duration = Duration::from_secs(10);

/// What one poll of a [`Reader`] brought.
#[derive(Debug)]
pub enum Read {
    /// A committed record before the end.
    Record(Record),
    /// Everything before this partition's end was delivered.
    End(i32),
    /// Nothing came in time.
    Nothing,
}

/// As [`Read`], with whatever was made of the record.
#[derive(Debug)]
pub enum Next<T> {
    /// What was made of a committed record before the end.
    Taken(T),
    /// Everything before this partition's end was delivered.
    End(i32),
    /// Nothing came in time.
    Nothing,
}

/// Reads committed records of one topic's partitions up to the high watermark that each had when it was added.
///
/// The end is asked without regard to open transactions: a marker that is still being written must not hide the last
/// records. Reading then waits until those transactions are settled.
pub struct Reader {
    config: Config,
    fetching: Fetching,
    /// Opened with the first partition.
    committed: Option<BaseConsumer<Logged>>,
    uncommitted: BaseConsumer<Logged>,
    topic: String,
    names: TopicNames,
    /// End of each partition that is waiting for its last stable offset, with the offset to start at.
    unsettled: BTreeMap<i32, (i64, i64)>,
    reading: BTreeMap<i32, i64>,
    /// Its last record was handed over.
    ended: Option<i32>,
    /// When the unsettled ends are asked again.
    ask_at: Instant,
}

impl Reader {
    /// Opens a reader of `topic` without any partition.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn open(config: &Config, topic: &str) -> Result<Self, Error> {
        Self::with(config, topic, Fetching::ToTheEnd)
    }

    /// As [`Self::open`], for whoever takes longer to use the records than to read them.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn ahead(config: &Config, topic: &str) -> Result<Self, Error> {
        Self::with(config, topic, Fetching::Ahead)
    }

    fn with(config: &Config, topic: &str, fetching: Fetching) -> Result<Self, Error> {
        Ok(Self {
            config: config.clone(),
            fetching,
            committed: None,
            uncommitted: client(config, Isolation::Uncommitted, fetching)?,
            topic: topic.to_owned(),
            names: TopicNames::default(),
            unsettled: BTreeMap::new(),
            reading: BTreeMap::new(),
            ended: None,
            ask_at: Instant::now(),
        })
    }

    /// Adds a partition, read from `from` or, if that is later, from the start of its log.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not tell its watermarks, [`Error::Client`].
    pub fn add(&mut self, partition: i32, from: i64) -> Result<(), Error> {
        let bounds = self.watermarks(&[partition])?;
        bounds.into_iter().try_for_each(|bounds| self.add_within(partition, from, bounds))
    }

    /// As [`Self::add`], from the first record that was appended at `millis` since the epoch or later.
    ///
    /// # Errors
    /// As [`Self::add`], also when the brokers do not tell that record's offset.
    pub fn add_since(&mut self, partition: i32, millis: i64) -> Result<(), Error> {
        let named = self.named(std::iter::once(partition));
        let before = self.watermarks(&[partition])?;
        let found = offsets(&self.uncommitted, &named, Offset::Offset(millis.max(0)), REQUEST)?;
        // Without such a record, all that was there before the question is older.
        let end = before.first().map_or(0, |(_, high)| *high);
        self.add(partition, found.values().next().copied().unwrap_or(end))
    }

    /// As [`Self::add`], only the records from `first` on and before `end`, as far as they are there.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_span(&mut self, partition: i32, first: i64, end: i64) -> Result<(), Error> {
        let bounds = self.watermarks(&[partition])?;
        bounds.into_iter().try_for_each(|(low, high)| self.add_within(partition, first, (low, high.min(end))))
    }

    /// The offset of the first record that was appended to a partition at `millis` since the epoch or later; the end of the log where
    /// there is none.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not tell.
    pub fn offset_at(&self, partition: i32, millis: i64) -> Result<i64, Error> {
        let named = self.named(std::iter::once(partition));
        let end = self.watermarks(&[partition])?.first().map_or(0, |(_, high)| *high);
        let found = offsets(&self.uncommitted, &named, Offset::Offset(millis.max(0)), REQUEST)?;
        Ok(found.values().next().copied().filter(|offset| *offset >= 0).unwrap_or(end))
    }

    /// As [`Self::add`], with the partition's watermarks as they were told.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub(crate) fn add_within(
        &mut self,
        partition: i32,
        from: i64,
        (low, high): (i64, i64),
    ) -> Result<(), Error> {
        if self.committed.is_none() {
            self.committed = Some(client(&self.config, Isolation::Committed, self.fetching)?);
        }
        self.unsettled.insert(partition, (from.max(low), high));
        self.ask_at = Instant::now();
        Ok(())
    }

    /// Low and high watermark of partitions, added or not, in their order and asked for together; records of open
    /// transactions count as there.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not tell.
    pub fn watermarks(&self, partitions: &[i32]) -> Result<Vec<(i64, i64)>, Error> {
        ends(&self.uncommitted, &self.named(partitions.iter().copied()), REQUEST)
    }

    fn named(&self, partitions: impl Iterator<Item = i32>) -> Vec<Partition> {
        let topic: Arc<str> = self.topic.as_str().into();
        partitions.map(|index| Partition { topic: Arc::clone(&topic), index }).collect()
    }

    /// Stops reading a partition.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses.
    pub fn remove(&mut self, partition: i32) -> Result<(), Error> {
        self.unsettled.remove(&partition);
        let was_read = self.reading.remove(&partition).is_some();
        let Some(client) = self.committed.as_ref().filter(|_| was_read) else { return Ok(()) };
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, partition);
        client.incremental_unassign(&list).map_err(Error::request("stop reading", &self.topic))
    }

    /// Whether every added partition was read to its end.
    pub fn is_done(&self) -> bool {
        self.unsettled.is_empty() && self.reading.is_empty()
    }

    /// Starts to fetch what was added, as far as it can be: the first poll waits less. Without it polling starts to.
    ///
    /// # Errors
    /// [`Error::Request`]; reading cannot go on.
    pub fn start(&mut self) -> Result<(), Error> {
        // That nothing is there is told by a poll.
        if self.unsettled.values().all(|(from, end)| from < end) && !self.unsettled.is_empty() {
            self.start_settled()?;
        }
        Ok(())
    }

    /// Starts the partitions whose transactions before the end are settled; one that is already empty ends here.
    fn start_settled(&mut self) -> Result<Option<i32>, Error> {
        let Some(client) = &self.committed else { return Ok(None) };
        let empty = self.unsettled.iter().find(|(_, (from, end))| from >= end).map(|(empty, _)| *empty);
        if let Some(empty) = empty {
            self.unsettled.remove(&empty);
            return Ok(Some(empty));
        }
        let waiting = self.named(self.unsettled.keys().copied());
        // The client's own isolation makes these the last stable offsets.
        let stable = offsets(client, &waiting, Offset::End, REQUEST)?;
        let mut starts = Vec::new();
        for partition in waiting {
            let Some((from, end)) = self.unsettled.get(&partition.index).copied() else { continue };
            if stable.get(&partition).is_some_and(|stable| *stable >= end) {
                self.unsettled.remove(&partition.index);
                self.reading.insert(partition.index, end);
                starts.push((partition, from));
            }
        }
        if !starts.is_empty() {
            let assigned = client.incremental_assign(&offsets_list(&starts)?);
            assigned.map_err(Error::request("start reading", &self.topic))?;
        }
        self.ask_at = Instant::now() + Duration::from_millis(20);
        Ok(None)
    }

    /// Waits up to `timeout` for the next record or end.
    ///
    /// # Errors
    /// [`Error::Request`]; reading cannot go on.
    pub fn poll(&mut self, timeout: Duration) -> Result<Read, Error> {
        let next = self.next(timeout, convert::record)?;
        Ok(match next {
            Next::Taken(record) => Read::Record(record),
            Next::End(partition) => Read::End(partition),
            Next::Nothing => Read::Nothing,
        })
    }

    /// As [`Self::poll`], but a record with this key and this value is not copied: `None` stands for it.
    ///
    /// # Errors
    /// As [`Self::poll`].
    pub fn poll_unless(
        &mut self,
        timeout: Duration,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<Next<Option<Record>>, Error> {
        self.next(timeout, |message, names| {
            let is_it = message.payload() == value && message.key() == key;
            (!is_it).then(|| convert::record(message, names))
        })
    }

    /// As [`Self::poll`] without a copy of the record: `take` gets its partition, key and value.
    ///
    /// # Errors
    /// As [`Self::poll`].
    pub(crate) fn poll_entry<T>(
        &mut self,
        timeout: Duration,
        take: impl FnOnce(i32, &[u8], Option<&[u8]>) -> T,
    ) -> Result<Next<T>, Error> {
        self.next(timeout, |message, _| {
            take(message.partition(), message.key().unwrap_or_default(), message.payload())
        })
    }

    fn next<T>(
        &mut self,
        timeout: Duration,
        take: impl FnOnce(&BorrowedMessage<'_>, &mut TopicNames) -> T,
    ) -> Result<Next<T>, Error> {
        if !self.unsettled.is_empty() && Instant::now() >= self.ask_at {
            if let Some(empty) = self.start_settled()? {
                return Ok(Next::End(empty));
            }
            if self.reading.is_empty() && !self.unsettled.is_empty() {
                thread::sleep(timeout.min(Duration::from_millis(20)));
                return Ok(Next::Nothing);
            }
        }
        if let Some(ended) = self.ended.take() {
            return self.end(ended);
        }
        let Some(client) = &self.committed else { return Ok(Next::Nothing) };
        let ended = match client.poll(timeout) {
            None => return Ok(Next::Nothing),
            Some(Err(KafkaError::PartitionEOF(partition))) => partition,
            Some(Err(error @ KafkaError::MessageConsumption(code))) if is_passing(code) => {
                tracing::debug!(%error, topic = self.topic, "read partition");
                return Ok(Next::Nothing);
            }
            Some(Err(error)) => return Err(Error::request("read", &self.topic)(error)),
            Some(Ok(message)) => match self.reading.get(&message.partition()) {
                None => return Ok(Next::Nothing),
                Some(end) if message.offset() >= *end => message.partition(),
                Some(end) => {
                    self.ended = (message.offset() + 1 == *end).then(|| message.partition());
                    return Ok(Next::Taken(take(&message, &mut self.names)));
                }
            },
        };
        self.end(ended)
    }

    fn end<T>(&mut self, ended: i32) -> Result<Next<T>, Error> {
        if !self.reading.contains_key(&ended) {
            return Ok(Next::Nothing);
        }
        self.remove(ended)?;
        Ok(Next::End(ended))
    }
}

/// Ending a client that read takes a tenth of a second, for which nobody shall wait.
impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(client) = self.committed.take()
            && let Err(error) = thread::Builder::new().name("reader-end".into()).spawn(move || drop(client))
        {
            tracing::warn!(%error, "start thread that ends a reader");
        }
    }
}

fn client(config: &Config, isolation: Isolation, fetching: Fetching) -> Result<BaseConsumer<Logged>, Error> {
    config.reader(isolation, fetching).create_with_context(Logged).map_err(Error::client("reader"))
}

fn is_passing(code: rdkafka::error::RDKafkaErrorCode) -> bool {
    use rdkafka::error::RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::NotLeaderForPartition
            | Code::LeaderNotAvailable
    )
}

/// Low and high watermark of each partition, in their order; see [`Reader::watermarks`].
///
/// # Errors
/// [`Error::Client`] or [`Error::Request`].
pub fn watermarks(config: &Config, partitions: &[Partition]) -> Result<Vec<(i64, i64)>, Error> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    ends(&client(config, Isolation::Uncommitted, Fetching::ToTheEnd)?, partitions, REQUEST)
}
