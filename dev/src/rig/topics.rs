//! What the topics hold, read as any reader in read_committed sees it.

use super::patience::Patience;
use anyhow::{Context, Result, anyhow, ensure};
use pipeline::kafka::{Admin, Config, RawConfig, Read, Reader};
use schemas::cancel::Cancel;
use schemas::correction::Correction;
use schemas::retract::Retract;
use schemas::topic::{Partitions, Topic, TopicNames};
use schemas::wire::{self, Record};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Partitions of every run's deployment, as the configuration files say.
pub const PARTITIONS: i32 = 8;
const BOUND: Duration = Duration::from_secs(60);

/// A record and when it was written.
#[derive(Debug, Clone)]
pub struct Placed<R> {
    /// The broker's append time, milliseconds since the epoch.
    pub at: i64,
    /// The record.
    pub value: R,
}

/// The topics of one deployment.
pub struct Topics {
    kafka: Config,
    names: TopicNames,
    patience: Patience,
}

impl Topics {
    /// Does not connect yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn new(bootstrap: &str, prefix: &str, patience: Patience) -> Result<Self> {
        Ok(Self { kafka: access(bootstrap)?, names: TopicNames::new(prefix), patience })
    }

    /// Every committed record of the topic of `R` up to now, each partition in its order.
    ///
    /// # Errors
    /// When the brokers do not answer, a record cannot be read, or somebody interrupts.
    pub fn all<R: Record>(&self) -> Result<Vec<R>> {
        Ok(self.placed()?.into_iter().map(|placed| placed.value).collect())
    }

    /// As [`Topics::all`], each record with its place.
    ///
    /// # Errors
    /// As [`Topics::all`].
    pub fn placed<R: Record>(&self) -> Result<Vec<Placed<R>>> {
        let mut records = Vec::new();
        self.each(R::TOPIC, |record| {
            let is_kind = |kind: &&str| record.header(wire::KIND) == Some(kind.as_bytes());
            // They share their topic with records of another type.
            let second =
                [Cancel::KIND, Retract::KIND, Correction::KIND].into_iter().find(|kind| is_kind(kind));
            if second.is_some_and(|kind| !R::KINDS.contains(&kind)) {
                return Ok(());
            }
            let decoded = wire::decode(|name| record.header(name), record.value.as_deref());
            let value = decoded.with_context(|| {
                format!("reading {} at {}/{}", record.topic, record.partition, record.offset)
            })?;
            records.push(Placed { at: record.timestamp, value });
            Ok(())
        })?;
        Ok(records)
    }

    /// How many committed records a topic has.
    ///
    /// # Errors
    /// As [`Topics::all`].
    pub fn count(&self, topic: Topic) -> Result<usize> {
        let mut count = 0;
        self.each(topic, |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Hands every committed record of a topic on, undecoded.
    ///
    /// # Errors
    /// As [`Topics::all`], and what `take` fails with.
    pub fn each(&self, topic: Topic, mut take: impl FnMut(pipeline::Record) -> Result<()>) -> Result<()> {
        let name = self.names.of(topic);
        let mut reader = Reader::open(&self.kafka, &name)?;
        let partitions = match topic.partitions() {
            Partitions::Deployment => PARTITIONS,
            Partitions::One => 1,
        };
        for partition in 0..partitions {
            reader.add(partition, 0)?;
        }
        let begun = Instant::now();
        while !reader.is_done() {
            self.patience.check()?;
            ensure!(
                begun.elapsed() < BOUND,
                "topic {name} was not read to its end within {} s",
                BOUND.as_secs()
            );
            if let Read::Record(record) = reader.poll(Duration::from_millis(100))? {
                take(record)?;
            }
        }
        Ok(())
    }
}

/// Deletes every topic whose name begins with one of the prefixes.
///
/// # Errors
/// When the brokers refuse.
pub fn delete(bootstrap: &str, prefixes: &[String]) -> Result<()> {
    let admin = Admin::new(&access(bootstrap)?)?;
    let there = admin.partitions()?;
    let ours = |name: &&String| prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()));
    let names: Vec<&str> = there.keys().filter(ours).map(String::as_str).collect();
    if !names.is_empty() {
        admin.delete(&names)?;
    }
    Ok(())
}

/// Access to the brokers.
///
/// # Errors
/// When the address cannot be used.
pub fn access(bootstrap: &str) -> Result<Config> {
    let raw = RawConfig {
        bootstrap: bootstrap.to_owned(),
        heartbeat_interval: Duration::from_millis(500),
        properties: BTreeMap::new(),
    };
    Config::new(raw).map_err(|problems| anyhow!("reading the address of Kafka: {problems:?}"))
}
