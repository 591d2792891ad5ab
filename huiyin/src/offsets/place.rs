//! Where a role stands in one partition, as the brokers tell.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use pipeline::kafka::{Group, Instance, Partition, Read, Reader};
use pipeline::offsets::{Said, written_for};
use pipeline::{Refusal, StartPolicy, kafka};
use schemas::topic::Topic;

use super::Reads;
use crate::config::Config;
use crate::role::Role;

/// How long one answer of the brokers may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the records at the frontiers of one topic are waited for.
const FRONTIERS: Duration = Duration::from_secs(10);

/// One partition of one role.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) topic: Topic,
    pub(super) partition: Partition,
    /// The next offset to read, if one is committed.
    pub(super) committed: Option<i64>,
    /// Start of the log, and its last stable offset.
    pub(super) log: (i64, i64),
    /// Offsets behind the end that transactions which are still open hold back.
    pub(super) unsettled: i64,
    /// The incarnation that the metadata was written for, if it is whole.
    pub(super) incarnation: Option<String>,
    /// What the metadata says, or why the role refuses the partition.
    pub(super) said: Result<Option<Said>, Refusal>,
}

impl Place {
    /// Offsets from the committed one to the end, markers of transactions included.
    pub(super) fn lag(&self) -> Option<i64> {
        self.committed.map(|committed| (self.log.1 - committed).max(0))
    }

    /// `topic/partition`, in full.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.partition.topic, self.partition.index)
    }
}

/// The group of a role.
pub(super) fn group(config: &Config, role: Role) -> anyhow::Result<Group> {
    let id = Instance::new(&config.deployment, role.label(), config.ordinal)?.group_id();
    Group::open(&config.kafka, &id).context("connect")
}

/// All partitions of a role.
pub(super) fn places(
    config: &Config,
    reads: Reads,
    group: &Group,
    incarnation: &str,
) -> anyhow::Result<Vec<Place>> {
    // Only decide has a policy of its own.
    let policy = if reads.role == Role::Decide { config.decide.start } else { StartPolicy::Earliest };
    let mut places = Vec::new();
    for topic in reads.topics {
        let name = config.topics.of(*topic);
        let partitions: Vec<Partition> =
            (0..config.partitions).map(|index| Partition { topic: name.as_str().into(), index }).collect();
        let all = group.committed(&partitions).context("read committed offsets")?;
        let partitions: Vec<Partition> = all.iter().map(|committed| committed.partition.clone()).collect();
        let bounds = group.bounds(&partitions, ANSWER).context("read the log's ends")?;
        let logs = kafka::watermarks(&config.kafka, &partitions).context("read the log's ends")?;
        for ((committed, bounds), (_, high)) in all.into_iter().zip(bounds).zip(logs) {
            let said = reads.driver.judge(incarnation, policy, &committed, &(bounds.0..=high));
            places.push(Place {
                topic: *topic,
                committed: committed.next,
                log: bounds,
                unsettled: (high - bounds.1).max(0),
                incarnation: committed.metadata.as_deref().and_then(written_for).map(str::to_owned),
                said,
                partition: committed.partition,
            });
        }
    }
    Ok(places)
}

/// When the first record at or behind each place's committed offset was appended, by topic and partition number; `None`
/// where only markers of transactions are left. Places whose transactions take long to settle are absent.
pub(super) fn frontiers(
    config: &Config,
    places: &[Place],
) -> anyhow::Result<BTreeMap<(Topic, i32), Option<i64>>> {
    let mut times = BTreeMap::new();
    for topic in Topic::ALL {
        let behind: Vec<(i32, i64)> = places
            .iter()
            .filter(|place| place.topic == topic && place.lag().is_some_and(|lag| lag > 0))
            .filter_map(|place| Some((place.partition.index, place.committed?)))
            .collect();
        if behind.is_empty() {
            continue;
        }
        let found = first_records(&config.kafka, &config.topics.of(topic), &behind);
        let found = found.context("read the records at the frontiers")?;
        times.extend(found.into_iter().map(|(index, time)| ((topic, index), time)));
    }
    Ok(times)
}

fn first_records(
    kafka: &kafka::Config,
    topic: &str,
    starts: &[(i32, i64)],
) -> Result<BTreeMap<i32, Option<i64>>, kafka::Error> {
    let mut reader = Reader::open(kafka, topic)?;
    for (index, from) in starts {
        reader.add(*index, *from)?;
    }
    let until = Instant::now() + FRONTIERS;
    let mut times = BTreeMap::new();
    while !reader.is_done() && Instant::now() < until {
        match reader.poll(Duration::from_millis(50))? {
            Read::Record(record) => {
                times.insert(record.partition, Some(record.timestamp));
                reader.remove(record.partition)?;
            }
            Read::End(partition) => drop(times.insert(partition, None)),
            Read::Nothing => {}
        }
    }
    Ok(times)
}
