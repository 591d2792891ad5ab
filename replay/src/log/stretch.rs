//! A stretch of one partition on the brokers.

use std::time::{Duration, Instant};

use pipeline::Outgoing;
use pipeline::kafka::{self, Config, Next, Read, Reader};

use super::{Log, LogError, Met, PATIENCE, Polled};

/// Reading fails when the brokers gave nothing for so long.
pub(super) const SILENCE: Duration = Duration::from_secs(60);

/// Where a stretch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    Offset(i64),
    Time(i64),
}

/// The committed records of a stretch.
pub struct Stretch {
    reader: Reader,
    topic: String,
    partition: i32,
    /// Since something came last, where it was waited for.
    silence: Option<Silence>,
}

/// Nothing comes.
#[derive(Debug, Clone, Copy)]
struct Silence {
    /// Since when.
    since: Instant,
    /// When it was asked last.
    asked: Instant,
}

/// Whoever does not ask for so long has other things to do, and has heard nothing in that time.
const AWAY: Duration = Duration::from_secs(2);

impl Stretch {
    /// From one offset on and before another, as far as there are records.
    ///
    /// # Errors
    /// [`LogError::Kafka`].
    pub fn span(
        config: &Config,
        topic: &str,
        partition: i32,
        span: std::ops::Range<i64>,
    ) -> Result<Self, LogError> {
        let mut stretch = Self::open(config, topic, partition)?;
        let added = stretch.reader.add_span(partition, span.start, span.end);
        added.and_then(|()| stretch.reader.start()).map_err(|source| stretch.failed(source))?;
        Ok(stretch)
    }

    /// From what was appended at that time, in milliseconds since the epoch, to the present end.
    ///
    /// # Errors
    /// [`LogError::Kafka`].
    pub fn since(config: &Config, topic: &str, partition: i32, millis: i64) -> Result<Self, LogError> {
        let mut stretch = Self::open(config, topic, partition)?;
        stretch.begin(Begin::Time(millis))?;
        Ok(stretch)
    }

    /// From that offset to the present end.
    ///
    /// # Errors
    /// [`LogError::Kafka`].
    pub fn from(config: &Config, topic: &str, partition: i32, offset: i64) -> Result<Self, LogError> {
        let mut stretch = Self::open(config, topic, partition)?;
        stretch.begin(Begin::Offset(offset))?;
        Ok(stretch)
    }

    fn open(config: &Config, topic: &str, partition: i32) -> Result<Self, LogError> {
        let reader = Reader::ahead(config, topic).map_err(|source| LogError::Kafka {
            topic: topic.to_owned(),
            partition,
            source,
        })?;
        Ok(Self { reader, topic: topic.to_owned(), partition, silence: None })
    }

    fn begin(&mut self, begin: Begin) -> Result<(), LogError> {
        let added = match begin {
            Begin::Offset(offset) => self.reader.add(self.partition, offset),
            Begin::Time(millis) => self.reader.add_since(self.partition, millis.max(0)),
        };
        added.and_then(|()| self.reader.start()).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: kafka::Error) -> LogError {
        LogError::Kafka { topic: self.topic.clone(), partition: self.partition, source }
    }
}

impl Stretch {
    /// What `read` gives of the reader; `None` at the end.
    fn look<T>(
        &mut self,
        read: impl FnOnce(&mut Reader) -> Result<Next<T>, kafka::Error>,
    ) -> Result<Option<Next<T>>, LogError> {
        if self.reader.is_done() {
            return Ok(None);
        }
        match read(&mut self.reader).map_err(|source| self.failed(source))? {
            Next::End(_) => Ok(None),
            Next::Nothing => self.note_silence().map(|()| Some(Next::Nothing)),
            taken @ Next::Taken(_) => {
                self.silence = None;
                Ok(Some(taken))
            }
        }
    }

    /// Nothing came. It is an error after long.
    fn note_silence(&mut self) -> Result<(), LogError> {
        let now = Instant::now();
        let before = self.silence.filter(|before| now.duration_since(before.asked) <= AWAY);
        let since = before.map_or(now, |before| before.since);
        self.silence = Some(Silence { since, asked: now });
        if now.duration_since(since) > SILENCE {
            return Err(LogError::Silence { topic: self.topic.clone(), partition: self.partition });
        }
        Ok(())
    }
}

impl Log for Stretch {
    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        let read = |reader: &mut Reader| {
            Ok(match reader.poll(wait)? {
                Read::Record(record) => Next::Taken(record),
                Read::End(partition) => Next::End(partition),
                Read::Nothing => Next::Nothing,
            })
        };
        Ok(match self.look(read)? {
            Some(Next::Taken(record)) => Polled::Record(record),
            Some(Next::Nothing) => Polled::Nothing,
            Some(Next::End(_)) | None => Polled::End,
        })
    }

    fn meet(&mut self, made: &Outgoing) -> Result<Option<Met>, LogError> {
        let (key, value) = (made.key.as_deref(), made.value.as_deref());
        loop {
            match self.look(|reader| reader.poll_unless(PATIENCE, key, value))? {
                Some(Next::Taken(None)) => return Ok(Some(Met::Same)),
                Some(Next::Taken(Some(record))) => return Ok(Some(Met::Other(record))),
                Some(Next::End(_)) | None => return Ok(None),
                Some(Next::Nothing) => {}
            }
        }
    }
}
