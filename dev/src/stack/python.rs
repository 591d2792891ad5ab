//! Python packages of pinned versions, each set in a folder of its own below `.local/`.

use super::fetch::Pinned;
use super::plan::Plan;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Which packages are fetched beside those that a file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependencies {
    /// All that they need.
    Included,
    /// None: the file names everything that is used.
    LeftOut,
}

/// The folder with the packages that the file `pins` of the repository names, for `PYTHONPATH`. They are fetched once per
/// version, into the folder `what` of the plan's packages.
///
/// # Errors
/// When python3 or its pip is missing, or the packages cannot be had.
pub fn packages(plan: &Plan, what: &str, pins: &str, dependencies: Dependencies) -> Result<PathBuf> {
    let dir = plan.packages.join(what);
    let target = dir.join("python");
    let pins = plan.root.join(pins);
    let pinned = Pinned { what, pins: pins.clone(), dir: &dir, target: &target };
    pinned.ensure(|scratch| {
        let mut install = pip(scratch)?;
        install.args(["install", "--no-compile", "--target"]).arg(&target).arg("--requirement").arg(&pins);
        if dependencies == Dependencies::LeftOut {
            install.arg("--no-deps");
        }
        Ok(install)
    })?;
    Ok(target)
}

/// `python3`, which leaves no byte code beside the sources.
pub fn python() -> Command {
    let mut python = Command::new("python3");
    python.arg("-B");
    python
}

/// `pip` without a command, whose own files go to `scratch`.
///
/// # Errors
/// When python3 is missing or has none.
pub(crate) fn pip(scratch: &Path) -> Result<Command> {
    let version =
        python().args(["-m", "pip", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(version.context("starting python3")?.success(), "python3 has no pip: install python3-pip");
    let mut pip = python();
    pip.args(["-m", "pip", "--no-cache-dir", "--disable-pip-version-check"]).env("TMPDIR", scratch);
    Ok(pip)
}
