//! Starts the stand-ins and keeps them up until SIGTERM or Ctrl-C.

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use simulators::file::File;
use simulators::{easemob, model, reviewer};
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Stand-ins of Easemob and of six families of model providers, with faults.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the stand-ins and print one ready line for each.
    Run(Run),
}

#[derive(Debug, Args)]
struct Run {
    /// Address of the Easemob stand-in; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    easemob: SocketAddr,
    /// Address of the model stand-in; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    model: SocketAddr,
    /// Address of the stand-in of reviewers, which is not started without one; port 0 takes a free one.
    #[arg(long)]
    reviewer: Option<SocketAddr>,
    /// Seed of message ids, tokens and latencies; wins over the file.
    #[arg(long)]
    seed: Option<u64>,
    /// Configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let Command::Run(run) = Cli::parse().command;
    let file = read(run.config.as_deref())?;
    let file = match run.seed {
        Some(seed) => file.with_seed(seed),
        None => file,
    };
    let mut terminated = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let easemob = easemob::start_at(run.easemob, file.easemob).await.context("start the Easemob stand-in")?;
    let model = model::start_at(run.model, file.model).await.context("start the model stand-in")?;
    announce("easemob", easemob.addr)?;
    announce("model", model.addr)?;
    let reviewer = match run.reviewer {
        Some(addr) => {
            Some(reviewer::start_at(addr, file.reviewer).await.context("start the reviewer stand-in")?)
        }
        None => None,
    };
    if let Some(reviewer) = &reviewer {
        announce("reviewer", reviewer.addr)?;
    }
    tokio::select! {
        _ = terminated.recv() => {}
        ended = tokio::signal::ctrl_c() => ended.context("listen for Ctrl-C")?,
    }
    tracing::info!("stopped");
    Ok(())
}

fn read(path: Option<&Path>) -> anyhow::Result<File> {
    let Some(path) = path else { return Ok(File::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    File::parse(&text).with_context(|| format!("parse {}", path.display()))
}

fn announce(name: &str, addr: SocketAddr) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready {name} http://{addr}").context("print the ready line")?;
    out.flush().context("print the ready line")
}
