//! Publishes records outside transactions, durable once acknowledged, in order per partition.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

use super::{Config, Error, convert, log};
use crate::Outgoing;

/// How much may wait for acknowledgement.
#[derive(Debug, Clone, Copy)]
pub struct PublisherLimits {
    /// Records.
    pub records: usize,
    /// KiB of keys, values and headers.
    pub kibibytes: usize,
}

/// Where an acknowledged record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

/// Why no acknowledgement came. The record may have been written all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("await acknowledgement: {0}")]
pub struct Unacknowledged(String);

/// Why a record was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Too much waits already; nothing was queued.
    #[error("publish record: queue is full")]
    Busy,
    /// The record is larger than the client takes.
    #[error("publish record: too large")]
    TooLarge,
    /// The client cannot go on, or the topic is not there; nothing was queued.
    #[error("publish record: {0}")]
    Refused(String),
}

impl PublishError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::TooLarge => "too_large",
            Self::Refused(_) => "refused",
        }
    }
}

type Reply = oneshot::Sender<Result<Acknowledgement, Unacknowledged>>;

#[derive(Debug, Default)]
struct Acknowledgements {
    waiting: Mutex<usize>,
    none_left: Condvar,
}

impl Acknowledgements {
    fn add(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn done(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = waiting.saturating_sub(1);
        if *waiting == 0 {
            self.none_left.notify_all();
        }
    }
}

impl ClientContext for Acknowledgements {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log::line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log::global(&error, reason);
    }
}

impl ProducerContext for Acknowledgements {
    type DeliveryOpaque = Box<Reply>;

    fn delivery(&self, result: &DeliveryResult<'_>, reply: Box<Reply>) {
        let result = match result {
            Ok(message) => Ok(Acknowledgement { partition: message.partition(), offset: message.offset() }),
            Err((error, _)) => Err(Unacknowledged(error.to_string())),
        };
        // Whoever waited may have given up: the deadline is theirs.
        drop(reply.send(result));
        self.done();
    }
}

type Client = ThreadedProducer<Acknowledgements>;

/// An idempotent producer whose queue is bounded and refuses at once. Cheap to share behind an `Arc`.
pub struct Publisher {
    client: Option<Arc<Client>>,
}

impl Publisher {
    /// Builds the client; it connects in the background.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(config: &Config, limits: PublisherLimits) -> Result<Self, Error> {
        let mut properties = config.idempotent();
        properties
            .set("queue.buffering.max.messages", limits.records.to_string())
            .set("queue.buffering.max.kbytes", limits.kibibytes.to_string());
        let client: Client = properties
            .create_with_context(Acknowledgements::default())
            .map_err(Error::client("publisher"))?;
        Ok(Self { client: Some(Arc::new(client)) })
    }

    /// Queues a record, never blocking. Dropping the receiver changes nothing for the record. Records queued for one
    /// partition are written in that order.
    ///
    /// # Errors
    /// [`PublishError`]; then nothing was queued.
    pub fn publish(
        &self,
        record: &Outgoing,
    ) -> Result<oneshot::Receiver<Result<Acknowledgement, Unacknowledged>>, PublishError> {
        let client = self.client.as_ref().ok_or_else(|| PublishError::Refused("closed".into()))?;
        let (reply, receiver) = oneshot::channel();
        client.context().add();
        match client.send(convert::outgoing(record, Box::new(reply))) {
            Ok(()) => Ok(receiver),
            Err((error, _)) => {
                client.context().done();
                Err(match error {
                    KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) => PublishError::Busy,
                    KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge) => {
                        PublishError::TooLarge
                    }
                    other => PublishError::Refused(other.to_string()),
                })
            }
        }
    }

    /// Records that wait for their acknowledgement.
    pub fn waiting(&self) -> usize {
        let count =
            |client: &Arc<Client>| *client.context().waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.client.as_ref().map_or(0, count)
    }

    /// Blocks until nothing waits any more, at most `bound`; whether that is so.
    pub fn flush_within(&self, bound: Duration) -> bool {
        let Some(client) = &self.client else { return true };
        let until = Instant::now() + bound;
        let mut waiting = client.context().waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while *waiting > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = client.context().none_left.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Ending the client blocks, which an async worker must not: a thread does it.
impl Drop for Publisher {
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && let Err(error) =
                thread::Builder::new().name("publisher-end".into()).spawn(move || drop(client))
        {
            tracing::warn!(%error, "start thread that ends the publisher");
        }
    }
}
