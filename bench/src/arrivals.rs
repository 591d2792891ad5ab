//! When numbered records arrive at a read_committed consumer of a topic.

use super::clients;
use super::deployment::PARTITIONS;
use super::load::number_after;
use super::stand_ins::Marks;
use anyhow::{Context, Result, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_millis(5);
/// How late the last one may be.
const LATE: Duration = Duration::from_secs(30);

/// A reader of one topic from its beginning. Dropping it stops the reader.
pub(super) struct Arrivals {
    pub(super) marks: Arc<Marks>,
    over: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Arrivals {
    /// Begins to read; a record's number stands after `mark` in its value and is smaller than `count`.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub(super) fn open(kafka: &str, topic: &str, mark: &'static str, count: u64) -> Result<Self> {
        let consumer: BaseConsumer =
            clients::consumer(kafka, "bench-end").create().context("building a consumer")?;
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            all.add_partition_offset(topic, partition, Offset::Beginning).context("naming partitions")?;
        }
        consumer.assign(&all).context("reading the last topic")?;
        let (marks, over) = (Arc::new(Marks::new(count)), Arc::new(AtomicBool::new(false)));
        let (noted, ended) = (Arc::clone(&marks), Arc::clone(&over));
        let reader = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                if let Some(Ok(record)) = consumer.poll(POLL)
                    && let Some(number) = record.payload().and_then(|payload| number_after(payload, mark))
                {
                    noted.mark(number);
                }
            }
        });
        Ok(Self { marks, over, reader: Some(reader) })
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            reader.join().ok();
        }
    }
}

/// Waits until all of these were marked.
///
/// # Errors
/// When one is not, long after the last was due.
pub(super) fn wait_for_all(marks: &Marks, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
    let until = Instant::now() + LATE;
    for number in numbers {
        while marks.at(number).is_none() {
            ensure!(Instant::now() < until, "message {number} did not come out within {} s", LATE.as_secs());
            thread::sleep(LOOK);
        }
    }
    Ok(())
}
