//! Contestants are processes of this program, so that the processor time of each is its own.

use anyhow::{Context, Result};
use dev::rig::home::Home;
use dev::rig::process::Process;
use serde::Serialize;
use std::env::current_exe;
use std::process::Command;

/// Starts a contestant of a benchmark under a name of its own. `spec` is what the benchmark's contestant reads.
///
/// # Errors
/// When it ends at once.
pub(crate) fn start(home: &Home, benchmark: &str, name: &str, spec: &impl Serialize) -> Result<Process> {
    let spec = serde_json::to_string(spec).context("writing what to run")?;
    let program = current_exe().context("finding this program")?;
    let arguments = [benchmark, "--contestant", &spec];
    Process::start(home.service(name)?, Command::new(program).args(arguments))
}
