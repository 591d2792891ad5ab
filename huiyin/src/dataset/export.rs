//! `huiyin dataset export`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use replay::dataset::export::{Form, exported};
use replay::dataset::read;

/// Which data set, and into what.
#[derive(Args)]
pub(crate) struct Export {
    /// The data set, as `huiyin dataset cut` writes it
    #[arg(long)]
    dataset: PathBuf,
    /// The form
    #[arg(long, value_enum)]
    to: To,
    /// The file to write; standard output by default
    #[arg(long)]
    out: Option<PathBuf>,
}

/// A form.
#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// A file of tests for promptfoo, in YAML
    Promptfoo,
    /// A JSON object for each turn: messages with roles, and the answer that was given
    Jsonl,
}

impl From<To> for Form {
    fn from(to: To) -> Self {
        match to {
            To::Promptfoo => Self::Promptfoo,
            To::Jsonl => Self::Lines,
        }
    }
}

/// Writes it.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn run(ask: &Export) -> anyhow::Result<String> {
    let shown = ask.dataset.display();
    let text = std::fs::read_to_string(&ask.dataset).with_context(|| format!("read {shown}"))?;
    let dataset = read(&text).with_context(|| format!("read {shown}"))?;
    let text = exported(&dataset, ask.to.into())?;
    let Some(out) = &ask.out else { return Ok(text) };
    std::fs::write(out, text).with_context(|| format!("write {}", out.display()))?;
    Ok(format!("{} turns written to {}\n", dataset.turns.len(), out.display()))
}
