//! Added latency in an open loop: from the time at which a record was to be sent to its arrival at a read_committed
//! reader of the output.

use super::shape::{PARTITIONS, VALUE, record, text};
use anyhow::{Context, Result, ensure};
use pipeline::kafka::{Config, Publisher, PublisherLimits};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

const RATE: u64 = 1_000;
const WARM: Duration = Duration::from_secs(4);
const MEASURED: Duration = Duration::from_secs(8);
/// For the last records to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// Digits of the time at the start of a value.
const STAMP: usize = 20;

/// Median and 99th percentile in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Sends to `input` at 1,000 records a second and awaits them in `output`.
pub(super) fn measure(config: &Config, bootstrap: &str, input: &str, output: &str) -> Result<Latency> {
    let began = Instant::now();
    let (is_over, arrived) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let reader = reader(bootstrap, output)?;
    let (over, count) = (Arc::clone(&is_over), Arc::clone(&arrived));
    let arrivals = thread::spawn(move || arrivals(&reader, began, &over, &count));
    let sent = send(config, input, began);
    let until = Instant::now() + PATIENCE;
    while arrived.load(Ordering::Acquire) < RATE * (WARM + MEASURED).as_secs() && Instant::now() < until {
        sleep(Duration::from_millis(10));
    }
    is_over.store(true, Ordering::Release);
    let arrived = arrivals.join().map_err(|_| anyhow::anyhow!("the reader panicked"))??;
    let wanted = sent?;
    let mut waits: Vec<Duration> =
        arrived.into_iter().filter(|(intended, _)| *intended >= WARM).map(|(at, seen)| seen - at).collect();
    ensure!(waits.len() as u64 >= wanted, "only {} of {wanted} records came through {output}", waits.len());
    waits.sort_unstable();
    let at = |part: usize| waits[(waits.len() * part / 1_000).min(waits.len() - 1)].as_secs_f64() * 1e3;
    Ok(Latency { p50: at(500), p99: at(990) })
}

/// How many of the sent records are measured.
fn send(config: &Config, input: &str, began: Instant) -> Result<u64> {
    let publisher = Publisher::new(config, PublisherLimits { records: 100_000, kibibytes: 200_000 })?;
    let (topic, filler) = (Arc::<str>::from(input), text(7, VALUE - STAMP));
    let records = RATE * (WARM + MEASURED).as_secs();
    for number in 0..records {
        let intended = Duration::from_micros(number * 1_000_000 / RATE);
        if let Some(wait) = intended.checked_sub(began.elapsed()) {
            sleep(wait);
        }
        let value = format!("{:0STAMP$}{filler}", intended.as_nanos()).into_bytes();
        publisher.publish(&record(&topic, number, value)).context("sending a record")?;
    }
    Ok(RATE * MEASURED.as_secs())
}

fn reader(bootstrap: &str, topic: &str) -> Result<BaseConsumer> {
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "bench.reader")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        let end = reader.fetch_watermarks(topic, partition, Duration::from_secs(10))?.1;
        list.add_partition_offset(topic, partition, Offset::Offset(end))?;
    }
    reader.assign(&list)?;
    Ok(reader)
}

/// Intended and arrival time of every record, from `began`.
fn arrivals(
    reader: &BaseConsumer,
    began: Instant,
    is_over: &AtomicBool,
    count: &AtomicU64,
) -> Result<Vec<(Duration, Duration)>> {
    let mut arrivals = Vec::new();
    while !is_over.load(Ordering::Acquire) {
        let Some(message) = reader.poll(Duration::from_millis(20)) else { continue };
        let message = message?;
        let stamp = message.payload().and_then(|value| std::str::from_utf8(value.get(..STAMP)?).ok());
        if let Some(nanos) = stamp.and_then(|stamp| stamp.parse().ok()) {
            arrivals.push((Duration::from_nanos(nanos), began.elapsed()));
            count.fetch_add(1, Ordering::AcqRel);
        }
    }
    Ok(arrivals)
}
