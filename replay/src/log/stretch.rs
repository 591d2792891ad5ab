//! A stretch of one partition on the brokers.

use std::time::{Duration, Instant};

use pipeline::kafka::{Config, Read, Reader};

use super::{Log, LogError, Polled};

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
    /// When something came last.
    last: Instant,
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
        added.map_err(|source| LogError::Kafka { topic: topic.to_owned(), partition, source })?;
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
        let reader = Reader::open(config, topic).map_err(|source| LogError::Kafka {
            topic: topic.to_owned(),
            partition,
            source,
        })?;
        Ok(Self { reader, topic: topic.to_owned(), partition, last: Instant::now(), asked: Instant::now() })
    }

    fn begin(&mut self, begin: Begin) -> Result<(), LogError> {
        let added = match begin {
            Begin::Offset(offset) => self.reader.add(self.partition, offset),
            Begin::Time(millis) => self.reader.add_since(self.partition, millis.max(0)),
        };
        added.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: pipeline::kafka::Error) -> LogError {
        LogError::Kafka { topic: self.topic.clone(), partition: self.partition, source }
    }
}

impl Log for Stretch {
    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        if self.reader.is_done() {
            return Ok(Polled::End);
        }
        let now = Instant::now();
        if now.duration_since(self.asked) > AWAY {
            self.last = now;
        }
        self.asked = now;
        match self.reader.poll(wait).map_err(|source| self.failed(source))? {
            Read::Record(record) => {
                self.last = Instant::now();
                Ok(Polled::Record(record))
            }
            Read::End(_) => Ok(Polled::End),
            Read::Nothing if self.last.elapsed() > SILENCE => {
                Err(LogError::Silence { topic: self.topic.clone(), partition: self.partition })
            }
            Read::Nothing => Ok(Polled::Nothing),
        }
    }
}
