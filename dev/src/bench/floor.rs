//! Floors: the least that could do the same work, each in a process of its own as what it is compared with.

use super::{ingest, line};
use anyhow::Result;
use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct Cli {
    #[command(subcommand)]
    floor: Floor,
}

#[derive(Subcommand)]
enum Floor {
    /// Takes callbacks into a topic
    Ingest(ingest::floor::Cli),
    /// Passes records on through three transactions
    Chain(line::chain::Cli),
}

/// Runs a floor until it is stopped.
///
/// # Errors
/// When a client cannot go on.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode> {
    match &cli.floor {
        Floor::Ingest(cli) => ingest::floor::run(cli)?,
        Floor::Chain(cli) => line::chain::run(cli)?,
    }
    Ok(ExitCode::SUCCESS)
}
