//! One run of a kind (a demo, a failure run, a benchmark): its name, its directory, its ports. A new run removes what earlier runs of
//! its kind left.

use super::net::Net;
use super::topics;
use crate::console::say;
use crate::stack::{Borrowed, Service, render, stop_all};
use anyhow::{Context, Result, bail};
use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The directory of a run. As long as this value lives, no other run of its kind can begin.
pub struct Home {
    /// Seed of the stand-ins; new in each run, so that no id repeats.
    pub seed: u64,
    /// Name of the deployment.
    pub name: String,
    /// Its directory.
    pub dir: PathBuf,
    /// Folder of the templates of its files.
    templates: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes a new run of `kind`, and removes the processes, topics and tables that earlier ones left. The templates of
    /// its files are in the folder `templates` of the repository.
    ///
    /// # Errors
    /// When another run of the kind is on, or its directory, Kafka or ClickHouse refuse.
    pub fn new(kind: &str, templates: &str, stack: &Borrowed, net: &Net) -> Result<Self> {
        let runs = stack.plan().local.join(kind);
        let lock = alone(kind, &runs)?;
        sweep(kind, &runs, stack, net)?;
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let name = format!("{kind}-{seed}");
        let dir = runs.join(&name);
        fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        let templates = stack.plan().root.join(templates);
        Ok(Self { seed, name, dir, templates, _lock: lock })
    }

    /// Prefix of its topics.
    pub fn prefix(&self) -> String {
        prefix_of(&self.name)
    }

    /// Its database.
    pub fn database(&self) -> String {
        database_of(&self.name)
    }

    /// Where a process keeps its pid and its output.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn service(&self, process: &str) -> Result<Service> {
        let service = Service { name: process.to_owned(), dir: self.dir.join(process) };
        fs::create_dir_all(&service.dir).with_context(|| format!("making {}", service.dir.display()))?;
        Ok(service)
    }

    /// Writes `file` from the kind's template of that name and returns where it is.
    ///
    /// # Errors
    /// When a placeholder has no value or the file cannot be written.
    pub fn configure(&self, template: &str, file: &str, values: &[(&str, String)]) -> Result<PathBuf> {
        let source = self.templates.join(template);
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
pub fn free_ports<const N: usize>() -> Result<[u16; N]> {
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

/// Keeps every other run of a kind out of `folder`, as long as the file lives.
///
/// # Errors
/// When one is on.
pub fn alone(kind: &str, folder: &Path) -> Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).with_context(|| format!("opening the lock of {kind}"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => bail!("another dev/{kind} runs in this repository"),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {kind}")),
    }
}

fn sweep(kind: &str, runs: &Path, stack: &Borrowed, net: &Net) -> Result<()> {
    let names = entries(runs, |name| name.starts_with(&format!("{kind}-")))?;
    if names.is_empty() {
        return Ok(());
    }
    say(&format!("removing what {} left", names.join(", ")));
    let mut left = Vec::new();
    for name in &names {
        let run = runs.join(name);
        let services = entries(&run, |_| true)?.into_iter();
        left.extend(services.map(|process| Service { dir: run.join(&process), name: process }));
    }
    left.retain(|service| service.running().is_some());
    if !left.is_empty() {
        stop_all(&left)?;
    }
    let prefixes: Vec<String> = names.iter().map(|name| prefix_of(name)).collect();
    topics::delete(&stack.kafka(), &prefixes).context("deleting the topics of earlier runs")?;
    for name in &names {
        let drop = format!("DROP DATABASE IF EXISTS {}", database_of(name));
        net.post_text(&stack.clickhouse(), &drop).context("dropping the tables of an earlier run")?;
        fs::remove_dir_all(runs.join(name)).with_context(|| format!("removing {name}"))?;
    }
    Ok(())
}

/// Names of the folders in a folder that are wanted.
fn entries(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string().ok().filter(|name| is_wanted(name)));
        }
    }
    Ok(names)
}

fn prefix_of(name: &str) -> String {
    format!("{name}.")
}

fn database_of(name: &str) -> String {
    name.replace('-', "_")
}
