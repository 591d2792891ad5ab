//! What became of the sends of earlier parts: which id Easemob gave them.
//!
//! Results stand in `deliveries`. A retract runs behind the parts of its lane, so their results are committed, by this process or an
//! earlier one, or they are this process's own and about to be. So the newest are kept in memory, as many as can be on their way into the
//! log, and the others are read from the log.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pipeline::kafka::{self, Read, Reader};
use schemas::Millis;
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::ids::AnswerId;
use schemas::line::Line;
use schemas::wire;

/// More than a process has between the end of a send and the commit of its result.
const MOST: usize = 65_536;

/// The newest of something, by part; the oldest makes room.
#[derive(Debug)]
pub(crate) struct Newest<T>(Mutex<(HashMap<AnswerId, T>, VecDeque<AnswerId>)>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(Mutex::new((HashMap::new(), VecDeque::new())))
    }
}

impl<T: Clone> Newest<T> {
    pub(crate) fn put(&self, answer: AnswerId, value: T) {
        let (values, order) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if values.insert(answer, value).is_none() {
            order.push_back(answer);
        }
        if order.len() > MOST
            && let Some(oldest) = order.pop_front()
        {
            values.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, answer: AnswerId) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.get(&answer).cloned()
    }
}

/// Which result is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The part.
    pub answer: AnswerId,
    /// Partition of the part, and so of its result.
    pub partition: i32,
    /// The result was written at that time or later, in milliseconds since the epoch.
    pub since: Millis,
}

/// Why the log of results gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The brokers do not answer.
    #[error("read results of sends")]
    Kafka(#[from] kafka::Error),
    /// They answer too slowly.
    #[error("read results of sends: the end of the log was not reached in time")]
    Slow,
    /// The reading thread ended.
    #[error("read results of sends: the reader ended")]
    Ended,
}

/// A lookup under way.
pub type Lookup<'a> = Pin<Box<dyn Future<Output = Result<Option<DeliveryResult>, LookupError>> + Send + 'a>>;

/// Where committed results of sends can be looked up.
pub trait Results: Send + Sync + 'static {
    /// The newest committed result of the send of a part; `None` when the log has none.
    fn find(&self, wanted: Wanted) -> Lookup<'_>;
}

/// The deployment's topic `deliveries`.
#[derive(Debug)]
pub struct KafkaResults {
    kafka: kafka::Config,
    topic: Arc<str>,
}

impl KafkaResults {
    /// How long one lookup may take.
    const BOUND: Duration = Duration::from_secs(30);
    /// Brokers' clocks may differ that much from one another.
    const SKEW: Millis = 60_000;

    /// Does not connect yet.
    pub fn new(kafka: kafka::Config, topic: Arc<str>) -> Self {
        Self { kafka, topic }
    }
}

impl Results for KafkaResults {
    fn find(&self, wanted: Wanted) -> Lookup<'_> {
        Box::pin(async move {
            let (config, topic) = (self.kafka.clone(), Arc::clone(&self.topic));
            let read = tokio::task::spawn_blocking(move || newest(&config, &topic, wanted));
            read.await.map_err(|_| LookupError::Ended)?
        })
    }
}

/// Reads from the time on, and stops at the part's result: a part has one, unless it ended before its result could be committed.
fn newest(
    config: &kafka::Config,
    topic: &str,
    wanted: Wanted,
) -> Result<Option<DeliveryResult>, LookupError> {
    let until = Instant::now() + KafkaResults::BOUND;
    let mut reader = Reader::open(config, topic)?;
    reader.add_since(wanted.partition, wanted.since.saturating_sub(KafkaResults::SKEW))?;
    while !reader.is_done() {
        if let Read::Record(record) = reader.poll(Duration::from_millis(100))?
            && let Some(result) = result_of(&record, wanted.answer)
        {
            return Ok(Some(result));
        }
        if Instant::now() > until {
            return Err(LookupError::Slow);
        }
    }
    Ok(None)
}

/// What a record says of the send of a part.
fn result_of(record: &pipeline::Record, answer: AnswerId) -> Option<DeliveryResult> {
    Line::Real.admit(|name| record.header(name)).ok()?;
    let delivery: Delivery = wire::decode(|name| record.header(name), record.value.as_deref()).ok()?;
    (delivery.answer == answer && !delivery.result.is_retraction()).then_some(delivery.result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_and_what_comes_again_takes_none() {
        let newest = Newest::default();
        let id = |n: usize| AnswerId::derive("turn", n);
        newest.put(id(0), 0);
        newest.put(id(0), 1);
        for n in 1..MOST {
            newest.put(id(n), n);
        }
        assert_eq!(newest.get(id(0)), Some(1));
        newest.put(id(MOST), MOST);
        assert_eq!((newest.get(id(0)), newest.get(id(1))), (None, Some(1)));
    }
}
