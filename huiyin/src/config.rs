//! The configuration file: one strict TOML, each section owned by its crate; composed and cross-checked here.

mod deployment;
mod findings;
mod lines;
mod raw;
mod read;
pub(crate) mod text;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use catalogue::{Bundle, RawCatalogue};
use common::Problem;
use pipeline::kafka;
use schemas::Millis;
use schemas::topic::TopicNames;

pub(crate) use findings::{BadConfig, Finding};
use lines::Lines;
pub(crate) use raw::{LogFormat, RawDecide};
use read::Read;

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
    pub(crate) kafka: kafka::Config,
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
    source: Source,
}

/// What is needed to say where in the file something stands.
#[derive(Default)]
struct Source {
    path: PathBuf,
    lines: Lines,
    /// The sections that `bundle` was made of.
    sections: RawCatalogue,
    /// Texts that look like placeholders and are none.
    literal: Vec<Problem>,
}

impl Config {
    /// Reads and checks the file; `instance` overrides the file's, `variable` looks up environment variables.
    pub(crate) fn read(
        path: &Path,
        instance: Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, BadConfig> {
        let bad = |findings| BadConfig::new(path.to_owned(), findings);
        let one = |line, what| bad(vec![Finding { line, what }]);
        let bytes = std::fs::read(path).map_err(|error| one(None, format!("read file: {error}")))?;
        let text = text::text(bytes).map_err(|not| one(Some(not.line), not.what))?;
        let mut config = Self::parse(&text, instance, variable).map_err(bad)?;
        config.source.path = path.to_owned();
        Ok(config)
    }

    fn parse(
        text: &str,
        instance: Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Finding>> {
        let Read { raw, lines, literal } = read::sections(text, &variable)?;
        let mut problems = deployment::problems(&raw);
        let ordinal = match &instance {
            Some(given) => deployment::ordinal(given).map_err(|what| deployment::problem("--instance", what)),
            None => deployment::ordinal(&raw.deployment.instance)
                .map_err(|what| deployment::problem("deployment.instance", what)),
        };
        let ordinal = ordinal.map_err(|problem| problems.push(problem));
        let access = kafka::Config::new(raw.kafka).map_err(|found| problems.extend(found));
        let sections =
            RawCatalogue { app: raw.app, target: raw.target, price: raw.price, filter: raw.filter };
        let bundle = catalogue::validate(&sections).map_err(|found| problems.extend(found));
        let (Ok(ordinal), Ok(access), Ok(bundle), true) = (ordinal, access, bundle, problems.is_empty())
        else {
            return Err(lines.findings(problems));
        };
        Ok(Self {
            deployment: raw.deployment.name,
            ordinal,
            partitions: raw.deployment.partitions,
            replication: raw.deployment.replication,
            topics: TopicNames::new(raw.deployment.topic_prefix),
            kafka: access,
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
            source: Source { path: PathBuf::new(), lines, sections, literal },
        })
    }

    /// Problems with what the file says, each with its line.
    pub(crate) fn bad(&self, problems: Vec<Problem>) -> BadConfig {
        BadConfig::new(self.source.path.clone(), self.source.lines.findings(problems))
    }

    /// What is allowed and probably not meant, a line each; prices are looked at as of that time.
    pub(crate) fn warnings(&self, now: Millis) -> Vec<String> {
        let mut found = catalogue::warnings(&self.source.sections, &self.bundle, now);
        found.extend(self.source.literal.iter().cloned());
        let told = self.bad(found).to_string();
        told.lines().map(str::to_owned).collect()
    }

    /// The checked section `[account]`.
    pub(crate) fn account(&self) -> anyhow::Result<account::AccountConfig> {
        let raw = self.account.as_ref().context("section [account] is missing")?;
        Ok(account::validate(raw).map_err(|found| self.bad(found))?)
    }

    /// What is wrong with two servers at one place, if they are.
    pub(crate) fn listeners(&self) -> Option<Problem> {
        deployment::listeners(self.ingest.as_ref()?.listen, self.admin)
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
