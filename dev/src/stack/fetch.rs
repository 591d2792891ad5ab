//! Fetches packages whose versions a file of the repository pins, with a package tool, and reports progress every few seconds.

use crate::console::say;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(200);
const TELL_EVERY: Duration = Duration::from_secs(3);

/// Packages of pinned versions, kept in `dir`.
pub(crate) struct Pinned<'a> {
    pub(crate) what: &'a str,
    /// The file that names the versions; a copy in `dir` tells which were fetched.
    pub(crate) pins: PathBuf,
    pub(crate) dir: &'a Path,
    /// Where the tool is told to put the packages, below `dir`.
    pub(crate) target: &'a Path,
}

impl Pinned<'_> {
    /// Runs `tool` unless the pinned versions are here; it gets a directory for its own files, removed afterwards.
    ///
    /// # Errors
    /// When the tool is missing or fails; the end of its log is in the message.
    pub(crate) fn ensure(&self, tool: impl FnOnce(&Path) -> Result<Command>) -> Result<()> {
        let wanted =
            fs::read_to_string(&self.pins).with_context(|| format!("reading {}", self.pins.display()))?;
        let copy = self.dir.join("fetched");
        if fs::read_to_string(&copy).is_ok_and(|fetched| fetched == wanted) {
            return Ok(());
        }
        let scratch = self.dir.join("fetching");
        for old in [self.target, &scratch] {
            if old.exists() {
                fs::remove_dir_all(old).with_context(|| format!("removing {}", old.display()))?;
            }
        }
        fs::create_dir_all(&scratch).with_context(|| format!("making {}", scratch.display()))?;
        run(self.what, &mut tool(&scratch)?, &scratch, &self.dir.join("fetch.log"))?;
        fs::remove_dir_all(&scratch).with_context(|| format!("removing {}", scratch.display()))?;
        Ok(fs::write(&copy, wanted)?)
    }
}

/// Runs `tool` until it ends; what it writes goes to `log`, what has arrived is measured in `arrives`.
fn run(what: &str, tool: &mut Command, arrives: &Path, log: &Path) -> Result<()> {
    let program = tool.get_program().to_string_lossy().into_owned();
    let output = File::create(log).with_context(|| format!("making {}", log.display()))?;
    let mut child = tool
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("starting {program}, which fetches {what}"))?;
    let begun = Instant::now();
    let mut told = begun;
    say(&format!("{what}: fetching with {program}"));
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let megabytes = size_of(arrives) / 1_000_000;
            say(&format!("{what}: {megabytes} MB after {} s", begun.elapsed().as_secs()));
        }
        sleep(STEP);
    };
    if !status.success() {
        bail!("{program} could not fetch {what} ({status}); {}", tail(log));
    }
    say(&format!("{what}: fetched in {} s", begun.elapsed().as_secs()));
    Ok(())
}

/// The last lines of a log, for a message.
pub fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n  ");
    format!("the end of {}:\n  {last}", log.display())
}

/// Bytes below `path`; files that come and go meanwhile count as nothing.
fn size_of(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, metadata)| if metadata.is_dir() { size_of(&path) } else { metadata.len() })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn packages_are_fetched_once_per_version_and_again_after_a_failure() {
        let dir = std::env::temp_dir().join(format!("huiyin-dev-fetch-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (pins, target) = (dir.join("pins"), dir.join("target"));
        let pinned = Pinned { what: "it", pins: pins.clone(), dir: &dir, target: &target };
        let fetched = || fs::read_to_string(target.join("package")).unwrap();
        let make =
            |content: &str| shell(&format!("mkdir {0} && printf {content} > {0}/package", target.display()));
        fs::write(&pins, "1").unwrap();
        let refusal = pinned.ensure(|_| Ok(shell("echo no network; exit 4"))).unwrap_err().to_string();
        assert!(refusal.contains("exit status: 4") && refusal.contains("no network"), "{refusal}");
        pinned.ensure(|_| Ok(make("one"))).unwrap();
        pinned.ensure(|_| Ok(make("never"))).unwrap();
        assert_eq!(fetched(), "one");
        fs::write(&pins, "2").unwrap();
        pinned.ensure(|_| Ok(make("two"))).unwrap();
        assert_eq!(fetched(), "two");
        assert!(!dir.join("fetching").exists());
        fs::remove_dir_all(&dir).unwrap();
    }
}
