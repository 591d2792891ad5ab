//! A process of a run, which is stopped when it is dropped.

use crate::console::complain;
use crate::stack::{Service, stop_all, tail};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where the output of a process goes.
const LOG: &str = "output.log";

/// A running process. Its log is `output.log` in its directory.
pub struct Process {
    service: Service,
    child: Child,
}

impl Process {
    /// Starts a program in a process group of its own, so that Ctrl-C at the terminal does not reach it.
    ///
    /// # Errors
    /// When the program is missing or ends at once.
    pub fn start(service: Service, command: &mut Command) -> Result<Self> {
        // The log of a predecessor is kept: its end says why the process ended.
        keep(&service.dir);
        let child = service.start(command, 0)?;
        Ok(Self { service, child })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would: SIGKILL, without a chance to finish anything.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("killing {}", self.service.name))?;
        self.child.wait().with_context(|| format!("waiting for the end of {}", self.service.name))?;
        Ok(())
    }

    /// Sends it a signal by its name without SIG.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal(&self, name: &str) -> Result<()> {
        self.service.signal(name).map(drop)
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// When the system refuses to tell.
    pub fn has_ended(&mut self) -> Result<bool> {
        let ended = self.child.try_wait().with_context(|| format!("looking after {}", self.service.name))?;
        Ok(ended.is_some())
    }

    /// Asks it to end, waits until it has ended, and returns how long that took.
    ///
    /// # Errors
    /// When it cannot be asked, or has not ended after `bound`.
    pub fn end_within(&mut self, bound: Duration) -> Result<Duration> {
        let begun = Instant::now();
        self.signal("TERM")?;
        while self.child.try_wait().with_context(|| format!("awaiting {}", self.service.name))?.is_none() {
            ensure!(begun.elapsed() < bound, "{} does not end; {}", self.service.name, self.tail());
            sleep(Duration::from_millis(5));
        }
        Ok(begun.elapsed())
    }

    /// Fails with the end of its log when it has ended by itself.
    ///
    /// # Errors
    /// When it does not run.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait().with_context(|| format!("looking after {}", self.service.name))? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}); {}", self.service.name, self.tail()),
        }
    }

    /// What it has written so far.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn output(&self) -> Result<String> {
        let log = self.service.dir.join(LOG);
        fs::read_to_string(&log).with_context(|| format!("reading {}", log.display()))
    }

    /// The end of its log.
    pub fn tail(&self) -> String {
        tail(&self.service.dir.join(LOG))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A successor may have taken over this service's directory.
        if self.service.running().is_none_or(|mark| mark.pid != self.child.id()) {
            return;
        }
        if let Err(error) = stop_all(std::slice::from_ref(&self.service)) {
            complain(&format!("stopping {}: {error:#}", self.service.name));
        }
        // Reaped, so that it leaves no trace in the process table while the run goes on.
        self.child.try_wait().ok();
    }
}

/// Puts the log of a predecessor aside, under the next number.
fn keep(dir: &Path) {
    let free = (1..).map(|number| dir.join(format!("before-{number}.log"))).find(|path| !path.exists());
    free.and_then(|path| fs::rename(dir.join(LOG), path).ok());
}

/// A program that was built together with this one.
///
/// # Errors
/// When it is not beside this one.
pub fn program(name: &str) -> Result<PathBuf> {
    let here = std::env::current_exe().context("finding this program")?;
    let program = here.with_file_name(name);
    ensure!(program.is_file(), "{} is missing: the scripts of dev/ build it", program.display());
    Ok(program)
}
