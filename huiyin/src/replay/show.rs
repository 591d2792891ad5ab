//! `huiyin replay list`, `show` and `rm`: the replays of a deployment.

use std::path::PathBuf;

use ::replay::range::{Manifest, Name};
use ::replay::results::{Results, Stop};
use ::replay::shadow::{self, Names};
use anyhow::Context;
use clap::Args;
use tokio::runtime::Handle;

use super::{claim, rows};
use crate::Said;
use crate::config::Config;
use crate::table::aligned;
use crate::timestamp::told;

/// Shows what a replay is of, and how far it came
#[derive(Debug, Clone, Args)]
pub(crate) struct Show {
    /// Its name
    name: Name,
    /// Write its results to this file, JSON lines
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Removes a replay: its topics, and its rows in ClickHouse
#[derive(Debug, Clone, Args)]
pub(crate) struct Rm {
    /// Its name
    name: Name,
}

/// The replays of the deployment.
pub(super) fn list(config: &Config) -> anyhow::Result<Said> {
    let mut lines = Vec::new();
    for name in shadow::list(&config.kafka, &config.topics)? {
        let names = Names::new(&config.topics, name.clone());
        let line = match shadow::manifest(&config.kafka, &names)? {
            Some(manifest) => {
                let results = shadow::results(&config.kafka, &names, config.partitions)?;
                of(&manifest, &results)
            }
            None => {
                let mut line: [String; 7] = std::array::from_fn(|_| "-".to_owned());
                (line[0], line[6]) = (name.to_string(), "not begun".to_owned());
                line
            }
        };
        lines.push(line);
    }
    Ok(aligned(["name", "from", "to", "models", "candidate", "turns", "state"], &lines).into())
}

fn of(manifest: &Manifest, results: &Results) -> [String; 7] {
    let candidate = manifest.arguments.candidate.as_ref();
    [
        manifest.name.to_string(),
        told(manifest.from),
        told(manifest.to),
        manifest.arguments.models.label().to_owned(),
        candidate.map_or_else(|| "none".to_owned(), |candidate| candidate.name.clone()),
        results.turns.len().to_string(),
        state(results).to_owned(),
    ]
}

fn state(results: &Results) -> &'static str {
    match results.end.as_ref().map(|end| end.stopped) {
        None => "runs, or was cut off",
        Some(None) => "done",
        Some(Some(Stop::Budget)) => "stopped: budget",
        Some(Some(Stop::Clear)) => "stopped: clear",
        Some(Some(Stop::Asked)) => "stopped",
        Some(Some(Stop::Unserved)) => "stopped: unserved",
    }
}

impl Show {
    pub(super) fn run(&self, config: &Config) -> anyhow::Result<Said> {
        let results = results(config, &self.name)?;
        if let Some(path) = &self.out {
            let lines = results.to_lines().context("write the results")?;
            std::fs::write(path, lines).with_context(|| format!("write {}", path.display()))?;
            return Ok(format!("{} turns written to {}\n", results.turns.len(), path.display()).into());
        }
        let names = Names::new(&config.topics, self.name.clone());
        let manifest = shadow::manifest(&config.kafka, &names)?;
        let manifest = manifest.with_context(|| format!("replay {} has no manifest", self.name))?;
        let mut text = serde_json::to_string_pretty(&manifest).context("show the manifest")?;
        text.push_str(&format!("\nmanifest {}\n", manifest.id()));
        text.push_str(&format!("turns {}, {}\n", results.turns.len(), state(&results)));
        for topic in names.all() {
            text.push_str(&format!("topic {topic}\n"));
        }
        Ok(text.into())
    }
}

impl Rm {
    pub(super) fn run(&self, config: &Config, runtime: &Handle) -> anyhow::Result<Said> {
        let claim = claim::take(config, &self.name)?;
        let deleted = shadow::delete(&config.kafka, &config.topics, &self.name);
        drop(claim);
        // Also of a replay that there is not: the claim itself has made it.
        let forgotten = claim::forget(config, &self.name);
        let mut text: String = deleted?.iter().map(|topic| format!("deleted {topic}\n")).collect();
        if let Err(error) = forgotten {
            text.push_str(&format!("its group stays: {error:#}\n"));
        }
        if config.account.is_some()
            && let Err(error) = runtime.block_on(rows::forget(config, self.name.as_str()))
        {
            text.push_str(&format!("its rows stay: {error:#}\n"));
        }
        Ok(text.into())
    }
}

/// The results of a replay of this deployment.
pub(super) fn results(config: &Config, name: &Name) -> anyhow::Result<Results> {
    let names = Names::new(&config.topics, name.clone());
    if !shadow::list(&config.kafka, &config.topics)?.contains(name) {
        return Err(shadow::OwnError::Missing(name.to_string()).into());
    }
    Ok(shadow::results(&config.kafka, &names, config.partitions)?)
}

/// Makes rows of what a replay found, where the deployment has a ClickHouse. What came of it, as a line.
pub(super) fn stored(config: &Config, names: &Names, runtime: &Handle) -> String {
    if config.account.is_none() {
        return String::new();
    }
    let stored = shadow::results(&config.kafka, names, config.partitions)
        .map_err(anyhow::Error::from)
        .map(|results| runtime.block_on(rows::told(config, &results)));
    stored.unwrap_or_else(|error| rows::unstored(&error))
}
