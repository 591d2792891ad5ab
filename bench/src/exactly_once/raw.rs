//! The floor: the same records in a loop on the bare client, which reads, writes what it has read, and commits, one after the other. It
//! handles no failure at all.

use super::shape::State;
use super::spec::{Kind, Marks, Spec};
use anyhow::{Context as _, Result};
use dev::console::say;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

const RECORDS: usize = 10_000;
const GATHER: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Counted(AtomicUsize);

impl ClientContext for Counted {}

impl ProducerContext for Counted {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        // A record that failed is never counted, and the wait for it ends the run.
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::Release);
        }
    }
}

struct Loop<'a> {
    spec: &'a Spec,
    consumer: BaseConsumer,
    producer: ThreadedProducer<Counted>,
    marks: std::sync::Arc<Marks>,
    states: HashMap<Vec<u8>, State>,
    /// Changed pieces of the keys of this transaction.
    changed: HashMap<Vec<u8>, (i32, u16)>,
    next: BTreeMap<i32, i64>,
    sent: usize,
}

pub(super) fn run(spec: &Spec) -> Result<()> {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &spec.bootstrap);
    let group = format!("{}.{}", spec.deployment, spec.name);
    let consumer: BaseConsumer = client
        .clone()
        .set("group.id", &group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("fetch.queue.backoff.ms", "5")
        .create()?;
    consumer.subscribe(&[&spec.input])?;
    let producer: ThreadedProducer<Counted> = client
        .set("transactional.id", &group)
        .set("compression.type", "lz4")
        .set("linger.ms", "5")
        .set("retry.backoff.ms", "5")
        .create_with_context(Counted::default())?;
    producer.init_transactions(PATIENCE)?;
    say("ready");
    let mut all = Loop {
        spec,
        consumer,
        producer,
        marks: Marks::new(spec.records),
        states: HashMap::new(),
        changed: HashMap::new(),
        next: BTreeMap::new(),
        sent: 0,
    };
    loop {
        all.transaction()?;
    }
}

impl Loop<'_> {
    fn transaction(&mut self) -> Result<()> {
        let mut until: Option<Instant> = None;
        let mut taken = 0;
        while taken < RECORDS && until.is_none_or(|until| Instant::now() < until) {
            let Some(message) = self.consumer.poll(Duration::from_millis(5)) else {
                if taken > 0 { break } else { continue }
            };
            let message = message?;
            if taken == 0 {
                self.producer.begin_transaction()?;
                until = Some(Instant::now() + GATHER);
            }
            taken += 1;
            let (key, value) = (message.key().unwrap_or_default(), message.payload().unwrap_or_default());
            self.next.insert(message.partition(), message.offset() + 1);
            if self.spec.kind == Kind::RawFold {
                let state = match self.states.get_mut(key) {
                    Some(state) => state,
                    None => self.states.entry(key.to_vec()).or_default(),
                };
                let piece = 1 << state.take(value);
                match self.changed.get_mut(key) {
                    Some((_, pieces)) => *pieces |= piece,
                    None => drop(self.changed.insert(key.to_vec(), (message.partition(), piece))),
                }
            }
            send(&self.producer, &self.spec.output, message.partition(), key, value)?;
            self.sent += 1;
            self.marks.count();
        }
        self.commit()
    }

    fn commit(&mut self) -> Result<()> {
        for (key, (partition, pieces)) in self.changed.drain() {
            let Some(state) = self.states.get(&key) else { continue };
            let to = self.spec.states.as_str();
            if self.spec.whole {
                send(&self.producer, to, partition, &key, &state.bytes)?;
                self.sent += 1;
            } else {
                for piece in (0..16).filter(|piece| pieces & (1 << piece) != 0) {
                    let (name, value) = state.entry(&key, piece);
                    send(&self.producer, to, partition, &name, &value)?;
                    self.sent += 1;
                }
            }
        }
        let until = Instant::now() + PATIENCE;
        while self.producer.context().0.load(Ordering::Acquire) < self.sent
            || self.producer.in_flight_count() > 0
        {
            anyhow::ensure!(Instant::now() < until, "records are not acknowledged");
            sleep(Duration::from_micros(100));
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in &self.next {
            offsets.add_partition_offset(&self.spec.input, *partition, Offset::Offset(*next))?;
        }
        let group = self.consumer.group_metadata().context("reading the group's metadata")?;
        self.producer.send_offsets_to_transaction(&offsets, &group, PATIENCE)?;
        self.producer.commit_transaction(PATIENCE)?;
        self.next.clear();
        Ok(())
    }
}

fn send(
    producer: &ThreadedProducer<Counted>,
    topic: &str,
    partition: i32,
    key: &[u8],
    value: &[u8],
) -> Result<()> {
    let mut record = BaseRecord::to(topic).partition(partition).key(key).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                sleep(Duration::from_millis(1));
                record = back;
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}
