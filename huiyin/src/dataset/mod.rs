//! `huiyin dataset`: turns out of production, to be replayed or given to other tools.

mod cut;
mod export;
mod said;
mod turn;

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::Subcommand;

use crate::Said;
use crate::config::Config;

/// What to do with data sets.
#[derive(Subcommand)]
pub(crate) enum Dataset {
    /// Choose turns by what the tables know of them, and write what was said, masked, to a file
    Cut(Box<cut::Cut>),
    /// Write a data set in the form of another tool
    Export(export::Export),
}

impl Dataset {
    /// Does it; only cutting needs a configuration.
    ///
    /// # Errors
    /// When the store or the brokers do not answer, or a file cannot be read or written.
    pub(crate) async fn run(&self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
        match self {
            Self::Cut(cut) => cut::run(config()?, cut).await.map(Said::from),
            Self::Export(export) => export::run(export).map(Said::from),
        }
    }
}

/// Writes a file of texts, for its owner alone.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = common::private::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("write {}", path.display()))
}
