//! The way into the log: records are queued, and acknowledged later; a message may be withdrawn.

use std::sync::Arc;
use std::time::Duration;

use pipeline::Outgoing;
use pipeline::kafka::{Acknowledgement, PublishError, Publisher, Unacknowledged};
use schemas::conversation::partition_of;
use schemas::event::Event;
use schemas::topic::{Topic, TopicNames};
use schemas::wire::{self, Record};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use crate::metrics;
use crate::refusal::Refusal;

/// How long a withdrawal that finds the queue full waits before it tries again.
const RETRY: Duration = Duration::from_millis(20);

/// Brings the acknowledgement of a queued record, or is closed without one when the client gave up.
pub type Receipt = oneshot::Receiver<Result<Acknowledgement, Unacknowledged>>;

/// A queue that writes records in the order in which they were queued for a partition.
pub trait Publish: Send + Sync + 'static {
    /// Queues a record, never blocking. Dropping the receipt changes nothing for the record.
    ///
    /// # Errors
    /// [`PublishError`]; then nothing was queued.
    fn publish(&self, record: &Outgoing) -> Result<Receipt, PublishError>;

    /// Records that wait for their acknowledgement.
    fn waiting(&self) -> usize;
}

impl Publish for Publisher {
    fn publish(&self, record: &Outgoing) -> Result<Receipt, PublishError> {
        Publisher::publish(self, record)
    }

    fn waiting(&self) -> usize {
        Publisher::waiting(self)
    }
}

/// Where the conversations' log is, and who writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    topic: Arc<str>,
    partitions: i32,
    source: String,
}

impl Log {
    /// The log of a deployment with that many partitions.
    pub fn new(deployment: &str, topics: &TopicNames, partitions: i32) -> Self {
        let topic = topics.of(Topic::Events).into();
        Self { topic, partitions, source: format!("/huiyin/{deployment}/ingest") }
    }
}

/// Queues events of conversations.
pub(crate) struct Outbox {
    publisher: Arc<dyn Publish>,
    log: Log,
    /// Most records that wait. The publisher takes twice as many, so that there is always room for withdrawals.
    max_waiting: usize,
}

/// Nothing was queued, for this reason (a label).
pub(crate) struct Unqueued(pub(crate) &'static str);

impl Outbox {
    pub(crate) fn new(publisher: Arc<dyn Publish>, log: Log, max_waiting: usize) -> Self {
        Self { publisher, log, max_waiting }
    }

    /// Queues an event of a conversation.
    pub(crate) fn send(&self, event: &Event) -> Result<Ticket, Unqueued> {
        let waiting = self.publisher.waiting();
        metrics::queue(waiting);
        let sent = if waiting >= self.max_waiting { Err(Unqueued("busy")) } else { self.queue(event) };
        sent.inspect_err(|unqueued| metrics::record(event.kind(), unqueued.0))
    }

    /// Queues events and waits until all are acknowledged.
    ///
    /// # Errors
    /// [`Refusal`] when one is not queued, or not acknowledged in time.
    pub(crate) async fn publish(&self, events: &[Event], deadline: Instant) -> Result<(), Refusal> {
        let tickets: Result<Vec<_>, _> = events.iter().map(|event| self.send(event)).collect();
        for ticket in tickets.map_err(|_| Refusal::Unqueued)? {
            if !ticket.acknowledged_by(deadline).await {
                return Err(Refusal::Unacknowledged);
            }
        }
        Ok(())
    }

    /// Queues an event whose acknowledgement nobody waits for.
    pub(crate) fn send_unawaited(&self, event: &Event) {
        // What cannot be queued is counted by `send`; the message itself does not depend on its record.
        if let Ok(ticket) = self.send(event) {
            ticket.watch();
        }
    }

    /// Queues a withdrawal, and tries again until the queue takes it. Until then its request counts as at work by `permit`.
    pub(crate) fn withdraw(self: &Arc<Self>, event: Event, permit: OwnedSemaphorePermit) {
        match self.queue(&event) {
            Ok(ticket) => ticket.watch(),
            Err(Unqueued(reason)) => {
                tracing::warn!(reason, "withdrawal waits for the queue");
                let outbox = Arc::clone(self);
                tokio::spawn(async move {
                    loop {
                        sleep(RETRY).await;
                        if let Ok(ticket) = outbox.queue(&event) {
                            ticket.watch();
                            break drop(permit);
                        }
                    }
                });
            }
        }
    }

    fn queue(&self, event: &Event) -> Result<Ticket, Unqueued> {
        let encoded = wire::encode(event, &self.log.source).map_err(|error| {
            tracing::error!(%error, "event cannot be encoded");
            Unqueued("invalid")
        })?;
        // Events that belong to no conversation have no key.
        let key = encoded.key.ok_or(Unqueued("invalid"))?;
        let record = Outgoing {
            topic: Arc::clone(&self.log.topic),
            partition: partition_of(&key, self.log.partitions),
            key: Some(key),
            headers: encoded.headers,
            value: Some(encoded.value),
        };
        let receipt = self.publisher.publish(&record).map_err(|error| Unqueued(error.label()))?;
        Ok(Ticket { kind: event.kind(), queued: Instant::now(), receipt })
    }
}

/// A queued record.
pub(crate) struct Ticket {
    kind: &'static str,
    queued: Instant,
    receipt: Receipt,
}

impl Ticket {
    /// Whether it is acknowledged by then. If not, it may be written all the same.
    pub(crate) async fn acknowledged_by(mut self, deadline: Instant) -> bool {
        if let Ok(end) = timeout_at(deadline, &mut self.receipt).await {
            return self.ended(end);
        }
        self.watch();
        false
    }

    /// Counts its end when it comes.
    pub(crate) fn watch(mut self) {
        tokio::spawn(async move {
            let end = (&mut self.receipt).await;
            self.ended(end);
        });
    }

    fn ended(&self, end: Result<Result<Acknowledgement, Unacknowledged>, oneshot::error::RecvError>) -> bool {
        let acknowledged = matches!(end, Ok(Ok(_)));
        if acknowledged {
            metrics::acknowledged(self.queued.elapsed());
        }
        metrics::record(self.kind, if acknowledged { "acknowledged" } else { "lost" });
        acknowledged
    }
}
