//! Where a shadow begins.

use std::time::Duration;

use anyhow::Context;
use pipeline::kafka::{CommitOffset, Group, Instance, Partition};
use pipeline::offsets::Driver;
use schemas::topic::Topic;

use super::COPY;
use crate::config::Config;

/// How long the brokers may take to tell the ends of the log.
const REQUEST: Duration = Duration::from_secs(10);

/// Writes down where copying begins, before anything is copied: the end of each partition that the shadow has never read. A shadow that ends before
/// its first commit goes on there, and nothing that was said meanwhile is missing. Blocks.
pub(super) fn begin(live: &Config, own: &Config, incarnation: &str) -> anyhow::Result<()> {
    let id = Instance::new(&own.deployment, COPY, own.ordinal)?.group_id();
    let group = Group::open(&live.kafka, &id).context("connect")?;
    let topic: std::sync::Arc<str> = live.topics.of(Topic::Events).into();
    let all: Vec<Partition> =
        (0..live.partitions).map(|index| Partition { topic: topic.clone(), index }).collect();
    let committed = group.committed(&all).context("look where the shadow stands")?;
    let fresh = committed.into_iter().filter(|at| at.next.is_none()).map(|at| at.partition);
    let fresh: Vec<Partition> = fresh.collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let bounds = group.bounds(&fresh, REQUEST).context("ask for the end of the log")?;
    let offsets = fresh.into_iter().zip(bounds).map(|(partition, (_, next))| {
        Ok(CommitOffset { partition, next, metadata: Driver::Call.empty(incarnation, next)? })
    });
    group.commit(&offsets.collect::<anyhow::Result<Vec<_>>>()?).context("write down where the shadow begins")
}
