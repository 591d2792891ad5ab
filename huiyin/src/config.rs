//! The configuration file: one strict TOML, each section owned by its crate; composed and cross-checked here.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalogue::raw::{RawApp, RawFilter, RawPrice, RawTarget};
use catalogue::{Bundle, RawCatalogue};
use pipeline::StartPolicy;
use schemas::topic::TopicNames;
use serde::Deserialize;

use crate::substitute::substitute;

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    deployment: RawDeployment,
    kafka: pipeline::kafka::RawConfig,
    #[serde(default)]
    admin: RawAdmin,
    #[serde(default)]
    log: RawLog,
    ingest: Option<ingest::RawIngest>,
    #[serde(default)]
    decide: RawDecide,
    call: Option<call::RawCall>,
    deliver: Option<deliver::RawDeliver>,
    account: Option<account::RawAccount>,
    #[serde(default)]
    app: Vec<RawApp>,
    #[serde(default)]
    target: Vec<RawTarget>,
    #[serde(default)]
    price: Vec<RawPrice>,
    #[serde(default)]
    filter: RawFilter,
}

/// `[deployment]`: what all instances share, and which of them this one is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDeployment {
    /// Name of the deployment; part of every group, transactional id and `ce_source`.
    name: String,
    /// Which instance this is: a small number, or a stable name that ends in `-<number>`, as StatefulSets give. It must be
    /// the same after a restart: that is what settles the transactions of the one that died.
    instance: String,
    /// Partitions of every topic of the line, fixed for the deployment's life.
    partitions: i32,
    /// Brokers that hold each record.
    replication: i32,
    /// Prefix of all topic names.
    #[serde(default)]
    topic_prefix: String,
}

/// `[admin]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawAdmin {
    /// Where `/live`, `/ready` and `/metrics` are served.
    listen: SocketAddr,
    /// How long it serves on, not ready, after SIGTERM, so that balancers notice.
    #[serde(with = "catalogue::duration")]
    drain_delay: Duration,
    /// Longest time that running calls and sends are waited for at the end.
    #[serde(with = "catalogue::duration")]
    grace: Duration,
}

impl Default for RawAdmin {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9600)),
            drain_delay: Duration::from_secs(2),
            grace: Duration::from_secs(30),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// `[log]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLog {
    /// `text` or `json`.
    format: LogFormat,
    /// Filter such as `info` or `info,pipeline=debug`.
    filter: String,
}

impl Default for RawLog {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// `[decide]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDecide {
    /// Where a partition without a committed offset starts: `earliest`, `latest` or `refuse`.
    pub(crate) start: StartPolicy,
    /// Most records of one partition in a transaction.
    pub(crate) batch_records: u32,
    /// Fold drivers of the process, each with its share of the partitions: the fewer partitions a transaction is about,
    /// the sooner it ends.
    pub(crate) drivers: u32,
}

impl Default for RawDecide {
    fn default() -> Self {
        Self { start: StartPolicy::Earliest, batch_records: 2_000, drivers: 1 }
    }
}

/// The checked configuration.
pub(crate) struct Config {
    /// Name of the deployment.
    pub(crate) deployment: String,
    /// Which instance this is.
    pub(crate) ordinal: u32,
    /// Partitions of every topic of the line.
    pub(crate) partitions: i32,
    /// Brokers that hold each record.
    pub(crate) replication: i32,
    /// Names of the topics.
    pub(crate) topics: TopicNames,
    /// Access to the brokers.
    pub(crate) kafka: pipeline::kafka::Config,
    /// Where `/live`, `/ready` and `/metrics` are served.
    pub(crate) admin: SocketAddr,
    /// How long it serves on after SIGTERM.
    pub(crate) drain_delay: Duration,
    /// Longest time that running calls and sends are waited for at the end.
    pub(crate) grace: Duration,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
    /// Which log lines are written.
    pub(crate) log_filter: String,
    /// Section `[ingest]`.
    pub(crate) ingest: Option<ingest::RawIngest>,
    /// Section `[decide]`.
    pub(crate) decide: RawDecide,
    /// Section `[call]`.
    pub(crate) call: Option<call::RawCall>,
    /// Section `[deliver]`.
    pub(crate) deliver: Option<deliver::RawDeliver>,
    /// Section `[account]`.
    pub(crate) account: Option<account::RawAccount>,
    /// What the sections `[[app]]`, `[[target]]`, `[[price]]` and `[filter]` say.
    pub(crate) bundle: Bundle,
}

/// Everything that is wrong with the file, each with its line where it has one.
#[derive(Debug)]
pub(crate) struct BadConfig {
    path: PathBuf,
    problems: Vec<(Option<usize>, String)>,
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        for (index, (line, what)) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            match line {
                Some(line) => write!(f, "{separator}{path}:{line}: {what}")?,
                None => write!(f, "{separator}{path}: {what}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for BadConfig {}

impl Config {
    /// Reads and checks the file; `instance` overrides the file's, `variable` looks up environment variables.
    pub(crate) fn read(
        path: &Path,
        instance: Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, BadConfig> {
        let bad = |problems| BadConfig { path: path.to_owned(), problems };
        let text = std::fs::read_to_string(path)
            .map_err(|error| bad(vec![(None, format!("read file: {error}"))]))?;
        Self::parse(&text, instance, variable).map_err(bad)
    }

    fn parse(
        text: &str,
        instance: Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<(Option<usize>, String)>> {
        let text = substitute(text, variable)
            .map_err(|unfilled| unfilled.into_iter().map(|u| (Some(u.line), u.what)).collect::<Vec<_>>())?;
        let line_of = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        // Only the message: the library's own form would quote the line, which may hold a secret.
        let raw: Raw = toml::from_str(&text).map_err(|error| {
            vec![(error.span().map(|span| line_of(span.start)), error.message().to_owned())]
        })?;
        let mut problems = Vec::new();
        let ordinal =
            ordinal(instance.as_deref().unwrap_or(&raw.deployment.instance)).unwrap_or_else(|what| {
                problems.push((None, format!("deployment.instance: {what}")));
                0
            });
        for what in deployment_problems(&raw.deployment) {
            problems.push((None, format!("deployment: {what}")));
        }
        problems
            .extend(decide_problems(&raw.decide).into_iter().map(|what| (None, format!("decide: {what}"))));
        let kafka =
            pipeline::kafka::Config::new(raw.kafka).map_err(|error| problems.push((None, error.to_string())));
        let sections =
            RawCatalogue { app: raw.app, target: raw.target, price: raw.price, filter: raw.filter };
        let bundle = catalogue::validate(&sections).map_err(|found| {
            problems.extend(
                found
                    .into_iter()
                    .map(|p| (p.span.map(|s| line_of(s.start)), format!("{}: {}", p.place, p.what))),
            );
        });
        let (Ok(kafka), Ok(bundle), true) = (kafka, bundle, problems.is_empty()) else {
            return Err(problems);
        };
        Ok(Self {
            deployment: raw.deployment.name,
            ordinal,
            partitions: raw.deployment.partitions,
            replication: raw.deployment.replication,
            topics: TopicNames::new(raw.deployment.topic_prefix),
            kafka,
            admin: raw.admin.listen,
            drain_delay: raw.admin.drain_delay,
            grace: raw.admin.grace,
            log_format: raw.log.format,
            log_filter: raw.log.filter,
            ingest: raw.ingest,
            decide: raw.decide,
            call: raw.call,
            deliver: raw.deliver,
            account: raw.account,
            bundle,
        })
    }
}

fn deployment_problems(raw: &RawDeployment) -> Vec<&'static str> {
    let mut problems = Vec::new();
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if !(1..=64).contains(&raw.name.len()) || !raw.name.bytes().all(legal) {
        problems.push("name must be 1 to 64 of a-z, 0-9, - and _");
    }
    if !(1..=10_000).contains(&raw.partitions) {
        problems.push("partitions must be from 1 to 10000");
    }
    if !(1..=9).contains(&raw.replication) {
        problems.push("replication must be from 1 to 9");
    }
    problems
}

fn decide_problems(raw: &RawDecide) -> Vec<&'static str> {
    let mut problems = Vec::new();
    if !(1..=64).contains(&raw.drivers) {
        problems.push("drivers must be from 1 to 64");
    }
    if raw.batch_records == 0 {
        problems.push("batch_records must be at least 1");
    }
    problems
}

/// A small number, or a stable name that ends in one.
fn ordinal(instance: &str) -> Result<u32, String> {
    let number = instance.rsplit_once('-').map_or(instance, |(_, number)| number);
    let canonical = number == "0" || !number.starts_with('0');
    match number.parse::<u32>() {
        Ok(ordinal) if ordinal < 10_000 && canonical && number.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(ordinal)
        }
        _ => Err(format!(
            "{instance:?} is neither a number below 10000 nor a name that ends in -<number>; an id that changes with each \
             start would leave the transactions of the one that died open"
        )),
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
