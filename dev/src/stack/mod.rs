//! `dev stack`: a real Kafka and a real ClickHouse engine, started, found again and stopped by process id.

mod borrowed;
mod clickhouse;
mod cluster;
mod fetch;
mod kafka;
mod metadata;
mod node;
mod plan;
mod ports;
mod service;
mod template;

use crate::say::say;
use anyhow::{Context, Result};
pub(crate) use borrowed::{Borrowed, Part};
use clap::{Args, Subcommand};
pub(crate) use cluster::coordinator;
pub(crate) use fetch::tail;
pub(crate) use metadata::has_topics;
#[cfg(feature = "bench")]
pub(crate) use plan::KafkaSource;
use plan::Options;
pub(crate) use plan::Plan;
pub(crate) use service::{Service, stop_all};
use std::fs::{self, File};
use std::process::ExitCode;
pub(crate) use template::render;

#[derive(Args)]
pub(crate) struct Cli {
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
pub(crate) fn run(cli: &Cli) -> Result<ExitCode> {
    let plan = Plan::resolve(&cli.options, |name| std::env::var(name).ok())?;
    let _lock = locked(&plan)?;
    match &cli.action {
        Action::Up => up(&plan)?,
        Action::Down => down(&plan)?,
        Action::Kill { service } => signal(&plan, service, "KILL")?,
        Action::Freeze { service } => signal(&plan, service, "STOP")?,
        Action::Thaw { service } => signal(&plan, service, "CONT")?,
        Action::Status => return status(&plan),
        Action::Reset => reset(&plan)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Two stacks on one directory at a time would start everything twice; the lock goes with the file.
fn locked(plan: &Plan) -> Result<File> {
    fs::create_dir_all(&plan.local).with_context(|| format!("making {}", plan.local.display()))?;
    let lock = File::create(plan.local.join("stack.lock")).context("opening the stack's lock")?;
    lock.lock().context("waiting for another dev/stack")?;
    Ok(lock)
}

fn services(plan: &Plan) -> Result<Vec<Service>> {
    let mut services = kafka::nodes(plan)?;
    services.push(clickhouse::service(plan));
    Ok(services)
}

fn up(plan: &Plan) -> Result<()> {
    kafka::check_ports(plan)?;
    clickhouse::check_port(plan)?;
    kafka::up(plan)?;
    clickhouse::up(plan)
}

fn down(plan: &Plan) -> Result<()> {
    stop_all(&services(plan)?)
}

fn signal(plan: &Plan, name: &str, signal: &str) -> Result<()> {
    let services = services(plan)?;
    let service = services.iter().find(|service| service.dir.file_name().is_some_and(|dir| dir == name));
    let service = service.with_context(|| format!("no service {name}: node-1, node-2, … or clickhouse"))?;
    say(&format!("{}: SIG{signal} to process {}", service.name, service.signal(signal)?));
    Ok(())
}

fn status(plan: &Plan) -> Result<ExitCode> {
    let all_up = kafka::status(plan)? & clickhouse::status(plan);
    Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn reset(plan: &Plan) -> Result<()> {
    down(plan)?;
    kafka::remove_data(plan)?;
    clickhouse::remove_data(plan)?;
    say("topics and tables removed");
    Ok(())
}
