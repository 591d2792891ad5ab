//! What the line is called, where its topics are, and how its fold is driven.

use pipeline::fold::{FoldConfig, FoldLimits};
use pipeline::kafka::{self, Instance, NameError};
use pipeline::{Outgoing, StartPolicy};
use schemas::topic::{Topic, TopicNames};

/// The role that runs the fold, in groups and transactional ids.
const ROLE: &str = "decide";

/// One deployment of the line.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// Its name; part of every group, transactional id and `ce_source`.
    pub name: String,
    /// Access to the brokers.
    pub kafka: kafka::Config,
    /// Names of the topics.
    pub topics: TopicNames,
    /// Partitions of every topic of the line.
    pub partitions: i32,
}

/// How an instance of the fold is driven.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Which instance of the role this process is.
    pub ordinal: u32,
    /// Where a partition without a committed offset starts.
    pub start: StartPolicy,
    /// Most records of one partition in a transaction.
    pub batch_records: u32,
}

impl Deployment {
    /// A driver of the conversation fold, for running and for folding again: both must have the same bounds. `number` tells it from
    /// others of the same process.
    ///
    /// # Errors
    /// [`NameError`] when the name cannot be part of a group's.
    pub fn driver(&self, settings: &Settings, number: u32) -> Result<FoldConfig, NameError> {
        Ok(FoldConfig {
            kafka: self.kafka.clone(),
            instance: Instance::new(&self.name, ROLE, settings.ordinal)?.driver(number),
            input: self.topics.of(Topic::Events).into(),
            states: self.topics.of(Topic::States).into(),
            dead_letters: self.topics.of(Topic::DeadLetters).into(),
            start: settings.start,
            limits: FoldLimits { records: settings.batch_records, ..FoldLimits::default() },
        })
    }

    /// A record of topic `configs`.
    pub(crate) fn configs_entry(&self, key: &[u8], value: Vec<u8>) -> Outgoing {
        Outgoing {
            topic: self.topics.of(Topic::Configs).into(),
            partition: 0,
            key: Some(key.to_vec()),
            headers: Vec::new(),
            value: Some(value),
        }
    }
}
