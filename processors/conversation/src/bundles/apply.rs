//! Applying a bundle: contents, bundle, switches, and the name of the applied one, in this order.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalogue::{Bundle, Contents};
use pipeline::Outgoing;
use pipeline::kafka::{PublishError, Publisher, PublisherLimits, Unacknowledged};
use schemas::Millis;
use schemas::event::{ConfigSwitch, Event};
use schemas::line::Line;
use schemas::topic::Topic;
use schemas::wire;

use super::pieces::{key, split};
use super::shelf::{BOUND, CURRENT};
use super::{Bundles, BundlesError};
use crate::Deployment;

/// Pieces that are on their way at once.
const AT_ONCE: usize = 16;
/// Processes look for bundles every 2 s and build the engine of one that is stored.
const NOTICED: Duration = Duration::from_secs(3);
/// Words of dictionaries that an engine is built of within a second, at the least.
const WORDS_PER_SECOND: u64 = 100_000;

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The client refused it.
    #[error(transparent)]
    Refused(#[from] PublishError),
    /// Kafka did not acknowledge it in time.
    #[error("no acknowledgement within {} s", BOUND.as_secs())]
    Late,
    /// Kafka did not acknowledge it.
    #[error(transparent)]
    Unacknowledged(#[from] Unacknowledged),
}

/// Stores a bundle with its contents and switches every partition of `events` to it, unless it is the one that was applied last. The
/// contents are acknowledged before the bundle is written and the bundle before any partition is switched, and `@current` is written last, so an
/// interrupted run is mended by the next one. Between bundle and switch lies the time in which running processes build the engine, where its dictionaries
/// are new and large. Gives a line that says what was done. Blocks.
///
/// # Errors
/// [`BundlesError`] when something cannot be read or written.
pub fn apply(deployment: &Deployment, bundle: &Bundle, contents: &Contents) -> Result<String, BundlesError> {
    apply_on(&Line::Real, deployment, bundle, contents)
}

/// As [`apply`], to a line of a replay, whose mark the switches have.
///
/// # Errors
/// As [`apply`].
pub fn apply_on(
    line: &Line,
    deployment: &Deployment,
    bundle: &Bundle,
    contents: &Contents,
) -> Result<String, BundlesError> {
    let hash = bundle.hash().map_err(BundlesError::Encode)?;
    let bundles = Bundles::new(deployment.kafka.clone(), &deployment.topics, bundle.hash_keys().clone());
    let applied = bundles.current_hash()?.is_some_and(|current| current == hash);
    let publisher = Writer::new(deployment)?;
    let stored = publisher.contents(&bundles, bundle, contents)?;
    if applied {
        return Ok(format!("bundle {hash} is applied already\n"));
    }
    let value = bundle.to_json().map_err(BundlesError::Encode)?;
    publisher.write("store bundle", &[deployment.configs_entry(hash.as_str().as_bytes(), value)])?;
    if stored >= WORDS_PER_SECOND / 10 {
        sleep(NOTICED + Duration::from_secs(stored.div_ceil(WORDS_PER_SECOND)));
    }
    let switch = Event::Config(ConfigSwitch { bundle: hash.clone(), at: now() });
    let mut encoded = wire::encode(&switch, &format!("/huiyin/{}/admin", deployment.name))?;
    line.mark(&mut encoded.headers);
    let switches: Vec<Outgoing> = (0..deployment.partitions)
        .map(|partition| Outgoing {
            topic: deployment.topics.of(Topic::Events).into(),
            partition,
            key: None,
            headers: encoded.headers.clone(),
            value: Some(encoded.value.clone()),
        })
        .collect();
    publisher.write("switch partitions", &switches)?;
    let current = deployment.configs_entry(CURRENT, hash.as_str().as_bytes().to_vec());
    publisher.write("name the applied bundle", &[current])?;
    Ok(format!("bundle {hash} applied to {} partitions\n", deployment.partitions))
}

/// Writes records and waits for their acknowledgements.
struct Writer<'a> {
    deployment: &'a Deployment,
    publisher: Publisher,
}

impl<'a> Writer<'a> {
    fn new(deployment: &'a Deployment) -> Result<Self, BundlesError> {
        let limits = PublisherLimits { records: 100_000, kibibytes: 65_536 };
        let publisher = Publisher::new(&deployment.kafka, limits).map_err(BundlesError::Connect)?;
        Ok(Self { deployment, publisher })
    }

    /// Stores the contents of a bundle that are not there yet; gives how many words and users were stored.
    fn contents(&self, bundles: &Bundles, bundle: &Bundle, contents: &Contents) -> Result<u64, BundlesError> {
        let mut words = 0;
        for (_, content) in bundle.contents() {
            if bundles.has(content)? {
                continue;
            }
            let bad = |source| BundlesError::Content { hash: content.hash.clone(), source };
            let text = contents.get(content).map_err(bad)?;
            let entry = |(at, piece): (u64, &[u8])| {
                self.deployment.configs_entry(key(&content.hash, at).as_bytes(), piece.to_vec())
            };
            let pieces: Vec<Outgoing> = split(&text).map(entry).collect();
            for pieces in pieces.chunks(AT_ONCE) {
                self.write("store words", pieces)?;
            }
            words += content.count;
        }
        Ok(words)
    }

    /// Publishes records and waits until all are acknowledged.
    fn write(&self, what: &'static str, records: &[Outgoing]) -> Result<(), BundlesError> {
        self.acknowledged(records).map_err(|source| BundlesError::Write { what, source })
    }

    fn acknowledged(&self, records: &[Outgoing]) -> Result<(), WriteError> {
        let receivers = records.iter().map(|record| self.publisher.publish(record));
        let receivers = receivers.collect::<Result<Vec<_>, _>>()?;
        if !self.publisher.flush_within(BOUND) {
            return Err(WriteError::Late);
        }
        for mut receiver in receivers {
            // What was flushed has been told; a reply that is missing was dropped with its client.
            receiver.try_recv().map_err(|_| WriteError::Late)??;
        }
        Ok(())
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
