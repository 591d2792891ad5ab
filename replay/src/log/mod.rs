//! Partitions of topics as a replay reads them: once, in order, to an end that is fixed before.

mod stretch;

use std::time::Duration;

use pipeline::{Outgoing, Record, kafka};

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

/// What the next record is beside one that was made again.
#[derive(Debug)]
pub enum Met {
    /// Its key and its value are the same to the byte.
    Same,
    /// It is another one.
    Other(Record),
}

/// Whether a record has the key and the value of one that was made again, to the byte.
pub(crate) fn is_same(record: &Record, made: &Outgoing) -> bool {
    record.value == made.value && record.key == made.key
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

/// How long one look waits where nothing else is to be done.
const PATIENCE: Duration = Duration::from_millis(100);

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
            match self.poll(PATIENCE)? {
                Polled::Record(record) => return Ok(Some(record)),
                Polled::End => return Ok(None),
                Polled::Nothing => {}
            }
        }
    }

    /// As [`Self::next`]; a record with the key and the value of `made` is only told of, and need not be copied.
    ///
    /// # Errors
    /// As [`Self::poll`].
    fn meet(&mut self, made: &Outgoing) -> Result<Option<Met>, LogError> {
        let met = |record| if is_same(&record, made) { Met::Same } else { Met::Other(record) };
        Ok(self.next()?.map(met))
    }
}

impl<L: Log + ?Sized> Log for Box<L> {
    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        (**self).poll(wait)
    }

    fn meet(&mut self, made: &Outgoing) -> Result<Option<Met>, LogError> {
        (**self).meet(made)
    }
}

/// A log in memory.
impl Log for std::vec::IntoIter<Record> {
    fn poll(&mut self, _: Duration) -> Result<Polled, LogError> {
        Ok(Iterator::next(self).map_or(Polled::End, Polled::Record))
    }
}
