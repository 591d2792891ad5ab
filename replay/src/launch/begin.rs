//! The beginning of a replay: its topics are there, and its manifest stands in them before anything else.

use std::collections::HashMap;
use std::sync::Arc;

use pipeline::kafka::{Config, Publisher};

use super::work::LaunchError;
use crate::range::Manifest;
use crate::results::End;
use crate::run::{end, head};
use crate::shadow::{self, Kind, Names, Settings, Writer};

/// A replay whose manifest is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// By this run.
    New(Manifest),
    /// By an earlier run.
    Before(Manifest),
}

impl Begun {
    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        let (Self::New(manifest) | Self::Before(manifest)) = self;
        manifest
    }
}

/// Begins a replay, or finds what an earlier run began. `resolve` makes the manifest of a new one. Blocks.
///
/// # Errors
/// [`LaunchError`], also that of `resolve`.
pub fn begin<E: From<LaunchError>>(
    config: &Config,
    names: &Names,
    settings: Settings,
    publisher: &Arc<Publisher>,
    resolve: impl FnOnce() -> Result<Manifest, E>,
) -> Result<Begun, E> {
    shadow::create(config, names, settings).map_err(LaunchError::from)?;
    if let Some(manifest) = shadow::manifest(config, names).map_err(LaunchError::from)? {
        return Ok(Begun::Before(manifest));
    }
    let manifest = resolve()?;
    write(names, publisher, head(&manifest).map_err(LaunchError::from)?)?;
    Ok(Begun::New(manifest))
}

/// Writes the end of a run. Blocks.
///
/// # Errors
/// [`LaunchError`].
pub fn conclude(
    names: &Names,
    publisher: &Arc<Publisher>,
    run: &str,
    ended: &End,
) -> Result<(), LaunchError> {
    write(names, publisher, [end(run, ended)?])
}

fn write(
    names: &Names,
    publisher: &Arc<Publisher>,
    records: impl IntoIterator<Item = pipeline::Outgoing>,
) -> Result<(), LaunchError> {
    let mut writer = Writer::new(Arc::clone(publisher), names, 0, HashMap::new());
    for record in records {
        writer.write(Kind::Results, record)?;
    }
    Ok(writer.flush()?)
}
