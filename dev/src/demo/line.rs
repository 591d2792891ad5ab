//! The line itself: huiyin in two processes, so that the call step can be killed alone.

use anyhow::{Result, ensure};
use dev::rig::home::{Home, free_ports};
use dev::rig::instance::{Instance, run};
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::rig::process::program;
use dev::rig::stand_ins::StandIns;
use dev::stack::Borrowed;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

/// Where the line's configuration comes from.
pub(crate) struct Source {
    /// Template of its file.
    pub(crate) template: &'static str,
    /// Base address of the models.
    pub(crate) model: String,
    /// Where callbacks go.
    pub(crate) ingest_port: u16,
}

/// Both instances. Dropping it stops them, the one that answers callbacks first.
pub(crate) struct Line {
    front: Instance,
    call: Instance,
    net: Rc<Net>,
}

impl Line {
    /// Starts everything on an empty deployment; it may not be ready yet.
    ///
    /// # Errors
    /// When a command fails or an instance does not start.
    pub(crate) fn start(
        home: &Home,
        stack: &Borrowed,
        stand_ins: &StandIns,
        source: Source,
        net: &Rc<Net>,
    ) -> Result<Self> {
        let [admin, call_admin] = free_ports()?;
        let configure = |file: &str, admin: u16| {
            let values = [
                ("deployment", home.name.clone()),
                ("topic_prefix", home.prefix()),
                ("database", home.database()),
                ("kafka", stack.kafka()),
                ("clickhouse", stack.clickhouse()),
                ("admin_port", admin.to_string()),
                ("ingest_port", source.ingest_port.to_string()),
                ("easemob", stand_ins.easemob_url.clone()),
                ("model", source.model.clone()),
            ];
            home.configure(source.template, file, &values)
        };
        let (config, call_config) =
            (configure("huiyin.toml", admin)?, configure("huiyin-call.toml", call_admin)?);
        for command in [&["topics", "create"] as &[&str], &["migrate"], &["config", "apply"]] {
            run(&config, command)?;
        }
        Ok(Self {
            front: Instance::start(home, "line", "ingest,decide,deliver,account", config, admin)?,
            call: Instance::start(home, "call", "call", call_config, call_admin)?,
            net: Rc::clone(net),
        })
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
                instance.start_again(home)?;
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
        self.front.wait_ready(&self.net, patience)?;
        self.call.wait_ready(&self.net, patience)
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
        format!("{}\n{}", self.front.metrics(&self.net), self.call.metrics(&self.net))
    }

    /// Runs a command of huiyin and returns what it printed.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        run(self.front.config(), arguments)
    }

    /// What a command prints, whatever its exit code says: a gate that fails has spoken as well.
    ///
    /// # Errors
    /// When it prints nothing, with what it said instead.
    pub(crate) fn outcome(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(program("huiyin")?);
        let output = command.arg("--config").arg(self.front.config()).args(arguments).output()?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(!told.is_empty(), "huiyin {}: {complaint}", arguments.join(" "));
        Ok(told)
    }

    /// Its configuration file.
    pub(crate) fn config(&self) -> &Path {
        self.front.config()
    }

    /// The command line of huiyin for this deployment, to be shown.
    ///
    /// # Errors
    /// When the program is missing.
    pub(crate) fn prompt(&self) -> Result<String> {
        Ok(format!("{} --config {}", program("huiyin")?.display(), self.front.config().display()))
    }
}
