//! `huiyin replay`: what a replay found, and whether it is good enough.

mod gate;
mod judge;
mod report;
#[allow(dead_code, reason = "`replay run` and `replay rm` call it")]
pub(crate) mod rows;

use std::path::{Path, PathBuf};

use ::replay::judge::agreement::{self, Word};
use ::replay::report::Lang;
use ::replay::results::{self, Results};
use ::replay::summary::Summary;
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};

use crate::config::Config;
use crate::{Said, Unusable};

/// What to do with a replay.
#[derive(Subcommand)]
pub(crate) enum Replay {
    /// Show what a replay found
    Report(report::Report),
    /// Hold what a replay found against limits
    Gate(gate::Gate),
    /// Ask a model which of two answers is better
    Judge(judge::Judge),
}

impl Replay {
    /// Does it; `config` reads the configuration. What cannot be read or written is wrong usage: the exit code 1 is the gate's.
    pub(crate) async fn run(&self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
        let done = match self {
            Self::Report(report) => report.run(),
            Self::Gate(gate) => gate.run(),
            Self::Judge(judge) => match config() {
                Ok(config) => judge.run(&config).await,
                Err(error) => Err(error),
            },
        };
        done.map_err(|error| Unusable(error).into())
    }
}

/// What a replay found, and what people said of it.
#[derive(Args)]
struct Found {
    /// The file of its results, JSON lines
    #[arg(long)]
    results: PathBuf,
    /// What people said of turns, to compare the judge with: JSON lines {"turn", "better"}, or CSV with these columns; better is baseline,
    /// tie or candidate
    #[arg(long)]
    human_sample: Option<PathBuf>,
}

impl Found {
    fn results(&self) -> anyhow::Result<Results> {
        read(&self.results)
    }

    fn summary(&self, results: &Results) -> anyhow::Result<Summary> {
        Ok(Summary::of(results, &self.sample()?))
    }

    fn sample(&self) -> anyhow::Result<Vec<Word>> {
        let Some(path) = &self.human_sample else { return Ok(Vec::new()) };
        agreement::read(&text(path)?).with_context(|| format!("read {}", path.display()))
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
