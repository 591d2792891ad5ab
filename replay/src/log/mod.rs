//! Partitions of topics as a replay reads them: once, in order, to an end that is fixed before.

mod stretch;

use std::time::Duration;

use pipeline::{Record, kafka};

pub use stretch::Stretch;

/// What one look brought.
#[derive(Debug)]
pub enum Polled {
    /// The next record.
    Record(Record),
    /// Nothing came in time.
    Nothing,
    /// There is no more.
    End,
}

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The brokers refuse.
    #[error("read {topic}/{partition}")]
    Kafka {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// What they say.
        #[source]
        source: kafka::Error,
    },
    /// Nothing comes.
    #[error("read {topic}/{partition}: nothing came for {} s", stretch::SILENCE.as_secs())]
    Silence {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
    },
}

impl LogError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Kafka { .. } => "kafka",
            Self::Silence { .. } => "silence",
        }
    }
}

/// Records of one partition, in order.
pub trait Log: Send {
    /// Waits so long for the next record.
    ///
    /// # Errors
    /// [`LogError`]; nothing more comes.
    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError>;

    /// Waits for the next record; `None` at the end.
    ///
    /// # Errors
    /// As [`Self::poll`].
    fn next(&mut self) -> Result<Option<Record>, LogError> {
        loop {
            match self.poll(Duration::from_millis(100))? {
                Polled::Record(record) => return Ok(Some(record)),
                Polled::End => return Ok(None),
                Polled::Nothing => {}
            }
        }
    }
}

impl<L: Log + ?Sized> Log for Box<L> {
    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        (**self).poll(wait)
    }
}

/// A log in memory.
impl Log for std::vec::IntoIter<Record> {
    fn poll(&mut self, _: Duration) -> Result<Polled, LogError> {
        Ok(Iterator::next(self).map_or(Polled::End, Polled::Record))
    }
}
