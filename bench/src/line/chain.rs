//! The floor of the line: the same three hops on bare clients, each with one transaction after the other and as many records to as many
//! topics. It decides nothing and calls nobody. A thin chain writes only the record that the next hop reads.

use crate::clients;
use anyhow::{Context, Result, bail};
use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use schemas::topic::{Topic, TopicNames};
use serde::{Deserialize, Serialize};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Where each hop reads and where the last one writes, as in the line.
const WAY: [Topic; 4] = [Topic::Events, Topic::Requests, Topic::Answers, Topic::Deliveries];
/// Topics that decide writes in both of its hops, the first and the last, beside the one that the next step reads.
const BESIDE: [Topic; 3] = [Topic::Decisions, Topic::States, Topic::Ledger];
/// Most records of a transaction, as decide has it.
const BATCH: usize = 2_000;
const BOUND: Duration = Duration::from_secs(5);

/// What the chain is told.
#[derive(Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) kafka: String,
    /// Prefix of the topics.
    pub(super) prefix: String,
    pub(super) writes: Writes,
}

/// What each hop writes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Writes {
    /// As many records to as many topics as the line.
    AsTheLine,
    /// Only the record that the next hop reads.
    OnlyWhatLeadsOn,
}

/// Where the chain begins and where it ends.
pub(super) fn ends(prefix: &str) -> (String, String) {
    let names = TopicNames::new(prefix.to_owned());
    (names.of(WAY[0]), names.of(WAY[3]))
}

/// Passes records on until the process is stopped.
///
/// # Errors
/// When a hop cannot go on.
pub(crate) fn run(spec: &str) -> Result<()> {
    let spec: Spec = serde_json::from_str(spec).context("reading what to run")?;
    let kafka = spec.kafka.as_str();
    let names = TopicNames::new(spec.prefix);
    thread::scope(|scope| {
        let hops: Vec<_> = WAY
            .windows(2)
            .enumerate()
            .map(|(number, way)| {
                let beside =
                    if spec.writes == Writes::OnlyWhatLeadsOn || number == 1 { &[] } else { &BESIDE[..] };
                let to = way[1..].iter().chain(beside).map(|topic| names.of(*topic)).collect();
                let from = names.of(way[0]);
                scope.spawn(move || Hop::new(kafka, from, to)?.run())
            })
            .collect();
        for hop in hops {
            if hop.join().map_err(|_| anyhow::anyhow!("a hop panicked"))?.is_err() {
                bail!("a hop ended");
            }
        }
        Ok(())
    })
}

/// Deliveries of one transaction that are still to come.
#[derive(Default)]
struct Deliveries {
    left: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.0 = left.0.saturating_sub(1);
        left.1 |= result.is_err();
        if left.0 == 0 {
            self.changed.notify_all();
        }
    }
}

struct Hop {
    consumer: BaseConsumer,
    producer: ThreadedProducer<Deliveries>,
    to: Vec<String>,
}

impl Hop {
    fn new(kafka: &str, from: String, to: Vec<String>) -> Result<Self> {
        let consumer: BaseConsumer =
            clients::consumer(kafka, &from).create().context("building a consumer")?;
        consumer.subscribe(&[&from]).context("subscribing")?;
        let producer: ThreadedProducer<Deliveries> = clients::transactional(kafka, &from)
            .create_with_context(Deliveries::default())
            .context("building a producer")?;
        producer.init_transactions(Duration::from_secs(20)).context("starting transactions")?;
        Ok(Self { consumer, producer, to })
    }

    fn run(&self) -> Result<()> {
        loop {
            let Some(first) = self.consumer.poll(Duration::from_millis(50)) else { continue };
            self.producer.begin_transaction().context("beginning a transaction")?;
            let (mut next, mut count) = (Some(first), 0);
            while let Some(record) = next {
                self.pass(&record.context("reading")?)?;
                count += 1;
                next = if count < BATCH { self.consumer.poll(Duration::ZERO) } else { None };
            }
            self.commit()?;
        }
    }

    fn pass(&self, record: &impl Message) -> Result<()> {
        self.producer.context().left.lock().unwrap_or_else(PoisonError::into_inner).0 += self.to.len();
        for to in &self.to {
            let copy = BaseRecord::to(to).partition(record.partition());
            let copy =
                copy.key(record.key().unwrap_or_default()).payload(record.payload().unwrap_or_default());
            self.producer.send(copy).map_err(|(error, _)| error).context("writing")?;
        }
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        let deliveries = self.producer.context();
        let left = deliveries.left.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = deliveries.changed.wait_while(left, |left| left.0 > 0);
        if waited.unwrap_or_else(PoisonError::into_inner).1 {
            bail!("a record was not written");
        }
        // The last report is counted before the client forgets its record. A commit in between would wait 100 ms.
        while self.producer.in_flight_count() > 0 {
            thread::sleep(Duration::from_micros(50));
        }
        let group = self.consumer.group_metadata().context("asking for the membership")?;
        let position = self.consumer.position().context("asking for positions")?;
        self.producer.send_offsets_to_transaction(&position, &group, BOUND).context("sending offsets")?;
        self.producer.commit_transaction(BOUND).context("committing")
    }
}
