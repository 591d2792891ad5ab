//! Deployments of one name on one cluster. Groups, static members and transactional ids carry a deployment's name and not the prefix
//! of its topics, so that a second one of that name would put the first one's members out and abort its transactions.

use std::collections::BTreeMap;
use std::thread;

use anyhow::{Context, bail};
use pipeline::kafka::{Group, Instance, Partition};
use schemas::topic::Topic;

use crate::config::Config;
use crate::role::Role;

/// Roles with a group, and what they read.
const GROUPS: [(Role, &[Topic]); 4] = [
    (Role::Decide, &[Topic::Events]),
    (Role::Call, &[Topic::Requests]),
    (Role::Deliver, &[Topic::Answers]),
    (Role::Account, &account::TOPICS),
];

/// Refuses a name under which offsets of other topics are committed. `there` is every topic of the cluster. Each group is several
/// round trips, so all are asked together.
pub(crate) fn check(config: &Config, there: &BTreeMap<String, usize>) -> anyhow::Result<()> {
    thread::scope(|scope| {
        let ask = |(role, topics): (Role, &'static [Topic])| {
            scope.spawn(move || check_group(config, role, &others(config, topics, there)))
        };
        let asked: Vec<_> = GROUPS.into_iter().map(ask).collect();
        let answers = asked.into_iter().map(|group| {
            group
                .join()
                .unwrap_or_else(|_| bail!("look for another deployment of this name: a thread panicked"))
        });
        answers.collect()
    })
}

fn check_group(config: &Config, role: Role, others: &[Partition]) -> anyhow::Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    let id = Instance::new(&config.deployment, role.label(), config.ordinal)?.group_id();
    let group = Group::open(&config.kafka, &id).context("connect")?;
    let committed = group.committed(others).context("look for another deployment of this name")?;
    if let Some(found) = committed.iter().find(|committed| committed.next.is_some()) {
        bail!(
            "deployment.name {:?} is in use on this cluster by a deployment with other topics: group {id} has committed offsets of \
             {}. Each deployment needs a name of its own, topic_prefix does not tell them apart; if that one is gone for good, \
             delete its topics",
            config.deployment,
            found.partition.topic
        );
    }
    Ok(())
}

/// Partitions of topics that another deployment could call so.
fn others(config: &Config, topics: &[Topic], there: &BTreeMap<String, usize>) -> Vec<Partition> {
    let is_other = |name: &str| {
        topics.iter().any(|topic| name.ends_with(topic.name()) && name != config.topics.of(*topic))
    };
    let named = there.iter().filter(|(name, _)| is_other(name));
    named
        .flat_map(|(name, count)| {
            let count = i32::try_from(*count).unwrap_or(i32::MAX);
            (0..count).map(|index| Partition { topic: name.as_str().into(), index })
        })
        .collect()
}
