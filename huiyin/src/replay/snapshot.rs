//! `huiyin replay snapshot`: the states of all conversations at a time, from which replays can start.

use std::path::PathBuf;
use std::sync::Arc;

use ::replay::launch::{snapshot, states_at};
use ::replay::range::{Arguments, FORM, Manifest, Outputs, Times, bounds};
use ::replay::results::Models;
use ::replay::run::{Engine, Progress};
use ::replay::world::Line;
use anyhow::{Context, bail};
use clap::Args;
use pipeline::kafka::{Partition, watermarks};
use schemas::topic::Topic;

use super::run::stored_bundles;
use crate::config::Config;
use crate::timestamp::{Timestamp, told};
use crate::{Said, line, topics};

/// Folds the log from its first record up to a time and stores the states of all conversations, so that replays from then on start with them
#[derive(Debug, Clone, Args)]
pub(crate) struct Snapshot {
    /// The time, as 2026-01-31T08:00:00Z, or 2h ago as 2h
    #[arg(long)]
    at: Timestamp,
    /// The folder for it; it must be empty or missing
    #[arg(long)]
    out: PathBuf,
}

impl Snapshot {
    /// Writes it. Blocks.
    pub(super) fn run(&self, config: &Config) -> anyhow::Result<Said> {
        let incarnation = topics::incarnation(config)?;
        std::fs::create_dir_all(&self.out).with_context(|| format!("make {}", self.out.display()))?;
        if std::fs::read_dir(&self.out)?.next().is_some() {
            bail!("{} is not empty", self.out.display());
        }
        let manifest = self.manifest(config, &incarnation)?;
        let deployment = line::deployment(config);
        let folded = Line::new(deployment, line::settings(config), Arc::new(stored_bundles(config)));
        let progress = Progress::default();
        let engine = Engine {
            manifest: &manifest,
            line: &folded,
            candidate: None,
            fallback: None,
            chosen: None,
            progress: &progress,
        };
        let (mut conversations, mut entries) = (0, 0);
        for span in &manifest.spans {
            let states = states_at(&engine, *span)?;
            let place = snapshot::Place::new(span.partition, span.first, self.at.0, &incarnation);
            conversations += states.conversations.len();
            entries += snapshot::store(&self.out, &folded, &place, &states)?;
        }
        Ok(format!(
            "{conversations} conversations at {} in {entries} entries: {}\n",
            told(self.at.0),
            self.out.display()
        )
        .into())
    }

    /// The log from its first record on, up to the time. A log that has lost its first records has no states to give.
    fn manifest(&self, config: &Config, incarnation: &str) -> anyhow::Result<Manifest> {
        let events = config.topics.of(Topic::Events);
        let partition = |index| Partition { topic: events.as_str().into(), index };
        let partitions: Vec<Partition> = (0..config.partitions).map(partition).collect();
        let logs = watermarks(&config.kafka, &partitions).context("read the log's ends")?;
        if logs.iter().any(|(low, _)| *low > 0) {
            bail!(
                "the log has lost its first records, so that states cannot be folded from it; use --warm-up"
            );
        }
        let times = Times { from: self.at.0, to: self.at.0, warm_up: self.at.0 };
        Ok(Manifest {
            form: FORM,
            name: "snapshot".parse()?,
            arguments: Arguments {
                from: String::new(),
                to: String::new(),
                apps: Vec::new(),
                sample: None,
                dataset: None,
                candidate: None,
                models: Models::Recorded,
                fork_at: None,
                warm_up: None,
                state: None,
                outputs: Outputs::All,
            },
            from: times.from,
            to: times.to,
            warm_up: times.warm_up,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine: ::safety::ENGINE,
            incarnation: incarnation.to_owned(),
            spans: bounds(&config.kafka, &events, config.partitions, times)?,
        })
    }
}
