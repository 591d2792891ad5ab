//! `dev bench`: what the line costs, each figure beside a floor or a peer measured in the same run.

mod account;
mod document;
mod growth;
mod table;
mod turns;
mod usage;

use crate::say::say;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::path::Path;
use std::process::ExitCode;
use table::Table;

#[derive(Args)]
pub(crate) struct Cli {
    /// What to measure
    name: Name,
    /// Put the result into docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// How often each figure is measured; the median and the range are told
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// The benchmarks.
#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// Rows per second into ClickHouse, beside a raw insert of the same rows
    Account,
    /// Cost per message with more partitions, conversations and backlog
    Growth,
}

/// Measures and tells; a missed goal is told and is no failure, since goals are for one kind of machine.
///
/// # Errors
/// When something does not start or answer, or the document cannot be written.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode> {
    let name = cli.name.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let table: Table = match cli.name {
        Name::Account => account::run(cli.rounds)?,
        Name::Growth => growth::run(cli.rounds)?,
    };
    let text = table.to_markdown(&name);
    say(&text);
    if cli.write {
        let path = Path::new("docs/benchmarks.md");
        document::put(path, &name, &text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
