//! The command line of `dev stack`.

use super::all::{down, locked, reset, services, status, up};
use super::plan::{Options, Plan};
use crate::console::say;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What to do, and with which ports.
#[derive(Args)]
pub struct Cli {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Action {
    /// Fetch what is missing and start what does not run
    Up,
    /// Stop what runs; data stays
    Down,
    /// Kill one service with SIGKILL: node-1, node-2, … or clickhouse; `up` starts it again
    Kill {
        /// Which
        service: String,
    },
    /// Stop one service with SIGSTOP, so that it hangs
    Freeze {
        /// Which
        service: String,
    },
    /// Let a frozen service go on
    Thaw {
        /// Which
        service: String,
    },
    /// Tell what runs; fails unless everything does
    Status,
    /// Stop, and remove all topics and tables; what was fetched stays
    Reset,
}

/// Runs the chosen action.
///
/// # Errors
/// When an option is refused, a port is taken, a tool is missing or a service does not come up.
pub fn run(cli: &Cli) -> Result<ExitCode> {
    let plan = Plan::resolve(&cli.options, |name| std::env::var(name).ok())?;
    let _lock = locked(&plan)?;
    match &cli.action {
        Action::Up => up(&plan)?,
        Action::Down => down(&plan)?,
        Action::Kill { service } => signal(&plan, service, "KILL")?,
        Action::Freeze { service } => signal(&plan, service, "STOP")?,
        Action::Thaw { service } => signal(&plan, service, "CONT")?,
        Action::Status if !status(&plan)? => return Ok(ExitCode::FAILURE),
        Action::Status => {}
        Action::Reset => reset(&plan)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn signal(plan: &Plan, name: &str, signal: &str) -> Result<()> {
    let services = services(plan)?;
    let service = services.iter().find(|service| service.dir.file_name().is_some_and(|dir| dir == name));
    let service = service.with_context(|| format!("no service {name}: node-1, node-2, … or clickhouse"))?;
    say(&format!("{}: SIG{signal} to process {}", service.name, service.signal(signal)?));
    Ok(())
}
