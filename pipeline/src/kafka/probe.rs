//! Asks a cluster, on a scratch topic and group, for everything that the guarantees need.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{
    Admin, CommitOffset, Config, Consumer, Error, Instance, Outcome, Partition, Polled, Topic,
    TransactionalProducer, commit_meta, reach, scan,
};
use crate::Outgoing;

const BOUND: Duration = Duration::from_secs(20);

/// What the cluster does not do.
#[derive(Debug, thiserror::Error)]
#[error("probe {step}")]
pub struct ProbeFailure {
    /// What was tried.
    pub step: &'static str,
    /// What came of it.
    #[source]
    pub source: Error,
}

impl ProbeFailure {
    /// A closed label for counters: the step.
    pub fn label(&self) -> &'static str {
        self.step
    }
}

fn at(step: &'static str) -> impl FnOnce(Error) -> ProbeFailure {
    move |source| ProbeFailure { step, source }
}

/// Creates the compacted topic `name`, commits one record and 4,095 characters of offset metadata in one transaction,
/// reads both back and deletes the topic again. `instance` must be one that nothing else uses.
///
/// # Errors
/// [`ProbeFailure`] names the first step that does not work.
pub fn probe(config: &Config, instance: &Instance, name: &str, replication: i32) -> Result<(), ProbeFailure> {
    reach(config).map_err(at("connect"))?;
    let admin = Admin::new(config).map_err(at("connect"))?;
    let topic = Topic {
        name: name.to_owned(),
        partitions: 1,
        replication,
        config: BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]),
    };
    admin.create(&[topic]).map_err(at("create compacted topic"))?;
    let probed = transaction(config, instance, name);
    let deleted = admin.delete(&[name]).map_err(at("delete topic"));
    if let Err(error) = admin.delete_group(&instance.group_id()) {
        tracing::debug!(%error, "delete scratch group");
    }
    probed.and(deleted)
}

fn transaction(config: &Config, instance: &Instance, name: &str) -> Result<(), ProbeFailure> {
    let mut consumer = Consumer::join(config, instance, &[name]).map_err(at("join group"))?;
    let result = commit_and_read_back(config, instance, &mut consumer, name);
    consumer.leave(Duration::from_secs(2));
    result
}

fn commit_and_read_back(
    config: &Config,
    instance: &Instance,
    consumer: &mut Consumer,
    name: &str,
) -> Result<(), ProbeFailure> {
    let partition = joined(consumer).map_err(at("join group"))?;
    consumer.assign_paused(&[(partition.clone(), 0)]).map_err(at("join group"))?;
    let mut producer = TransactionalProducer::new(config, instance).map_err(at("start transactions"))?;
    let record = Outgoing {
        topic: name.into(),
        partition: 0,
        key: Some(b"probe".to_vec()),
        headers: Vec::new(),
        value: Some(b"probe".to_vec()),
    };
    let metadata = "m".repeat(commit_meta::MAX_CHARS);
    let offset = CommitOffset { partition: partition.clone(), next: 0, metadata: metadata.clone() };
    let group = consumer.group_metadata().map_err(at("join group"))?;
    match producer.run(&[record], &[offset], &group) {
        Outcome::Committed => {}
        Outcome::Aborted(reason) | Outcome::Unknown(reason) | Outcome::Fenced(reason) => {
            return Err(at("commit offset metadata of 4,095 characters")(Error::Unexpected(reason)));
        }
    }
    let committed = consumer.committed(&[partition], BOUND).map_err(at("read committed offsets"))?;
    if committed.first().and_then(|c| c.metadata.as_deref()) != Some(metadata.as_str()) {
        let reason = Error::Unexpected("read committed offsets: metadata came back changed".into());
        return Err(at("read committed offsets")(reason));
    }
    let mut seen = 0;
    let log = Partition { topic: name.into(), index: 0 };
    scan(config, &log, 0, BOUND, |_| seen += 1).map_err(at("read committed records"))?;
    if seen == 1 {
        Ok(())
    } else {
        Err(at("read committed records")(Error::Unexpected(format!(
            "read {name}: {seen} records instead of 1"
        ))))
    }
}

fn joined(consumer: &mut Consumer) -> Result<Partition, Error> {
    let until = Instant::now() + BOUND;
    while Instant::now() < until {
        match consumer.poll(Duration::from_millis(100)) {
            Polled::Assigned(partitions) => {
                if let Some(first) = partitions.into_iter().next() {
                    return Ok(first);
                }
                consumer.assign(&[])?;
            }
            Polled::Revoked(partitions) | Polled::Lost(partitions) => consumer.unassign(&partitions)?,
            Polled::Fatal(error) => return Err(error),
            Polled::Record(_) | Polled::OutOfRange | Polled::Trouble(_) | Polled::Nothing => {}
        }
    }
    Err(Error::Timeout { request: "join group", subject: "scratch".into() })
}
