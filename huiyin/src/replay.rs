//! `huiyin replay`: decides and answers a range of the log once more, and tells what came of it.

mod claim;
mod gate;
mod judge;
mod progress;
mod report;
pub(crate) mod rows;
mod run;
mod show;
mod signals;
mod snapshot;

use std::path::{Path, PathBuf};

use ::replay::judge::agreement::{self, Word};
use ::replay::range::Name;
use ::replay::report::Lang;
use ::replay::results::{self, Results};
use ::replay::summary::Summary;
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use tokio::runtime::Handle;

use crate::config::Config;
use crate::{Said, Unusable};

/// What to do with a replay.
#[derive(Subcommand)]
pub(crate) enum Replay {
    /// Decide and answer a range of the log once more
    Run(Box<run::Run>),
    /// The replays that there are
    List,
    Show(show::Show),
    Rm(show::Rm),
    Snapshot(snapshot::Snapshot),
    /// Show what a replay found
    Report(report::Report),
    /// Hold what a replay found against limits
    Gate(gate::Gate),
    /// Ask a model which of two answers is better
    Judge(judge::Judge),
}

impl Replay {
    /// Does it; `config` reads the configuration. What cannot be read or written is wrong usage: the exit code 1 is the gate's.
    pub(crate) async fn run(self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
        self.done(config).await.map_err(|error| Unusable(error).into())
    }

    async fn done(self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
        let runtime = Handle::current();
        match self {
            Self::Run(run) => crate::asking(config()?, move |config| run.run(config, &runtime)).await,
            Self::List => crate::asking(config()?, show::list).await,
            Self::Show(show) => crate::asking(config()?, move |config| show.run(config)).await,
            Self::Snapshot(snapshot) => crate::asking(config()?, move |config| snapshot.run(config)).await,
            Self::Rm(rm) => crate::asking(config()?, move |config| rm.run(config, &runtime)).await,
            Self::Report(report) if report.asks_log() => {
                crate::asking(config()?, move |config| report.run(Some(config))).await
            }
            Self::Report(report) => report.run(None),
            Self::Gate(gate) if gate.asks_log() => {
                crate::asking(config()?, move |config| gate.run(Some(config))).await
            }
            Self::Gate(gate) => gate.run(None),
            Self::Judge(judge) => judge.run(config()?).await,
        }
    }
}

/// What a replay found, and what people said of it.
#[derive(Args)]
struct Found {
    /// The replay's name
    #[arg(required_unless_present = "results", conflicts_with = "results")]
    name: Option<Name>,
    /// The file of its results, JSON lines, in place of a name
    #[arg(long)]
    results: Option<PathBuf>,
    /// What people said of turns, to compare the judge with: JSON lines {"turn", "better"}, or CSV with these columns; better is baseline,
    /// tie or candidate
    #[arg(long)]
    human_sample: Option<PathBuf>,
}

impl Found {
    /// Whether the results are in the deployment's topics.
    fn asks_log(&self) -> bool {
        self.name.is_some()
    }

    fn results(&self, config: Option<&Config>) -> anyhow::Result<Results> {
        found(self.name.as_ref(), self.results.as_deref(), config)
    }

    fn summary(&self, results: &Results) -> anyhow::Result<Summary> {
        Ok(Summary::of(results, &self.sample()?))
    }

    fn sample(&self) -> anyhow::Result<Vec<Word>> {
        let Some(path) = &self.human_sample else { return Ok(Vec::new()) };
        agreement::read(&text(path)?).with_context(|| format!("read {}", path.display()))
    }
}

/// Results by the name of their replay, or else in a file.
fn found(name: Option<&Name>, file: Option<&Path>, config: Option<&Config>) -> anyhow::Result<Results> {
    match (name.zip(config), file) {
        (Some((name, config)), _) => show::results(config, name),
        (None, Some(file)) => read(file),
        (None, None) => anyhow::bail!("neither the name of a replay nor --results is given"),
    }
}

fn read(path: &Path) -> anyhow::Result<Results> {
    results::read(&text(path)?).with_context(|| format!("read {}", path.display()))
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// A language of reports.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    /// Chinese
    Zh,
    /// English
    En,
}

impl From<Language> for Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::Zh => Self::Zh,
            Language::En => Self::En,
        }
    }
}
