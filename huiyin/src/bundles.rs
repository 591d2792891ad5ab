//! Bundles in topic `configs`: applying one, finding the one that was applied last, and looking one up by its hash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use catalogue::Bundle;
use pipeline::Outgoing;
use pipeline::kafka::{self, Publisher, PublisherLimits};
use schemas::Millis;
use schemas::event::{ConfigSwitch, Event};
use schemas::ids::BundleHash;
use schemas::topic::{Topic, TopicNames};
use schemas::wire;

use crate::config::Config;

/// Key of the entry that names the bundle applied last. No hash starts with `@`.
const CURRENT: &[u8] = b"@current";
const BOUND: Duration = Duration::from_secs(30);

/// Reads topic `configs` and keeps what it has read: a bundle never changes under its hash.
pub(crate) struct Bundles {
    kafka: kafka::Config,
    topic: String,
    known: Mutex<HashMap<BundleHash, Arc<Bundle>>>,
}

impl Bundles {
    /// The bundles of a deployment.
    pub(crate) fn new(kafka: kafka::Config, topics: &TopicNames) -> Self {
        Self { kafka, topic: topics.of(Topic::Configs), known: Mutex::default() }
    }

    /// One bundle, without any broker.
    #[cfg(test)]
    pub(crate) fn only(hash: BundleHash, bundle: Bundle) -> Self {
        let known = Mutex::new(HashMap::from([(hash, Arc::new(bundle))]));
        Self { kafka: pipeline::simulation::offline(), topic: String::new(), known }
    }

    /// The bundle of that hash. Blocks on the first look-up.
    pub(crate) fn get(&self, hash: &BundleHash) -> anyhow::Result<Arc<Bundle>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bundle) = known.get(hash) {
            return Ok(Arc::clone(bundle));
        }
        let entries = kafka::read_all(&self.kafka, &self.topic, 0, BOUND).context("read topic configs")?;
        let Some(entry) = entries.get(hash.as_str().as_bytes()) else {
            bail!("bundle {hash} is not in topic configs")
        };
        let bundle = Arc::new(Bundle::from_json(hash, &entry.value)?);
        known.insert(hash.clone(), Arc::clone(&bundle));
        Ok(bundle)
    }

    /// The bundle that was applied last, if one ever was.
    pub(crate) fn current(&self) -> anyhow::Result<Option<(BundleHash, Arc<Bundle>)>> {
        let entries = kafka::read_all(&self.kafka, &self.topic, 0, BOUND).context("read topic configs")?;
        let Some(entry) = entries.get(CURRENT) else { return Ok(None) };
        let hash = BundleHash::new(String::from_utf8_lossy(&entry.value))
            .context("read hash of the applied bundle")?;
        let bundle = self.get(&hash)?;
        Ok(Some((hash, bundle)))
    }
}

/// Stores the configuration's bundle and switches every partition of `events` to it, unless it is the one that was
/// applied last. The content is acknowledged before any partition is switched, and `@current` is written last, so an
/// interrupted run is mended by the next one.
pub(crate) fn apply(config: &Config) -> anyhow::Result<String> {
    let hash = config.bundle.hash().context("hash bundle")?;
    let bundles = Bundles::new(config.kafka.clone(), &config.topics);
    if bundles.current()?.is_some_and(|(current, _)| current == hash) {
        return Ok(format!("bundle {hash} is applied already\n"));
    }
    let limits = PublisherLimits { records: 100_000, kibibytes: 65_536 };
    let publisher = Publisher::new(&config.kafka, limits).context("connect")?;
    let stored =
        configs_entry(config, hash.as_str().as_bytes(), config.bundle.to_json().context("encode bundle")?);
    write(&publisher, &[stored]).context("store bundle")?;
    let switch = Event::Config(ConfigSwitch { bundle: hash.clone(), at: now() });
    let encoded = wire::encode(&switch, &format!("/huiyin/{}/admin", config.deployment))?;
    let switches: Vec<Outgoing> = (0..config.partitions)
        .map(|partition| Outgoing {
            topic: config.topics.of(Topic::Events).into(),
            partition,
            key: None,
            headers: encoded.headers.clone(),
            value: Some(encoded.value.clone()),
        })
        .collect();
    write(&publisher, &switches).context("switch partitions")?;
    let current = configs_entry(config, CURRENT, hash.as_str().as_bytes().to_vec());
    write(&publisher, &[current]).context("name the applied bundle")?;
    Ok(format!("bundle {hash} applied to {} partitions\n", config.partitions))
}

fn configs_entry(config: &Config, key: &[u8], value: Vec<u8>) -> Outgoing {
    Outgoing {
        topic: config.topics.of(Topic::Configs).into(),
        partition: 0,
        key: Some(key.to_vec()),
        headers: Vec::new(),
        value: Some(value),
    }
}

/// Publishes records and waits until all are acknowledged.
fn write(publisher: &Publisher, records: &[Outgoing]) -> anyhow::Result<()> {
    let receivers = records.iter().map(|record| publisher.publish(record)).collect::<Result<Vec<_>, _>>()?;
    if !publisher.flush_within(BOUND) {
        bail!("no acknowledgement within {} s", BOUND.as_secs());
    }
    for mut receiver in receivers {
        receiver.try_recv().context("wait for acknowledgement")??;
    }
    Ok(())
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
