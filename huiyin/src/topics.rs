//! Creating and checking the deployment's topics.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use pipeline::kafka::{self, Admin};
use schemas::topic::{Partitions, Topic};
use uuid::Uuid;

use crate::config::Config;
use crate::namesakes;

/// The topics as they are to be.
pub(crate) fn wanted(config: &Config) -> Vec<kafka::Topic> {
    let topic = |topic: Topic| kafka::Topic {
        name: config.topics.of(topic),
        partitions: count(config, topic),
        replication: config.replication,
        config: topic.settings().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    Topic::ALL.into_iter().map(topic).collect()
}

fn count(config: &Config, topic: Topic) -> i32 {
    match topic.partitions() {
        Partitions::Deployment => config.partitions,
        Partitions::One => 1,
    }
}

/// The topics as text: name, partitions, replicas, settings, writers, key.
pub(crate) fn print(config: &Config) -> String {
    let mut text = String::new();
    for (topic, wanted) in Topic::ALL.into_iter().zip(wanted(config)) {
        text.push_str(&format!(
            "{}\tpartitions={} replication={}\twriters={}\tkey: {}\n",
            wanted.name,
            wanted.partitions,
            wanted.replication,
            topic.writers().join(","),
            topic.key_rule()
        ));
        for (name, value) in &wanted.config {
            text.push_str(&format!("\t{name}={value}\n"));
        }
    }
    text
}

/// Creates what is missing. All topics are created together and stamped with one incarnation; some without the others is
/// a deployment that lost a topic, and its old offsets must not meet a new one: `renew` gives everything a new
/// incarnation, after which the old commits are refused.
pub(crate) fn create(config: &Config, renew: bool) -> anyhow::Result<String> {
    let admin = Admin::new(&config.kafka).context("connect")?;
    let there = admin.partitions().context("read topics")?;
    let wanted = wanted(config);
    let missing: Vec<&str> =
        wanted.iter().map(|t| t.name.as_str()).filter(|name| !there.contains_key(*name)).collect();
    if missing.is_empty() && !renew {
        check(config, &there)?;
        // One that was cut off between its two halves is finished: without a stamp nothing has ever run on them.
        return Ok(match stamped(config)? {
            Some(_) => "all topics are there\n".to_owned(),
            None => format!("all topics are there\nincarnation {}\n", stamp(config)?),
        });
    }
    if missing.len() < wanted.len() && !renew {
        bail!(
            "topics {} are missing while others are there: records that old offsets and states speak of are gone. \
             `topics create --renew` creates them and stamps a new incarnation, under which every step starts anew",
            missing.join(", ")
        );
    }
    admin.create(&wanted).context("create topics")?;
    check(config, &admin.partitions().context("read topics")?)?;
    let incarnation = stamp(config)?;
    Ok(format!("created {}\nincarnation {incarnation}\n", missing.join(", ")))
}

/// Gives the topics an incarnation. `configs` is stamped last: its stamp says that all are.
fn stamp(config: &Config) -> anyhow::Result<String> {
    let incarnation = Uuid::now_v7().to_string();
    for topic in [Topic::States, Topic::Configs] {
        let (name, partitions) = (config.topics.of(topic), count(config, topic));
        kafka::stamp(&config.kafka, &name, partitions, &incarnation)
            .with_context(|| format!("stamp {name}"))?;
    }
    Ok(incarnation)
}

fn stamped(config: &Config) -> anyhow::Result<Option<String>> {
    kafka::read_incarnation(&config.kafka, &config.topics.of(Topic::Configs)).context("read incarnation")
}

/// Refuses missing topics and wrong partition counts.
pub(crate) fn check(config: &Config, there: &BTreeMap<String, usize>) -> anyhow::Result<()> {
    let mut problems = Vec::new();
    for topic in wanted(config) {
        match there.get(&topic.name) {
            None => problems.push(format!("topic {} is missing", topic.name)),
            Some(count) if *count != usize::try_from(topic.partitions).unwrap_or_default() => problems.push(format!(
                "topic {} has {count} partitions and must have {}: the number is fixed for a deployment's life",
                topic.name, topic.partitions
            )),
            Some(_) => {}
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{}\n`huiyin topics create` creates all topics of a new deployment", problems.join("\n"))
}

/// The incarnation of the deployment's topics, after the check of them and of the deployment's name.
pub(crate) fn incarnation(config: &Config) -> anyhow::Result<String> {
    let there = Admin::new(&config.kafka).context("connect")?.partitions().context("read topics")?;
    check(config, &there)?;
    namesakes::check(config, &there)?;
    stamped(config)?.context("topic configs has no incarnation: `huiyin topics create` writes it")
}
