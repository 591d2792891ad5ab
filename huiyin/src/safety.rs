//! `huiyin safety`: texts judged by dictionaries, and dictionary files looked at.

mod batch;
mod file;
mod line;
mod report;
mod rescan;
mod risks;
mod verdict;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::safety::{Dictionary, Direction, Engine, RuleSet};
use anyhow::{Context, bail};
use catalogue::Engines;
use clap::{Args, Subcommand};
use schemas::ids::AppKey;

use crate::config::Config;
use crate::{Ended, Said};

/// What to do with the filter.
#[derive(Subcommand)]
pub(crate) enum Safety {
    /// Judge texts
    Check(Check),
    /// Tell everything that is wrong in a dictionary file, with its lines; without a file, in every dictionary of the configuration
    Lint {
        /// The dictionary, TSV or .toml
        file: Option<PathBuf>,
    },
    /// Count the words of a dictionary file by category, view and border; without a file, of every dictionary of the configuration
    Stats {
        /// The dictionary, TSV or .toml
        file: Option<PathBuf>,
    },
    /// Judge what the log has by another filter: what would be stopped now and was not. With --retract what the bot said of it is taken back
    Rescan(Box<rescan::Rescan>),
    /// Report on words, answers and refusals by risk
    Report(Box<risks::Report>),
}

/// Judges one text, or with `--batch` one JSON object a line from standard input.
///
/// A line is `{"id", "carrier", …}`: carrier `message` with `text`; `messages` (consecutive ones of one person) and `stream` (the pieces of one
/// text) with `parts`, an array of strings; `fields` with `fields`, in which every string counts however deep it stands, and no key. For
/// each a line `{"id", "hit", "words", "spans", "personal", "score"}` is printed, in the same order. Offsets are code points: of the text,
/// of all parts joined, of the texts of all fields joined in their order. A line that cannot be read is told on standard error with its
/// number, the others go on, and the exit code is 1.
#[derive(Args)]
pub(crate) struct Check {
    /// The text
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    text: Option<String>,
    /// Judge the lines of standard input
    #[arg(long)]
    batch: bool,
    /// Judge by this dictionary (lines of word, category, views, border with tabs between; or .toml) instead of what the configuration has
    #[arg(long, conflicts_with = "app")]
    dictionary: Option<PathBuf>,
    /// Judge by what this app of the configuration uses, org#app, instead of what its apps share
    #[arg(long)]
    app: Option<String>,
    /// Spans in which no word hits, one a line
    #[arg(long, requires = "dictionary")]
    allow: Option<PathBuf>,
    /// Look for personal data too
    #[arg(long)]
    personal_data: bool,
}

impl Safety {
    /// Does it; `config` reads the configuration at that path, where it is needed.
    pub(crate) async fn run(
        self,
        path: &Path,
        config: impl FnOnce() -> anyhow::Result<Config>,
    ) -> anyhow::Result<Said> {
        match self {
            Self::Lint { file: Some(file) } => report::lint(&[file::Words::of(&file)?]),
            Self::Lint { file: None } => report::lint(&file::configured(&config()?)?),
            Self::Stats { file: Some(file) } => report::stats(&[file::Words::of(&file)?]).map(Said::from),
            Self::Stats { file: None } => report::stats(&file::configured(&config()?)?).map(Said::from),
            Self::Check(check) => check.run(config),
            Self::Rescan(rescan) => rescan.run(config()?).await,
            Self::Report(report) => report.run(path, config).await,
        }
    }
}

impl Check {
    fn run(self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
        if self.batch {
            let judge = verdict::Judge::new(self.engine(config)?, self.personal_data);
            let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
            let ok = batch::run(&judge, input, output, &mut std::io::stderr().lock())?;
            return Ok(Said { text: String::new(), ended: Ended::well_if(ok) });
        }
        let Some(text) = &self.text else { bail!("no text to judge") };
        let finding = self.engine(config)?.judge(Direction::Input, text);
        Ok(report::text(text, &finding, self.personal_data).into())
    }

    /// The engine of the given files or of the configuration.
    fn engine(&self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Arc<dyn Engine>> {
        let Some(path) = &self.dictionary else { return self.configured(&config()?) };
        let entries = file::Words::of(path)?.entries()?;
        let allowed = self.allow.as_deref().map(file::allowed).transpose()?.unwrap_or_default();
        let dictionary = Dictionary::new("dictionary", entries);
        let builder = RuleSet::builder(path.display().to_string()).dictionary(&dictionary).allow(&allowed);
        let engine = builder.build().with_context(|| format!("build {}", path.display()))?;
        Ok(Arc::new(engine))
    }

    fn configured(&self, config: &Config) -> anyhow::Result<Arc<dyn Engine>> {
        let engines =
            Engines::of(&config.bundle, &config.sections().contents()).context("build the filter")?;
        let Some(app) = &self.app else { return Ok(Arc::clone(engines.shared())) };
        let app = AppKey::new(app.clone()).context("read --app")?;
        if !config.bundle.apps.contains_key(&app) {
            bail!("app {app} is not configured");
        }
        Ok(Arc::clone(engines.app(&app)))
    }
}
