//! Of all processes that work on a replay, one does at a time: two would pay for the same answers, and each would keep to the whole budget.

use std::time::Duration;

use ::replay::range::Name;
use anyhow::Context;
use pipeline::kafka::{Admin, Claim};
use schemas::topic::Topic;

use crate::config::Config;

/// How long another process is waited for: one that was killed is not forgotten at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// The consumer group that stands for a replay.
fn group(config: &Config, name: &Name) -> String {
    format!("{}.replay.{name}", config.deployment)
}

/// Makes this process the one that works on a replay, until what is given is dropped. Blocks.
///
/// # Errors
/// When another one does, or the brokers do not tell.
pub(super) fn take(config: &Config, name: &Name) -> anyhow::Result<Claim> {
    let topic = config.topics.of(Topic::Configs);
    Claim::take(&config.kafka, &group(config, name), &topic, PATIENCE)
        .with_context(|| format!("work on replay {name}"))
}

/// Removes what stood for a replay that is gone. Blocks.
///
/// # Errors
/// When the brokers refuse.
pub(super) fn forget(config: &Config, name: &Name) -> anyhow::Result<()> {
    Ok(Admin::new(&config.kafka)?.delete_group(&group(config, name))?)
}
