//! Corrections into the log.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use pipeline::Outgoing;
use pipeline::kafka::{Group, Instance, Outcome, Partition, TransactionalProducer};
use schemas::correction::Correction;
use schemas::topic::Topic;
use schemas::wire;

use super::plan::Plan;
use crate::act::{self, Done, Who};
use crate::config::Config;
use crate::role::Role;
use crate::scan::{Part, scan};

/// The instance name of the writer. A second operator who corrects at the same time fences the first one off.
const WRITER: &str = "recost";
/// Corrections of one transaction.
const AT_ONCE: usize = 500;
/// How long one answer of the brokers may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Sees that every correction of the log is stored: those that wait would be made a second time.
///
/// # Errors
/// When some wait, or it cannot be seen.
pub(super) fn check(config: &Config) -> anyhow::Result<()> {
    let instance = Instance::new(&config.deployment, Role::Account.label(), config.ordinal)?;
    let group = Group::open(&config.kafka, &instance.group_id()).context("connect")?;
    let name = config.topics.of(Topic::Ledger);
    let partitions: Vec<Partition> =
        (0..config.partitions).map(|index| Partition { topic: name.as_str().into(), index }).collect();
    let committed = group.committed(&partitions).context("read committed offsets")?;
    let partitions: Vec<Partition> = committed.iter().map(|one| one.partition.clone()).collect();
    let bounds = group.bounds(&partitions, ANSWER).context("read the log's ends")?;
    let parts: Vec<(i32, Part)> = (committed.iter().zip(bounds))
        .map(|(one, (low, high))| (one.partition.index, Part::Span(one.next.unwrap_or(low), high)))
        .collect();
    let mut waiting = 0;
    scan(config, Topic::Ledger, &parts, |record| {
        waiting += usize::from(record.header(wire::KIND) == Some(Correction::KIND.as_bytes()));
        Ok(())
    })?;
    if waiting > 0 {
        bail!(
            "recost: {waiting} corrections of the log are not stored yet; run account, and then this again"
        );
    }
    Ok(())
}

/// Writes every correction, and who did it.
///
/// # Errors
/// When the log does not take one; how many it took is told.
pub(super) fn write(
    config: &Config,
    plan: &Plan,
    who: &Who,
    (run, subject): (&str, String),
) -> anyhow::Result<()> {
    let instance = Instance::new(&config.deployment, WRITER, 0)?;
    let mut producer = TransactionalProducer::new(&config.kafka, &instance).context("connect")?;
    for (done, chunk) in plan.corrections.chunks(AT_ONCE).enumerate() {
        let records: Vec<Outgoing> = chunk.iter().map(|one| record(config, one)).collect::<Result<_, _>>()?;
        let before = done * AT_ONCE;
        match producer.write(&records) {
            Outcome::Committed => {}
            Outcome::Aborted(why) => {
                bail!("correct: {why}; {before} corrections were written before it: run it again")
            }
            Outcome::Unknown(why) | Outcome::Fenced(why) => bail!(
                "correct: {why}; {before} corrections were written before it, and these may have been: run it again once account has \
                 stored what is there"
            ),
        }
    }
    let details = BTreeMap::from([
        ("run".to_owned(), run.to_owned()),
        ("corrections".to_owned(), plan.corrections.len().to_string()),
    ]);
    act::write(config, who, Done { kind: "recost", app: None, subject, details })
}

/// A correction is of no conversation here, which its row does not name: any partition will do, and the same one each time.
fn record(config: &Config, correction: &Correction) -> anyhow::Result<Outgoing> {
    let encoded = wire::encode(correction, &format!("/huiyin/{}/admin", config.deployment))?;
    let partitions = u128::try_from(config.partitions).unwrap_or(1).max(1);
    Ok(Outgoing {
        topic: config.topics.of(Topic::Ledger).into(),
        partition: i32::try_from(correction.call.request.uuid().as_u128() % partitions).unwrap_or_default(),
        key: encoded.key,
        headers: encoded.headers,
        value: Some(encoded.value),
    })
}
