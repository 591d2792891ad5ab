//! One process of huiyin.

use super::home::Home;
use super::net::Net;
use super::patience::{Interrupted, Patience};
use super::process::{Process, program};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Names the file in its directory that tells an instance where in a commit to end; only builds with the test features
/// look at it.
const CRASH_FILE: &str = "HUIYIN_CRASH_FILE";
const CRASH: &str = "crash";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A process of huiyin with some of the roles.
pub struct Instance {
    /// Name of its directory.
    pub name: String,
    /// Its roles, separated by commas.
    pub roles: String,
    /// The process.
    pub process: Process,
    config: PathBuf,
    /// Base address of its admin port.
    admin: String,
}

impl Instance {
    /// Starts it; it may not be ready yet.
    ///
    /// # Errors
    /// When the program is missing or ends at once.
    pub fn start(home: &Home, name: &str, roles: &str, config: PathBuf, admin_port: u16) -> Result<Self> {
        let admin = format!("http://127.0.0.1:{admin_port}");
        let process = launch(home, name, &config, roles)?;
        Ok(Self { name: name.to_owned(), roles: roles.to_owned(), process, config, admin })
    }

    /// Starts it again after its end, under the same id; it may not be ready yet.
    ///
    /// # Errors
    /// When it ends at once.
    pub fn start_again(&mut self, home: &Home) -> Result<()> {
        self.process = launch(home, &self.name, &self.config, &self.roles)?;
        Ok(())
    }

    /// Waits until it says that it takes work.
    ///
    /// # Errors
    /// When it ends or is not ready within a minute; the end of its log is told.
    pub fn wait_ready(&mut self, net: &Net, patience: &Patience) -> Result<()> {
        let what = format!("huiyin with {} to be ready", self.roles);
        let url = format!("{}/ready", self.admin);
        let ready = patience.until(&what, READY_WITHIN, || {
            self.process.check()?;
            Ok(net.is_ok(&url).then_some(()))
        });
        ready.map_err(|error| match error.is::<Interrupted>() {
            true => error,
            false => error.context(self.process.tail()),
        })
    }

    /// Lets it end with SIGKILL when a commit reaches this step next.
    ///
    /// # Errors
    /// When the order cannot be written.
    pub fn crash_at(&self, home: &Home, step: &str) -> Result<()> {
        let dir = home.service(&self.name)?.dir;
        // In one piece, so that no half of it is read.
        fs::write(dir.join("order"), step).context("writing an order")?;
        fs::rename(dir.join("order"), dir.join(CRASH)).context("writing an order")
    }

    /// Takes such an order back.
    ///
    /// # Errors
    /// When its directory cannot be had.
    pub fn never_mind(&self, home: &Home) -> Result<()> {
        // The instance may have taken the order in the meantime.
        fs::remove_file(home.service(&self.name)?.dir.join(CRASH)).ok();
        Ok(())
    }

    /// Whether it says now that it takes work.
    pub fn is_ready(&self, net: &Net) -> bool {
        net.is_ok(&format!("{}/ready", self.admin))
    }

    /// What `/ready` says, whatever its status; nothing when it does not answer.
    pub fn readiness(&self, net: &Net) -> String {
        net.whatever(&format!("{}/ready", self.admin)).unwrap_or_default()
    }

    /// What its meters say, in the text form of Prometheus; nothing when it does not answer.
    pub fn metrics(&self, net: &Net) -> String {
        net.text(&format!("{}/metrics", self.admin)).unwrap_or_default()
    }

    /// Its configuration file.
    pub fn config(&self) -> &Path {
        &self.config
    }
}

fn launch(home: &Home, name: &str, config: &Path, roles: &str) -> Result<Process> {
    let config = config.display().to_string();
    let service = home.service(name)?;
    let mut command = Command::new(program("huiyin")?);
    command.args(["--config", &config, "run", "--roles", roles]).env(CRASH_FILE, service.dir.join(CRASH));
    Process::start(service, &mut command)
}

/// Runs a command of huiyin and returns what it printed.
///
/// # Errors
/// When it fails, with what it said.
pub fn run(config: &Path, arguments: &[&str]) -> Result<String> {
    let huiyin = program("huiyin")?;
    let output = Command::new(&huiyin)
        .arg("--config")
        .arg(config)
        .args(arguments)
        .output()
        .with_context(|| format!("starting {}", huiyin.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("huiyin {} failed ({}):\n{text}{said}", arguments.join(" "), output.status);
    }
    Ok(text)
}
