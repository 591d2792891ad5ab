//! The line itself: huiyin in two processes, so that the call step can be killed alone.

use super::home::Home;
use super::net::Net;
use super::patience::{Interrupted, Patience};
use super::process::{Process, program};
use super::stand_ins::StandIns;
use crate::stack::Borrowed;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// One instance of huiyin with some of the roles.
struct Instance {
    /// Name of its directory.
    name: &'static str,
    roles: &'static str,
    config: PathBuf,
    admin: String,
    process: Process,
}

/// Both instances. Dropping it stops them, the one that answers callbacks first.
pub(crate) struct Line {
    front: Instance,
    call: Instance,
    huiyin: PathBuf,
    net: Rc<Net>,
}

impl Line {
    /// Starts everything on an empty deployment and waits until it is ready.
    ///
    /// # Errors
    /// When a command fails or an instance does not get ready; the end of its log is told.
    pub(crate) fn start(
        home: &Home,
        stack: &Borrowed,
        (stand_ins, ingest_port): (&StandIns, u16),
        (net, patience): (&Rc<Net>, &Patience),
    ) -> Result<Self> {
        let huiyin = program("huiyin")?;
        let [admin, call_admin] = super::home::free_ports()?;
        let configure = |file: &str, admin: u16| {
            let values = [
                ("deployment", home.name.clone()),
                ("topic_prefix", home.prefix()),
                ("database", home.database()),
                ("kafka", stack.kafka()),
                ("clickhouse", stack.clickhouse()),
                ("admin_port", admin.to_string()),
                ("ingest_port", ingest_port.to_string()),
                ("easemob", stand_ins.easemob_url.clone()),
                ("model", stand_ins.model_url.clone()),
            ];
            home.configure("huiyin.toml", file, &values)
        };
        let (config, call_config) =
            (configure("huiyin.toml", admin)?, configure("huiyin-call.toml", call_admin)?);
        for command in [&["topics", "create"] as &[&str], &["migrate"], &["config", "apply"]] {
            run(&huiyin, &config, command)?;
        }
        let start =
            |name: &'static str, roles: &'static str, config: PathBuf, admin: u16| -> Result<Instance> {
                let admin = format!("http://127.0.0.1:{admin}");
                let process = launch(home, name, (&huiyin, &config, roles))?;
                Ok(Instance { name, roles, config, admin, process })
            };
        let mut line = Self {
            front: start("line", "ingest,decide,deliver,account", config, admin)?,
            call: start("call", "call", call_config, call_admin)?,
            huiyin: huiyin.clone(),
            net: Rc::clone(net),
        };
        line.wait_ready(patience)?;
        Ok(line)
    }

    /// Kills the call step with SIGKILL and returns the process id that it had.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn kill_call(&mut self) -> Result<u32> {
        let id = self.call.process.id();
        self.call.process.kill()?;
        Ok(id)
    }

    /// Starts every instance that has ended again, under the same id, and returns what it did; they may not be ready
    /// yet.
    ///
    /// # Errors
    /// When one does not start.
    pub(crate) fn revive(&mut self, home: &Home) -> Result<Vec<String>> {
        let mut revived = Vec::new();
        for instance in [&mut self.front, &mut self.call] {
            if instance.process.check().is_err() {
                let ended = instance.process.id();
                instance.process =
                    launch(home, instance.name, (&self.huiyin, &instance.config, instance.roles))?;
                let id = instance.process.id();
                revived
                    .push(format!("huiyin ({}) ended; process {ended} is now process {id}", instance.name));
            }
        }
        Ok(revived)
    }

    /// Process ids, to be shown.
    pub(crate) fn ids(&self) -> String {
        let id = |instance: &Instance| format!("{} with {}", instance.process.id(), instance.roles);
        format!("{}, {}", id(&self.front), id(&self.call))
    }

    /// Waits until both instances say that they take work.
    ///
    /// # Errors
    /// When one ends or is not ready within a minute; the end of its log is told.
    pub(crate) fn wait_ready(&mut self, patience: &Patience) -> Result<()> {
        for instance in [&mut self.front, &mut self.call] {
            let what = format!("huiyin with {} to be ready", instance.roles);
            let url = format!("{}/ready", instance.admin);
            let ready = patience.until(&what, READY_WITHIN, || {
                instance.process.check()?;
                Ok(self.net.is_ok(&url).then_some(()))
            });
            ready.map_err(|error| match error.is::<Interrupted>() {
                true => error,
                false => error.context(instance.process.tail()),
            })?;
        }
        Ok(())
    }

    /// Fails with the end of a log when an instance has ended by itself.
    ///
    /// # Errors
    /// When one does not run.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.front.process.check()?;
        self.call.process.check()
    }

    /// The ends of all logs.
    pub(crate) fn tails(&self) -> String {
        format!("{}\n{}", self.front.process.tail(), self.call.process.tail())
    }

    /// What the meters say of the instances that answer, in the text form of Prometheus.
    pub(crate) fn metrics(&self) -> String {
        let of =
            |instance: &Instance| self.net.text(&format!("{}/metrics", instance.admin)).unwrap_or_default();
        format!("{}\n{}", of(&self.front), of(&self.call))
    }

    /// Runs a command of huiyin and returns what it printed.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        run(&self.huiyin, &self.front.config, arguments)
    }

    /// The command line of huiyin for this deployment, to be shown.
    pub(crate) fn prompt(&self) -> String {
        format!("{} --config {}", self.huiyin.display(), self.front.config.display())
    }
}

fn launch(home: &Home, process: &str, (huiyin, config, roles): (&Path, &Path, &str)) -> Result<Process> {
    let config = config.display().to_string();
    Process::start(home.service(process), huiyin, &["--config", &config, "run", "--roles", roles])
}

fn run(huiyin: &Path, config: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(huiyin)
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
