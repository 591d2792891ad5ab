//! One contestant, in a process of its own.

use super::spec::{Kind, Spec};
use super::{call, fold, raw};
use anyhow::{Context, Result};

/// Runs the contestant until the process is ended.
///
/// # Errors
/// When it ends by itself.
pub(crate) fn run(spec: &str) -> Result<()> {
    let spec: Spec = serde_json::from_str(spec).context("reading what to run")?;
    if spec.plain {
        pipeline::kafka::plain::switch_on();
    }
    match spec.kind {
        Kind::Fold => fold::run(&spec),
        Kind::Call => call::run(&spec),
        Kind::RawFold | Kind::RawCall => raw::run(&spec),
    }
}
