//! A process that outlives the command that started it. It is found again and stopped by its process id.

use super::fetch::tail;
use crate::console::say;
use anyhow::{Context, Result, bail, ensure};
use std::fmt;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(100);
const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// One process of the stack and the directory that holds its pid file and its output.
pub struct Service {
    /// Its name in messages.
    pub name: String,
    /// The directory.
    pub dir: PathBuf,
}

/// What a pid file says. The start time tells our process from a later one that was given the same number.
#[derive(Debug, PartialEq, Eq)]
pub struct Mark {
    /// Process id.
    pub pid: u32,
    /// Clock ticks since boot, as in `/proc/<pid>/stat`.
    started: u64,
    /// The port that it listens on; 0 when it has none.
    pub port: u16,
}

impl Mark {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let mark = Self {
            pid: words.next()?.parse().ok()?,
            started: words.next()?.parse().ok()?,
            port: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(mark)
    }

    fn is_running(&self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Sends a signal by its name without SIG.
    ///
    /// # Errors
    /// When the process runs and cannot be signalled.
    pub fn signal(&self, name: &str) -> Result<()> {
        // The `kill` of the shell, which is there wherever a shell is.
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &self.pid.to_string()])
            .stderr(Stdio::null())
            .status()?;
        // The process may have ended by itself before the signal.
        ensure!(status.success() || !self.is_running(), "sending {name} to process {}", self.pid);
        Ok(())
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} {}", self.pid, self.started, self.port)
    }
}

impl Service {
    /// The running process, if there is one.
    pub fn running(&self) -> Option<Mark> {
        let text = fs::read_to_string(self.dir.join("pid")).ok()?;
        Mark::parse(&text).filter(Mark::is_running)
    }

    /// Sends the running process a signal by its name without SIG and returns its id.
    ///
    /// # Errors
    /// When it does not run, or cannot be signalled.
    pub fn signal(&self, name: &str) -> Result<u32> {
        let mark = self.running().with_context(|| format!("{} does not run", self.name))?;
        mark.signal(name)?;
        Ok(mark.pid)
    }

    /// Starts `command` in a process group of its own, with its output in `output.log`.
    ///
    /// # Errors
    /// When the program is missing or the directory cannot be written.
    pub fn start(&self, command: &mut Command, port: u16) -> Result<Child> {
        let log = File::create(self.dir.join("output.log"))
            .with_context(|| format!("making the log of {}", self.name))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| {
                format!("starting {} by {}", self.name, command.get_program().to_string_lossy())
            })?;
        let pid = child.id();
        let started = start_time(pid).with_context(|| format!("{} ended at once", self.name))?;
        fs::write(self.dir.join("pid"), Mark { pid, started, port }.to_string())?;
        Ok(child)
    }

    /// Waits until `probe` succeeds.
    ///
    /// # Errors
    /// When the process ends first, with the end of its output; when a minute was not enough, with the last refusal.
    pub fn wait_ready<T>(&self, child: &mut Child, probe: impl Fn() -> Result<T>) -> Result<()> {
        let begun = Instant::now();
        loop {
            let Err(refusal) = probe() else { break };
            if let Some(status) = child.try_wait()? {
                bail!(
                    "{} ended while starting ({status}); {}",
                    self.name,
                    tail(&self.dir.join("output.log"))
                );
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(refusal.context(format!("{} was not ready within a minute", self.name)));
            }
            sleep(STEP);
        }
        say(&format!(
            "{}: up after {:.1} s (process {})",
            self.name,
            begun.elapsed().as_secs_f32(),
            child.id()
        ));
        Ok(())
    }
}

/// Asks every service to stop, all at once, and ends by force what has not stopped in twenty seconds.
///
/// # Errors
/// When a process cannot be signalled or survives even that.
pub fn stop_all(services: &[Service]) -> Result<()> {
    let mut left: Vec<(&Service, Mark)> =
        services.iter().filter_map(|one| Some((one, one.running()?))).collect();
    if left.is_empty() {
        say("nothing runs");
    }
    for (signal, patience) in [("TERM", STOP_WITHIN), ("KILL", Duration::from_secs(5))] {
        for (_, mark) in &left {
            mark.signal(signal)?;
        }
        let begun = Instant::now();
        while !left.is_empty() && begun.elapsed() < patience {
            sleep(STEP);
            left.retain(|(service, mark)| {
                let running = mark.is_running();
                if !running {
                    say(&format!(
                        "{}: stopped by {signal} after {:.1} s",
                        service.name,
                        begun.elapsed().as_secs_f32()
                    ));
                }
                running
            });
        }
    }
    for service in services {
        fs::remove_file(service.dir.join("pid")).ok();
    }
    match left.first() {
        Some((service, mark)) => bail!("{} (process {}) does not end", service.name, mark.pid),
        None => Ok(()),
    }
}

fn start_time(pid: u32) -> Option<u64> {
    start_time_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Field 22 of a stat line, unless the process is dead already. The name in parentheses may hold anything.
fn start_time_in(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests;
