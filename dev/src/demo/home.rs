//! One run of the demo: its name, its directory, its ports. Earlier runs are swept away.

use super::net::Net;
use super::topics;
use crate::say::say;
use crate::stack::{Borrowed, Service, render, stop_all};
use anyhow::{Context, Result, bail};
use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Processes of a run, each with its own directory.
pub(crate) const PROCESSES: [&str; 3] = ["line", "call", "stand-ins"];

/// Where a run lives. No other run does as long as this lives.
pub(crate) struct Home {
    /// Seed of the stand-ins; new in each run, so that no id repeats.
    pub(crate) seed: u64,
    /// Name of the deployment.
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    root: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes a new run, and removes the processes, topics and tables that earlier ones left.
    ///
    /// # Errors
    /// When another demo runs, or its directory, Kafka or ClickHouse refuse.
    pub(crate) fn new(stack: &Borrowed, net: &Net) -> Result<Self> {
        let demos = stack.plan().local.join("demo");
        fs::create_dir_all(&demos).with_context(|| format!("making {}", demos.display()))?;
        let lock = File::create(demos.join("lock")).context("opening the demo's lock")?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another dev/demo runs in this repository"),
            Err(TryLockError::Error(error)) => return Err(error).context("locking the demo"),
        }
        sweep(&demos, stack, net)?;
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let name = format!("demo-{seed}");
        let dir = demos.join(&name);
        for process in PROCESSES {
            fs::create_dir_all(dir.join(process)).with_context(|| format!("making {}", dir.display()))?;
        }
        Ok(Self { seed, name, dir, root: stack.plan().root.clone(), _lock: lock })
    }

    /// Prefix of its topics.
    pub(crate) fn prefix(&self) -> String {
        prefix_of(&self.name)
    }

    /// Its database.
    pub(crate) fn database(&self) -> String {
        database_of(&self.name)
    }

    /// Where a process keeps its pid and its output.
    pub(crate) fn service(&self, process: &str) -> Service {
        service_of(&self.dir, process)
    }

    /// Writes `file` from the template of `dev/demo.d` of that name and returns where it is.
    ///
    /// # Errors
    /// When a placeholder has no value or the file cannot be written.
    pub(crate) fn configure(&self, template: &str, file: &str, values: &[(&str, String)]) -> Result<PathBuf> {
        let source = self.root.join("dev/demo.d").join(template);
        let text = fs::read_to_string(&source).with_context(|| format!("reading {}", source.display()))?;
        let filled = render(&text, values).with_context(|| format!("filling {}", source.display()))?;
        let path = self.dir.join(file);
        fs::write(&path, filled).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }
}

/// Ports of the loopback interface that nothing listens on.
///
/// # Errors
/// When the system has none.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // All are held until the last is found, so that they differ.
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
        *port = listener.local_addr().context("looking for a free port")?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn sweep(demos: &Path, stack: &Borrowed, net: &Net) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(demos).with_context(|| format!("reading {}", demos.display()))? {
        names.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with("demo-")));
    }
    if names.is_empty() {
        return Ok(());
    }
    say(&format!("removing what {} left", names.join(", ")));
    let left: Vec<Service> = names
        .iter()
        .flat_map(|name| PROCESSES.map(|process| service_of(&demos.join(name), process)))
        .filter(|service| service.running().is_some())
        .collect();
    if !left.is_empty() {
        stop_all(&left)?;
    }
    let prefixes: Vec<String> = names.iter().map(|name| prefix_of(name)).collect();
    topics::delete(&stack.kafka(), &prefixes).context("deleting the topics of earlier demos")?;
    for name in &names {
        let drop = format!("DROP DATABASE IF EXISTS {}", database_of(name));
        net.post_text(&stack.clickhouse(), &drop).context("dropping the tables of an earlier demo")?;
        fs::remove_dir_all(demos.join(name)).with_context(|| format!("removing {name}"))?;
    }
    Ok(())
}

fn prefix_of(name: &str) -> String {
    format!("{name}.")
}

fn database_of(name: &str) -> String {
    name.replace('-', "_")
}

fn service_of(dir: &Path, process: &str) -> Service {
    let name = if process == "stand-ins" { process.to_owned() } else { format!("huiyin ({process})") };
    Service { name, dir: dir.join(process) }
}
