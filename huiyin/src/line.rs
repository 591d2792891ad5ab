//! The conversation line as the configuration describes it.

use conversation::{Deployment, Settings};
use schemas::line::Line;

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
    apply_on(&Line::Real, config)
}

/// The same to the line of a replay.
pub(crate) fn apply_on(line: &Line, config: &Config) -> anyhow::Result<String> {
    let contents = config.sections().contents();
    Ok(conversation::apply_on(line, &deployment(config), &config.bundle, &contents)?)
}
