//! Bundles in topic `configs`: applying one, finding the one that was applied last, and looking one up by its hash.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalogue::{Bundle, BundleError, HashKeys};
use pipeline::Outgoing;
use pipeline::kafka::{self, PublishError, Publisher, PublisherLimits, Unacknowledged};
use schemas::Millis;
use schemas::event::{ConfigSwitch, Event};
use schemas::ids::{BadId, BundleHash};
use schemas::topic::{Topic, TopicNames};
use schemas::wire::{self, EncodeError};

use crate::Deployment;

/// Key of the entry that names the bundle applied last. No hash starts with `@`.
const CURRENT: &[u8] = b"@current";
const BOUND: Duration = Duration::from_secs(30);

/// A bundle that cannot be had or applied.
#[derive(Debug, thiserror::Error)]
pub enum BundlesError {
    /// Topic `configs` cannot be read.
    #[error("read topic configs")]
    Read(#[source] kafka::Error),
    /// No bundle is stored under the hash.
    #[error("bundle {0} is not in topic configs")]
    Missing(BundleHash),
    /// What is stored under the hash cannot be used.
    #[error(transparent)]
    Unusable(#[from] BundleError),
    /// What names the applied bundle is no hash.
    #[error("read hash of the applied bundle")]
    Current(#[source] BadId),
    /// The bundle has no JSON form.
    #[error("encode bundle")]
    Encode(#[source] serde_json::Error),
    /// The record that switches partitions has no form.
    #[error(transparent)]
    Switch(#[from] EncodeError),
    /// No producer can be had.
    #[error("connect")]
    Connect(#[source] kafka::Error),
    /// A record cannot be written.
    #[error("{what}")]
    Write {
        /// What the record was for.
        what: &'static str,
        /// Why it was not written.
        #[source]
        source: WriteError,
    },
}

impl BundlesError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Missing(_) => "missing",
            Self::Unusable(_) => "unusable",
            Self::Current(_) => "current",
            Self::Encode(_) => "encode",
            Self::Switch(_) => "switch",
            Self::Connect(_) => "connect",
            Self::Write { .. } => "write",
        }
    }
}

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

/// The newest entry of every key of topic `configs`.
type Entries = BTreeMap<Vec<u8>, kafka::Entry>;

/// Reads topic `configs` and keeps what it has read: a bundle never changes under its hash.
pub struct Bundles {
    /// Absent where all bundles are known.
    source: Option<(kafka::Config, String)>,
    /// The keys that the process has for them.
    keys: HashKeys,
    known: Mutex<HashMap<BundleHash, Arc<Bundle>>>,
}

impl Bundles {
    /// The bundles of a deployment. One that hashes under other keys than these cannot be used.
    pub fn new(kafka: kafka::Config, topics: &TopicNames, keys: HashKeys) -> Self {
        Self { source: Some((kafka, topics.of(Topic::Configs))), keys, known: Mutex::default() }
    }

    /// These bundles and no others, without any broker.
    pub fn of(bundles: impl IntoIterator<Item = (BundleHash, Bundle)>) -> Self {
        let known = bundles.into_iter().map(|(hash, bundle)| (hash, Arc::new(bundle))).collect();
        Self { source: None, keys: HashKeys::default(), known: Mutex::new(known) }
    }

    /// The bundle of that hash. Blocks on the first look-up.
    ///
    /// # Errors
    /// [`BundlesError`] when it is not stored or cannot be read.
    pub fn get(&self, hash: &BundleHash) -> Result<Arc<Bundle>, BundlesError> {
        self.known_or_among(hash, || self.read())
    }

    /// The bundle of that hash: kept, or among the entries of the topic.
    fn known_or_among<E: Borrow<Entries>>(
        &self,
        hash: &BundleHash,
        entries: impl FnOnce() -> Result<E, BundlesError>,
    ) -> Result<Arc<Bundle>, BundlesError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bundle) = known.get(hash) {
            return Ok(Arc::clone(bundle));
        }
        let entries = entries()?;
        let entry = entries.borrow().get(hash.as_str().as_bytes());
        let entry = entry.ok_or_else(|| BundlesError::Missing(hash.clone()))?;
        let bundle = Arc::new(Bundle::from_json(hash, &entry.value)?.with_keys(&self.keys)?);
        known.insert(hash.clone(), Arc::clone(&bundle));
        Ok(bundle)
    }

    /// The bundle that was applied last, if one ever was. Blocks.
    ///
    /// # Errors
    /// [`BundlesError`] when that cannot be read.
    pub fn current(&self) -> Result<Option<(BundleHash, Arc<Bundle>)>, BundlesError> {
        let entries = self.read()?;
        let Some(entry) = entries.get(CURRENT) else { return Ok(None) };
        let hash = BundleHash::new(String::from_utf8_lossy(&entry.value)).map_err(BundlesError::Current)?;
        let bundle = self.known_or_among(&hash, || Ok(&entries))?;
        Ok(Some((hash, bundle)))
    }

    fn read(&self) -> Result<Entries, BundlesError> {
        let Some((kafka, topic)) = &self.source else { return Ok(BTreeMap::new()) };
        kafka::read_all(kafka, topic, 0, BOUND).map_err(BundlesError::Read)
    }
}

/// Stores a bundle and switches every partition of `events` to it, unless it is the one that was applied last. The content is
/// acknowledged before any partition is switched, and `@current` is written last, so an interrupted run is mended by the next one. Gives
/// a line that says what was done. Blocks.
///
/// # Errors
/// [`BundlesError`] when something cannot be read or written.
pub fn apply(deployment: &Deployment, bundle: &Bundle) -> Result<String, BundlesError> {
    let hash = bundle.hash().map_err(BundlesError::Encode)?;
    let keys = bundle.hash_keys().clone();
    let current = match Bundles::new(deployment.kafka.clone(), &deployment.topics, keys).current() {
        // This bundle has all of its keys, so it is another one that was applied.
        Err(BundlesError::Unusable(BundleError::HashKey { .. })) => None,
        current => current?,
    };
    if current.is_some_and(|(current, _)| current == hash) {
        return Ok(format!("bundle {hash} is applied already\n"));
    }
    let limits = PublisherLimits { records: 100_000, kibibytes: 65_536 };
    let publisher = Publisher::new(&deployment.kafka, limits).map_err(BundlesError::Connect)?;
    let write = |what, records: &[Outgoing]| {
        write(&publisher, records).map_err(|source| BundlesError::Write { what, source })
    };
    let value = bundle.to_json().map_err(BundlesError::Encode)?;
    write("store bundle", &[deployment.configs_entry(hash.as_str().as_bytes(), value)])?;
    let switch = Event::Config(ConfigSwitch { bundle: hash.clone(), at: now() });
    let encoded = wire::encode(&switch, &format!("/huiyin/{}/admin", deployment.name))?;
    let switches: Vec<Outgoing> = (0..deployment.partitions)
        .map(|partition| Outgoing {
            topic: deployment.topics.of(Topic::Events).into(),
            partition,
            key: None,
            headers: encoded.headers.clone(),
            value: Some(encoded.value.clone()),
        })
        .collect();
    write("switch partitions", &switches)?;
    let current = deployment.configs_entry(CURRENT, hash.as_str().as_bytes().to_vec());
    write("name the applied bundle", &[current])?;
    Ok(format!("bundle {hash} applied to {} partitions\n", deployment.partitions))
}

/// Publishes records and waits until all are acknowledged.
fn write(publisher: &Publisher, records: &[Outgoing]) -> Result<(), WriteError> {
    let receivers = records.iter().map(|record| publisher.publish(record)).collect::<Result<Vec<_>, _>>()?;
    if !publisher.flush_within(BOUND) {
        return Err(WriteError::Late);
    }
    for mut receiver in receivers {
        // What was flushed has been told; a reply that is missing was dropped with its client.
        receiver.try_recv().map_err(|_| WriteError::Late)??;
    }
    Ok(())
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
