//! `huiyin check`: what can be known before a start.

use anyhow::Context;
use pipeline::kafka::{self, Admin, Instance};
use uuid::Uuid;

use crate::config::Config;
use crate::run::check_sections;
use crate::topics;

/// Checks every section against the file's own bundle.
pub(crate) fn offline(config: &Config) -> anyhow::Result<String> {
    check_sections(config, &config.bundle)?;
    let hash = config.bundle.hash().context("hash bundle")?;
    Ok(format!(
        "configuration ok: {} apps, {} targets, bundle {hash}\n",
        config.bundle.apps.len(),
        config.bundle.targets.len()
    ))
}

/// Asks the cluster, on a scratch topic and group, for what the guarantees need: authorisation, transactions, compaction,
/// 4,095 characters of offset metadata. Then the deployment's own topics, and the tables.
pub(crate) fn cluster(config: &Config) -> anyhow::Result<String> {
    let scratch = format!("{}-check-{}", config.deployment, Uuid::now_v7().simple());
    let instance = Instance::new(&scratch, "check", config.ordinal)?;
    let topic = config.topics.of(schemas::topic::Topic::Configs) + "-" + &scratch;
    kafka::probe(&config.kafka, &instance, &topic, config.replication)?;
    let mut report = "cluster ok: transactions, compaction, 4095 characters of offset metadata\n".to_owned();
    let there = Admin::new(&config.kafka).context("connect")?.partitions().context("read topics")?;
    topics::check(config, &there)?;
    report.push_str("topics ok\n");
    Ok(report)
}

/// Checks that the tables are as this version needs them.
pub(crate) async fn tables(config: &Config) -> anyhow::Result<String> {
    let Some(raw) = config.account.clone() else {
        return Ok("no section [account]: tables not checked\n".to_owned());
    };
    let section = account::AccountConfig::new(raw)?;
    account::Store::new(&section).check().await?;
    Ok("tables ok\n".to_owned())
}
