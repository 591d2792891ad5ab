//! The incarnation of a deployment's topics: topics created anew must never meet offsets or states of the old ones.

use std::time::Duration;

use super::{Config, Error, Partition, Publisher, PublisherLimits, scan};
use crate::Outgoing;

/// Key of the stamp in each partition of a compacted topic. No state's key starts with `@`.
pub const INCARNATION_KEY: &[u8] = b"@incarnation";

const BOUND: Duration = Duration::from_secs(30);

/// Writes `incarnation` into the first `partitions` partitions of a compacted topic.
///
/// # Errors
/// [`Error::Client`], or [`Error::Unexpected`] when a partition does not acknowledge.
pub fn stamp(config: &Config, topic: &str, partitions: i32, incarnation: &str) -> Result<(), Error> {
    let publisher = Publisher::new(config, PublisherLimits { records: 10_000, kibibytes: 1_024 })?;
    let mut receivers = Vec::new();
    for partition in 0..partitions {
        let record = Outgoing {
            topic: topic.into(),
            partition,
            key: Some(INCARNATION_KEY.to_vec()),
            headers: Vec::new(),
            value: Some(incarnation.as_bytes().to_vec()),
        };
        let refused = |error| Error::Unexpected(format!("stamp {topic}/{partition}: {error}"));
        receivers.push((partition, publisher.publish(&record).map_err(refused)?));
    }
    if !publisher.flush_within(BOUND) {
        return Err(Error::Timeout { request: "stamp topic", subject: topic.to_owned() });
    }
    for (partition, mut receiver) in receivers {
        let acknowledged = receiver.try_recv().map_err(|error| error.to_string());
        let written = acknowledged.and_then(|result| result.map_err(|error| error.to_string()));
        written.map_err(|error| Error::Unexpected(format!("stamp {topic}/{partition}: {error}")))?;
    }
    Ok(())
}

/// The incarnation that partition 0 of a compacted topic is stamped with, if it is.
///
/// # Errors
/// As [`scan`].
pub fn read_incarnation(config: &Config, topic: &str) -> Result<Option<String>, Error> {
    let mut found = None;
    scan(config, &Partition { topic: topic.into(), index: 0 }, 0, BOUND, |record| {
        if record.key.as_deref() == Some(INCARNATION_KEY) {
            found = record.value.map(|value| String::from_utf8_lossy(&value).into_owned());
        }
    })?;
    Ok(found)
}
