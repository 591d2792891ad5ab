//! All services of a plan together.

use super::plan::Plan;
use super::service::{Service, stop_all};
use super::{clickhouse, kafka};
use crate::console::say;
use anyhow::{Context, Result};
use std::fs::{self, File};

/// Waits for the lock of the plan's directory, so that two commands do not start everything twice. The lock goes with
/// the file.
pub(super) fn locked(plan: &Plan) -> Result<File> {
    fs::create_dir_all(&plan.local).with_context(|| format!("making {}", plan.local.display()))?;
    let lock = File::create(plan.local.join("stack.lock")).context("opening the stack's lock")?;
    lock.lock().context("waiting for another dev/stack")?;
    Ok(lock)
}

pub(super) fn services(plan: &Plan) -> Result<Vec<Service>> {
    let mut services = kafka::nodes(plan)?;
    services.push(clickhouse::service(plan));
    Ok(services)
}

pub(super) fn up(plan: &Plan) -> Result<()> {
    kafka::check_ports(plan)?;
    clickhouse::check_port(plan)?;
    kafka::up(plan)?;
    clickhouse::up(plan)
}

pub(super) fn down(plan: &Plan) -> Result<()> {
    stop_all(&services(plan)?)
}

/// Tells of every service whether it runs; true when all do.
pub(super) fn status(plan: &Plan) -> Result<bool> {
    Ok(kafka::status(plan)? & clickhouse::status(plan))
}

pub(super) fn reset(plan: &Plan) -> Result<()> {
    down(plan)?;
    kafka::remove_data(plan)?;
    clickhouse::remove_data(plan)?;
    say("topics and tables removed");
    Ok(())
}
