//! Publishes records outside transactions, durable once acknowledged, in order per partition.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext};
use tokio::sync::oneshot;

use super::config::Linger;
use super::polled::PolledProducer;
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

/// What is to be told of deliveries.
#[derive(Debug, Default)]
struct DeliveryReport {
    /// To whoever waits for the one record that it is of; else they are counted.
    reply: Mutex<Option<Reply>>,
    waiting: AtomicUsize,
    failure: Mutex<Option<Unacknowledged>>,
}

impl DeliveryReport {
    fn tell(&self, result: Result<Acknowledgement, Unacknowledged>) {
        if let Some(reply) = lock(&self.reply).take() {
            // The caller may have dropped the receiver: it sets its own deadline.
            return drop(reply.send(result));
        }
        if let Err(error) = result {
            lock(&self.failure).get_or_insert(error);
        }
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Counts the deliveries of records for none of which anybody waits alone. A clone counts on.
#[derive(Debug, Clone, Default)]
pub struct DeliveryCount(Arc<DeliveryReport>);

impl DeliveryCount {
    /// Records that are neither acknowledged nor given up.
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Acquire)
    }

    /// Why a record was given up, if one was.
    pub fn failure(&self) -> Option<Unacknowledged> {
        lock(&self.0.failure).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts the records that wait for their acknowledgement. Each is counted twice, by the thread that queues it and by the client's,
/// which must not wait for each other: hence no lock on the counter.
#[derive(Debug, Default)]
struct Acknowledgements {
    waiting: AtomicUsize,
    /// Number of callers that wait in [`Self::flushed_by`].
    flushes: Mutex<usize>,
    none_left: Condvar,
}

impl Acknowledgements {
    fn add(&self) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
    }

    fn done(&self) {
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == 1 && *self.flushes() > 0 {
            self.none_left.notify_all();
        }
    }

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    fn flushes(&self) -> MutexGuard<'_, usize> {
        lock(&self.flushes)
    }

    /// Blocks until no record waits, at most until `until`. Whether none waits.
    fn flushed_by(&self, until: Instant) -> bool {
        let mut flushes = self.flushes();
        *flushes += 1;
        while self.waiting() > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            flushes = self.none_left.wait_timeout(flushes, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *flushes -= 1;
        self.waiting() == 0
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
    type DeliveryOpaque = Arc<DeliveryReport>;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Arc<DeliveryReport>) {
        let result = match result {
            Ok(message) => Ok(Acknowledgement { partition: message.partition(), offset: message.offset() }),
            Err((error, _)) => Err(Unacknowledged(error.to_string())),
        };
        report.tell(result);
        self.done();
    }
}

type Client = PolledProducer<Acknowledgements>;

/// An idempotent producer whose queue is bounded and refuses at once. Cheap to share behind an `Arc`. A client that
/// can never write again is replaced by a new one.
pub struct Publisher {
    properties: ClientConfig,
    client: RwLock<Option<Arc<Client>>>,
}

impl Publisher {
    /// Builds the client; it connects in the background.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(config: &Config, limits: PublisherLimits) -> Result<Self, Error> {
        Self::with(config.idempotent(Linger::Soon), limits)
    }

    /// As [`Self::new`], for many records of which nobody waits for one: each may wait for 50 ms for others before it is sent.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn bulk(config: &Config, limits: PublisherLimits) -> Result<Self, Error> {
        Self::with(config.idempotent(Linger::Bulk), limits)
    }

    fn with(mut properties: ClientConfig, limits: PublisherLimits) -> Result<Self, Error> {
        properties
            .set("queue.buffering.max.messages", limits.records.to_string())
            .set("queue.buffering.max.kbytes", limits.kibibytes.to_string());
        let client = build(&properties)?;
        Ok(Self { properties, client: RwLock::new(Some(client)) })
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
        let (reply, receiver) = oneshot::channel();
        self.send(
            record,
            &Arc::new(DeliveryReport { reply: Mutex::new(Some(reply)), ..DeliveryReport::default() }),
        )?;
        Ok(receiver)
    }

    /// As [`Self::publish`], for a record whose delivery is counted.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn publish_counted(&self, record: &Outgoing, count: &DeliveryCount) -> Result<(), PublishError> {
        count.0.waiting.fetch_add(1, Ordering::AcqRel);
        self.send(record, &count.0).inspect_err(|_| {
            count.0.waiting.fetch_sub(1, Ordering::AcqRel);
        })
    }

    fn send(&self, record: &Outgoing, report: &Arc<DeliveryReport>) -> Result<(), PublishError> {
        let client = self.client().ok_or_else(|| PublishError::Refused("closed".into()))?;
        match send(&client, record, report) {
            Err(PublishError::Refused(_)) if client.client().fatal_error().is_some() => {
                let new = self.replace(&client)?;
                send(&new, record, report)
            }
            sent => sent,
        }
    }

    fn client(&self) -> Option<Arc<Client>> {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a new client in the place of one that can never write again. What waits with the old one ends without
    /// acknowledgement.
    fn replace(&self, broken: &Arc<Client>) -> Result<Arc<Client>, PublishError> {
        let mut place = self.client.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = place.as_ref().filter(|current| !Arc::ptr_eq(current, broken)) {
            return Ok(Arc::clone(current));
        }
        let new = build(&self.properties).map_err(|error| PublishError::Refused(error.to_string()))?;
        tracing::error!(reason = ?broken.client().fatal_error(), "the publisher's client is replaced by a new one");
        end(place.replace(Arc::clone(&new)));
        Ok(new)
    }

    /// Records that wait for their acknowledgement.
    pub fn waiting(&self) -> usize {
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner);
        client.as_ref().map_or(0, |client| client.context().waiting())
    }

    /// Blocks until no record waits for its acknowledgement, at most `bound`. Whether none waits.
    pub fn flush_within(&self, bound: Duration) -> bool {
        self.client().is_none_or(|client| client.context().flushed_by(Instant::now() + bound))
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        end(self.client.get_mut().unwrap_or_else(PoisonError::into_inner).take());
    }
}

fn build(properties: &ClientConfig) -> Result<Arc<Client>, Error> {
    PolledProducer::start(properties, Acknowledgements::default(), "publisher").map(Arc::new)
}

fn send(client: &Client, record: &Outgoing, report: &Arc<DeliveryReport>) -> Result<(), PublishError> {
    client.context().add();
    match client.send(convert::outgoing(record, Arc::clone(report))) {
        Ok(()) => Ok(()),
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

/// Ending a client blocks, which an async worker must not: a thread does it.
fn end(client: Option<Arc<Client>>) {
    if let Some(client) = client
        && let Err(error) = thread::Builder::new().name("publisher-end".into()).spawn(move || drop(client))
    {
        tracing::warn!(%error, "start thread that ends the publisher");
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::RDKafkaApiKey;

    use super::*;
    use crate::kafka::RawConfig;

    fn publisher(cluster: &MockCluster<'_, rdkafka::producer::DefaultProducerContext>) -> Publisher {
        let raw = RawConfig {
            bootstrap: cluster.bootstrap_servers(),
            heartbeat_interval: Duration::from_millis(500),
            properties: Default::default(),
        };
        let config = Config::new(raw).unwrap();
        Publisher::new(&config, PublisherLimits { records: 10, kibibytes: 64 }).unwrap()
    }

    fn record() -> Outgoing {
        Outgoing {
            topic: "t".into(),
            partition: 0,
            key: None,
            headers: Vec::new(),
            value: Some(b"v".to_vec()),
        }
    }

    #[test]
    fn deliveries_that_are_counted_together_tell_of_the_one_that_failed() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 1, 1).unwrap();
        let (publisher, count) = (publisher(&cluster), DeliveryCount::default());
        (0..5).for_each(|_| publisher.publish_counted(&record(), &count).unwrap());
        assert!(publisher.flush_within(Duration::from_secs(10)));
        assert_eq!((count.waiting(), count.failure()), (0, None));
        let refused = rdkafka::bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
        cluster.request_errors(RDKafkaApiKey::Produce, &[refused]);
        publisher.publish_counted(&record(), &count).unwrap();
        assert!(publisher.flush_within(Duration::from_secs(10)));
        assert_eq!(count.waiting(), 0);
        assert!(count.failure().is_some(), "the refusal was not told");
    }

    #[test]
    fn a_client_that_can_never_write_again_is_replaced() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 1, 1).unwrap();
        // Being refused a producer id is fatal for an idempotent producer.
        let refused = rdkafka::bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
        cluster.request_errors(RDKafkaApiKey::InitProducerId, &[refused]);
        let publisher = publisher(&cluster);
        let broken = publisher.client().unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        while broken.client().fatal_error().is_none() && Instant::now() < until {
            thread::yield_now();
        }
        assert!(broken.client().fatal_error().is_some(), "the first client was not broken");
        let receiver = publisher.publish(&record()).unwrap();
        assert!(receiver.blocking_recv().unwrap().is_ok());
    }
}
