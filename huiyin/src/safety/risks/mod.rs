//! `huiyin safety report`: words, answers and refusals against the thresholds of a list of risks.

mod lines;
mod markdown;
mod measure;
mod sheet;
mod told;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::safety::{Dictionary, Engine, RuleSet};
use anyhow::{Context, bail};
use call::Asker;
use catalogue::Engines;
use clap::{Args, ValueEnum};
use pipeline::WallClock;
use schemas::ids::TargetName;

use super::file;
use crate::config::Config;
use crate::{Ended, Said};
use measure::{Fate, Line, objectionable};
use sheet::Sheet;
use told::Measurements;
use words::{Source, Words};

/// Tells how many words stand for each risk, when they were changed last, how many of the sampled answers pass, and how many prompts
/// of a bank are refused.
///
/// Words are those of the given dictionaries or, without one, of the configuration's rules and dictionaries; what its apps share judges. A file says by a comment at its head, `# changed:
/// 2025-01-31`, when it was changed. Prompts are JSON lines `{"id", "risk", "kind": "must_refuse" | "must_answer", "text"}`, answers
/// `{"id", "text"}`. Without a target a prompt counts as refused when the filter stops it; with one, also when the provider's filter, the model's
/// own words or the review of its answer refuse. What has no threshold, and answers that are not given, are not compared. The exit code is 1 when a
/// threshold is not met or a prompt got no answer.
#[derive(Args)]
pub(crate) struct Report {
    /// Count and judge by these dictionaries instead of the configuration
    #[arg(long)]
    dictionary: Vec<PathBuf>,
    /// Spans in which no word hits, one a line
    #[arg(long, requires = "dictionary")]
    allow: Option<PathBuf>,
    /// Risks, their categories and thresholds, TOML; those that ship when absent
    #[arg(long)]
    risks: Option<PathBuf>,
    /// The prompts; those that ship when absent
    #[arg(long)]
    bank: Option<PathBuf>,
    /// Answers that were sampled
    #[arg(long)]
    answers: Option<PathBuf>,
    /// Ask this target of the configuration too; each prompt that the filter lets through is a call that may cost
    #[arg(long)]
    target: Option<String>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Markdown,
    /// For programs
    Json,
}

/// What judges, and the words that it judges by.
struct Judging {
    engine: Arc<dyn Engine>,
    words: Words,
    sources: Vec<Source>,
}

impl Report {
    /// Does it; `config` reads the configuration at that path, which only its own rules and a target need.
    pub(super) async fn run(
        self,
        path: &Path,
        config: impl FnOnce() -> anyhow::Result<Config>,
    ) -> anyhow::Result<Said> {
        let sheet = Sheet::read(self.risks.as_deref())?;
        let prompts = lines::bank(self.bank.as_deref(), &sheet)?;
        let needs_config = self.dictionary.is_empty() || self.target.is_some();
        let config = if needs_config { Some(config()?) } else { None };
        let Judging { engine, words, sources } = match &config {
            Some(config) if self.dictionary.is_empty() => of_config(path, config)?,
            _ => self.of_dictionaries()?,
        };
        let answers = self.answers.as_deref().map(lines::answers).transpose()?;
        let answers = answers.map(|answers| (answers.len(), objectionable(engine.as_ref(), &answers)));
        let fates = self.fates(engine, config.as_ref(), &prompts).await?;
        let target = self.target;
        let told = Measurements { sheet: &sheet, target, words, sources, prompts, fates, answers }.told();
        let text = match self.format {
            Format::Markdown => markdown::markdown(&told),
            Format::Json => serde_json::to_string_pretty(&told)? + "\n",
        };
        Ok(Said { text, ended: Ended::well_if(told.met) })
    }

    fn of_dictionaries(&self) -> anyhow::Result<Judging> {
        let (mut words, mut sources) = (Words::default(), Vec::new());
        let mut builder = RuleSet::builder("report");
        for (number, path) in (1..).zip(&self.dictionary) {
            let entries = file::Words::of(path)?.entries()?;
            words.add_entries(&entries);
            sources.push(Source::read(path)?);
            builder = builder.dictionary(&Dictionary::new(format!("dictionary-{number}"), entries));
        }
        let allowed = self.allow.as_deref().map(file::allowed).transpose()?.unwrap_or_default();
        let engine = builder.allow(&allowed).build().context("build the dictionaries")?;
        Ok(Judging { engine: Arc::new(engine), words, sources })
    }

    async fn fates(
        &self,
        engine: Arc<dyn Engine>,
        config: Option<&Config>,
        prompts: &[lines::Prompt],
    ) -> anyhow::Result<Vec<Fate>> {
        let (Some(name), Some(config)) = (&self.target, config) else {
            return Line::filter(engine).fates(prompts).await;
        };
        let Some(raw) = &config.call else { bail!("ask {name:?}: section [call] is missing") };
        let settings = call::validate(raw, &config.bundle).map_err(|found| config.bad(found))?;
        let Some((name, target)) = config.bundle.targets.iter().find(|(known, _)| known.as_str() == name)
        else {
            let known: Vec<&str> = config.bundle.targets.keys().map(TargetName::as_str).collect();
            bail!("ask {name:?}: it is none of the targets {}", known.join(", "));
        };
        let asker = Asker::new(settings, &config.bundle, name, Arc::new(WallClock))?;
        Line::asking(engine, asker, target.timeout_ms).fates(prompts).await
    }
}

/// What the apps of a configuration share, and all words that it names.
fn of_config(path: &Path, config: &Config) -> anyhow::Result<Judging> {
    let mut words = Words::default();
    words.add_rules(&config.bundle.filter.rules);
    let mut sources = vec![Source::read(path)?];
    for dictionary in file::configured(config)? {
        words.add_entries(&dictionary.entries()?);
        sources.push(Source::of(dictionary.name, &dictionary.text)?);
    }
    let engines = Engines::of(&config.bundle, &config.sections().contents()).context("build the filter")?;
    Ok(Judging { engine: Arc::clone(engines.shared()), words, sources })
}
