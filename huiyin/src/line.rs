//! The conversation line as the configuration describes it.

use conversation::{Deployment, Settings};

use crate::config::Config;

/// Its names and its brokers.
pub(crate) fn deployment(config: &Config) -> Deployment {
    Deployment {
        name: config.deployment.clone(),
        kafka: config.kafka.clone(),
        topics: config.topics.clone(),
        partitions: config.partitions,
    }
}

/// How its fold is driven.
pub(crate) fn settings(config: &Config) -> Settings {
    let decide = &config.decide;
    Settings { ordinal: config.ordinal, start: decide.start, batch_records: decide.batch_records }
}

/// Applies the configuration's bundle.
pub(crate) fn apply(config: &Config) -> anyhow::Result<String> {
    Ok(conversation::apply(&deployment(config), &config.bundle, &config.sections().contents())?)
}
