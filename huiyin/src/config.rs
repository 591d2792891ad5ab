//! The configuration file: one strict TOML, each section owned by its crate; composed and cross-checked here.

mod bundle;
mod deployment;
mod facts_of_deliveries;
mod files;
mod findings;
mod lines;
mod raw;
mod read;
mod salvage;
mod schema;
mod shadow;
mod steps;
pub(crate) mod text;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use catalogue::raw::Files;
use catalogue::{Bundle, RawCatalogue};
use common::Problem;
use pipeline::kafka;
use schemas::Millis;
use schemas::topic::TopicNames;

pub(crate) use findings::{BadConfig, Finding};
use lines::Lines;
pub(crate) use raw::{LogFormat, RawDecide};
use raw::{Raw, RawDeployment};
use read::Read;
pub(crate) use schema::schema;
use steps::Steps;

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
    /// Section `[shadow]`.
    shadow: Option<replay::mirror::RawShadow>,
    replay: Option<replay::config::RawReplay>,
    /// What the sections `[[app]]`, `[[target]]`, `[[model]]`, `[[price]]` and `[filter]` say, with the keys of `[[hash_key]]`.
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
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut config = Self::parse_in(folder, &text, instance, variable).map_err(bad)?;
        config.source.path = path.to_owned();
        Ok(config)
    }

    /// Checks a text that is to become a configuration, whatever its placeholders will be filled with.
    pub(crate) fn try_out(text: &str) -> Result<(), BadConfig> {
        let secret = |_: &str| Some("0123456789abcdef0123456789abcdef".to_owned());
        let config =
            Self::parse(text, None, secret).map_err(|found| BadConfig::new(PathBuf::new(), found))?;
        let problems = config.step_problems();
        if problems.is_empty() { Ok(()) } else { Err(config.bad(problems)) }
    }

    /// Reads and checks a text. What is wrong in one section hides nothing of the others; the sections of the steps are checked as
    /// well if anything is wrong, otherwise by [`Config::step_problems`] or when their role starts.
    fn parse(
        text: &str,
        instance: Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Finding>> {
        Self::parse_in(Path::new(""), text, instance, variable)
    }

    /// As [`Self::parse`], of a text that stands in that folder.
    fn parse_in(
        folder: &Path,
        text: &str,
        instance: Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Finding>> {
        let Read { raw, unread, mut findings, lines, literal } = read::sections(text, &variable);
        let Some(raw) = raw else { return Err(findings) };
        let mut problems = deployment::problems(&raw);
        let Raw {
            deployment, kafka, admin, log, ingest, decide, call, deliver, account, shadow, replay, ..
        } = raw;
        let mut sections = RawCatalogue {
            app: raw.app,
            route: raw.route,
            target: raw.target,
            reviewer: raw.reviewer,
            model: raw.model,
            price: raw.price,
            filter: raw.filter,
            hash_key: raw.hash_key,
            files: Files::default(),
        };
        files::read(folder, &mut sections);
        for (name, is_there) in [("deployment", deployment.is_some()), ("kafka", kafka.is_some())] {
            if !is_there && !unread.section(name) {
                findings.push(Finding { line: None, what: format!("section `[{name}]` is missing") });
            }
        }
        let ordinal = ordinal(instance, deployment.as_ref(), &mut problems);
        let access =
            kafka.and_then(|raw| kafka::Config::new(raw).map_err(|found| problems.extend(found)).ok());
        let (bundle, found) = bundle::of(&sections, &unread);
        problems.extend(found);
        let (Some(deployment), Some(ordinal), Some(access), true, true) =
            (deployment, ordinal, access, findings.is_empty(), problems.is_empty())
        else {
            let steps = Steps {
                admin: Some(admin.listen).filter(|_| !unread.section("admin")),
                ingest: ingest.as_ref().filter(|_| !unread.section("ingest")),
                call: call.as_ref().filter(|_| !unread.section("call")),
                deliver: deliver.as_ref().filter(|_| !unread.section("deliver")),
                account: account.as_ref().filter(|_| !unread.section("account")),
                shadow: shadow.as_ref().filter(|_| !unread.section("shadow")),
                replay: replay.as_ref().filter(|_| !unread.section("replay")),
                folder,
            };
            problems.extend(steps.problems(&bundle));
            findings.extend(lines.findings(problems));
            return Err(findings);
        };
        Ok(Self {
            deployment: deployment.name,
            ordinal,
            partitions: deployment.partitions,
            replication: deployment.replication,
            topics: TopicNames::new(deployment.topic_prefix),
            kafka: access,
            admin: admin.listen,
            drain_delay: admin.drain_delay,
            grace: admin.grace,
            log_format: log.format,
            log_filter: log.filter,
            ingest,
            decide,
            call,
            deliver,
            account,
            shadow,
            replay,
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
        found.extend(facts_of_deliveries::warnings(&self.source.sections, self.account.as_ref()));
        found.extend(self.source.literal.iter().cloned());
        let told = self.bad(found).to_string();
        told.lines().map(str::to_owned).collect()
    }

    /// The sections that the bundle was made of, as they stand.
    pub(crate) fn sections(&self) -> &RawCatalogue {
        &self.source.sections
    }

    /// The folder that the file stands in.
    pub(crate) fn folder(&self) -> &Path {
        self.source.path.parent().unwrap_or(Path::new(""))
    }

    /// The checked section `[account]`.
    pub(crate) fn account(&self) -> anyhow::Result<account::AccountConfig> {
        let raw = self.account.as_ref().context("section [account] is missing")?;
        Ok(account::validate(raw).map_err(|found| self.bad(found))?)
    }

    /// The checked section `[replay]`, or what holds without one.
    pub(crate) fn replay(&self) -> anyhow::Result<replay::config::Settings> {
        let raw = self.replay.clone().unwrap_or_default();
        let read = |name: &str| files::beside(self.folder(), name);
        Ok(replay::config::validate(&raw, &self.bundle, read).map_err(|found| self.bad(found))?)
    }

    /// Everything that is wrong with the sections of the steps, beside the file's own bundle.
    pub(crate) fn step_problems(&self) -> Vec<Problem> {
        let steps = Steps {
            admin: Some(self.admin),
            ingest: self.ingest.as_ref(),
            call: self.call.as_ref(),
            deliver: self.deliver.as_ref(),
            account: self.account.as_ref(),
            shadow: self.shadow.as_ref(),
            replay: self.replay.as_ref(),
            folder: self.folder(),
        };
        steps.problems(&self.bundle)
    }
}

/// The instance's number, of the command line or else of the file.
fn ordinal(
    given: Option<String>,
    deployment: Option<&RawDeployment>,
    problems: &mut Vec<Problem>,
) -> Option<u32> {
    let (place, instance) = match given {
        Some(given) => ("--instance", given),
        None => ("deployment.instance", deployment?.instance.clone()),
    };
    let ordinal = deployment::ordinal(&instance);
    ordinal.map_err(|what| problems.push(deployment::problem(place, what))).ok()
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
