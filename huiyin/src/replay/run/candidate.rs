//! The file that is tried.

use std::path::Path;

use anyhow::Context;
use catalogue::{Bundle, Contents};
use schemas::ids::BundleHash;

use super::From;
use crate::config::Config;
use crate::rehearse;

/// A file that is tried: what makes its bundle, and its section `[call]`.
pub(super) struct Candidate {
    /// The file's name.
    pub(super) name: String,
    pub(super) hash: BundleHash,
    pub(super) bundle: Bundle,
    pub(super) contents: Contents,
    pub(super) config: Config,
}

impl Candidate {
    /// Reads it. Where no model is asked, secrets that are not at hand do not matter.
    pub(super) fn read(path: &Path, models: From) -> anyhow::Result<Self> {
        let config = match models {
            From::Recorded => Config::read(path, None, rehearse::variable),
            From::RecordedThenLive | From::Live => Config::read(path, None, crate::variable),
        };
        let config = config.context("read --candidate")?;
        let hash = config.bundle.hash().context("hash the candidate's bundle")?;
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        Ok(Self { name, hash, bundle: config.bundle.clone(), contents: config.sections().contents(), config })
    }
}
