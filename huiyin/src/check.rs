//! `huiyin check`: what can be known before a start. Everything that is wrong is told at once.

use anyhow::Context;
use catalogue::Engines;
use pipeline::kafka::{self, Admin, Instance};
use pipeline::{Clock, WallClock};
use schemas::Millis;
use uuid::Uuid;

use crate::config::Config;
use crate::{namesakes, topics};

/// Checks every section against the file's own bundle.
pub(crate) fn offline(config: &Config) -> anyhow::Result<String> {
    let problems = config.step_problems();
    if !problems.is_empty() {
        return Err(config.bad(problems).into());
    }
    let hash = config.bundle.hash().context("hash bundle")?;
    let engines = Engines::of(&config.bundle, &config.sections().contents()).context("build the filter")?;
    let mut report = format!(
        "configuration ok: {} apps, {} targets, bundle {hash}\n",
        config.bundle.apps.len(),
        config.bundle.targets.len()
    );
    for (name, content) in config.bundle.filter.contents() {
        report.push_str(&format!(
            "words {name}: {} in {} bytes, {}\n",
            content.count, content.bytes, content.hash
        ));
    }
    for (key, app) in &config.bundle.apps {
        if let (Some(content), Some(table)) = (&app.tier_table, engines.tiers(key)) {
            report.push_str(&format!(
                "tiers of {key}: {} users in {} bytes, {}; {} bytes in memory\n",
                content.count,
                content.bytes,
                content.hash,
                table.bytes()
            ));
        }
    }
    if let Some(folder) = crate::query::folder(config) {
        let own = crate::query::own(&folder)?;
        report.push_str(&format!("queries in {}: {}\n", folder.display(), own.len()));
    }
    for warning in config.warnings(now()) {
        report.push_str(&format!("warning: {warning}\n"));
    }
    Ok(report)
}

/// What was looked at, and what came of it.
#[derive(Default)]
pub(crate) struct Report {
    text: String,
    failed: bool,
}

impl Report {
    fn add(&mut self, what: &str, found: anyhow::Result<()>) {
        match found {
            Ok(()) => self.text.push_str(&format!("{what}: ok\n")),
            Err(error) => {
                self.failed = true;
                self.text.push_str(&format!("{what}: NOT ok: {error:#}\n"));
            }
        }
    }

    /// Another one behind it.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.text.push_str(&other.text);
        self.failed |= other.failed;
        self
    }

    /// The lines, and whether all of it is as it must be.
    pub(crate) fn into_parts(self) -> (String, bool) {
        (self.text, !self.failed)
    }
}

/// Asks the cluster, on a scratch topic and group, for what the guarantees need: authorisation, transactions, compaction,
/// 4,095 characters of offset metadata. Then for the deployment's own topics and name. Nothing is asked of brokers that do not
/// answer at all.
pub(crate) fn cluster(config: &Config) -> Report {
    let mut report = Report::default();
    let there = Admin::new(&config.kafka)
        .context("connect")
        .and_then(|admin| admin.partitions().context("read topics"));
    let there = match there {
        Ok(there) => there,
        Err(error) => {
            report.add("brokers", Err(error));
            return report;
        }
    };
    report.add("brokers", Ok(()));
    report.add("transactions, compaction, 4095 characters of offset metadata", probe(config));
    report.add("topics", topics::check(config, &there));
    report.add("name of the deployment", namesakes::check(config, &there));
    report
}

fn probe(config: &Config) -> anyhow::Result<()> {
    // Behind the deployment's name, by which rights are given, and within the 64 characters of a name.
    let (name, unique) = (&config.deployment, Uuid::now_v7().simple().to_string());
    let scratch = format!("{}-check-{}", name.get(..45).unwrap_or(name), unique.get(20..).unwrap_or(&unique));
    let instance = Instance::new(&scratch, "check", config.ordinal)?;
    let topic = config.topics.of(schemas::topic::Topic::Configs) + "-" + &scratch;
    Ok(kafka::probe(&config.kafka, &instance, &topic, config.replication)?)
}

/// Checks that the tables are as this version needs them.
pub(crate) async fn tables(config: &Config) -> Report {
    let mut report = Report::default();
    if config.account.is_none() {
        report.text.push_str("tables: not checked, there is no section [account]\n");
        return report;
    }
    let found = async { Ok(account::Store::new(&config.account()?).check().await?) };
    report.add("tables", found.await);
    report
}

/// By the wall clock.
pub(crate) fn now() -> Millis {
    WallClock.now()
}
