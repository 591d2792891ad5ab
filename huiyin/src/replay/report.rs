//! `huiyin replay report`.

use std::path::PathBuf;

use ::replay::gate::condition::Condition;
use ::replay::gate::{self, LEAST_COMPLETE};
use ::replay::range::Name;
use ::replay::report::{self, html, terminal};
use ::replay::summary::Summary;
use anyhow::Context;
use clap::{Args, ValueEnum};

use super::{Found, Language, found};
use crate::Said;
use crate::config::Config;

/// Shows figures with their intervals, changes of verdict and route, win rates, and the worst conversations.
///
/// Equal results give an equal report: whatever is drawn by chance follows from the manifest's id. The page stands for itself: it fetches nothing.
#[derive(Args)]
pub(crate) struct Report {
    #[command(flatten)]
    found: Found,
    /// The name of another replay of the same range, whose candidate this one is compared with
    #[arg(long, conflicts_with = "against_results")]
    against: Option<Name>,
    /// The same, as a file of its results
    #[arg(long)]
    against_results: Option<PathBuf>,
    /// Show what the gate says under this condition too; may be given several times
    #[arg(long = "fail-if")]
    fail_if: Vec<Condition>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Its language; JSON has none
    #[arg(long, value_enum, default_value_t = Language::En)]
    lang: Language,
    /// Write it to this file instead of standard output
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For the terminal
    Table,
    /// For programs
    Json,
    /// One page for a browser
    Html,
}

impl Report {
    pub(super) fn asks_log(&self) -> bool {
        self.found.asks_log() || self.against.is_some()
    }

    pub(super) fn run(&self, config: Option<&Config>) -> anyhow::Result<Said> {
        let results = self.found.results(config)?;
        let summary = self.found.summary(&results)?;
        let is_compared = self.against.is_some() || self.against_results.is_some();
        let other = || found(self.against.as_ref(), self.against_results.as_deref(), config);
        let other = is_compared.then(other).transpose()?;
        let against = other.map(|other| Summary::of(&results.against(&other), &[]));
        let gate = (!self.fail_if.is_empty()).then(|| gate::gate(&summary, &self.fail_if, LEAST_COMPLETE));
        let report = report::Report { summary: &summary, against: against.as_ref(), gate: gate.as_ref() };
        let lang = self.lang.into();
        let text = match self.format {
            Format::Table => terminal::terminal(&report, lang),
            Format::Json => report::json(&report).context("write the report")?,
            Format::Html => html::html(&report, lang),
        };
        let Some(path) = &self.out else { return Ok(text.into()) };
        std::fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
        Ok(String::new().into())
    }
}
