//! The line: two processes of each role, killed, stopped and started one by one.

use super::clock::now;
use super::faults::{Fault, Kind};
use super::role::{Who, everybody};
use super::scale::Scale;
use anyhow::{Context, Result, ensure};
use dev::rig::home::Home;
use dev::rig::instance::{Instance, run};
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::rig::stand_ins::StandIns;
use dev::stack::Borrowed;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// Everything that the processes of one deployment are configured with.
pub(crate) struct Site<'a> {
    pub(crate) home: &'a Home,
    /// Name of the deployment.
    pub(crate) name: String,
    pub(crate) stack: &'a Borrowed,
    pub(crate) stand_ins: &'a StandIns,
    pub(crate) scale: &'a Scale,
    /// First of the ports of its processes.
    pub(crate) ports: u16,
}

impl Site<'_> {
    /// Prefix of its topics.
    pub(crate) fn prefix(&self) -> String {
        format!("{}.", self.name)
    }

    /// The configuration file of one of its processes, and the port of that process's admin side. `order` is its place
    /// among them.
    pub(crate) fn configure(&self, instance: usize, order: usize, file: &str) -> Result<(PathBuf, u16)> {
        let admin = self.ports + u16::try_from(2 * order)?;
        let values = [
            ("deployment", self.name.clone()),
            ("topic_prefix", self.prefix()),
            ("database", self.name.replace('-', "_")),
            ("instance", instance.to_string()),
            ("kafka", self.stack.kafka()),
            ("clickhouse", self.stack.clickhouse()),
            ("admin_port", admin.to_string()),
            ("ingest_port", (admin + 1).to_string()),
            ("easemob", self.stand_ins.easemob_url.clone()),
            ("model", self.stand_ins.model_url.clone()),
            ("max_running", self.scale.max_running.to_string()),
            ("slow_timeout", self.scale.slow_timeout.as_secs().to_string()),
            ("steady_ms", self.scale.steady.as_millis().to_string()),
        ];
        Ok((self.home.configure("huiyin.toml", file, &values)?, admin))
    }

    /// Topics, tables and bundle of the deployment.
    pub(crate) fn prepare(&self, config: &std::path::Path) -> Result<()> {
        for command in [&["topics", "create"] as &[&str], &["migrate"], &["config", "apply"]] {
            run(config, command)?;
        }
        Ok(())
    }
}

/// The line. Dropping it stops every process.
pub(crate) struct Line {
    instances: Vec<(Who, Instance)>,
    net: Rc<Net>,
    patience: Patience,
}

impl Line {
    /// Port of an instance of ingest.
    pub(crate) fn ingest_port(first: u16, number: u16) -> u16 {
        first + 2 * number + 1
    }

    /// Starts everything on an empty deployment and waits until it is ready.
    pub(crate) fn start(site: &Site, net: &Rc<Net>, patience: &Patience) -> Result<Self> {
        let mut line = Self { instances: Vec::new(), net: Rc::clone(net), patience: patience.clone() };
        for (order, who) in everybody().enumerate() {
            let (config, admin) = site.configure(who.number, order, &format!("{who}.toml"))?;
            if order == 0 {
                site.prepare(&config)?;
            }
            let name = who.to_string();
            let instance = Instance::start(site.home, &name, who.role.label(), config, admin)?;
            line.instances.push((who, instance));
        }
        line.wait_ready()?;
        Ok(line)
    }

    /// Waits until every process says that it takes work.
    pub(crate) fn wait_ready(&mut self) -> Result<()> {
        let (net, patience) = (&self.net, &self.patience);
        self.instances.iter_mut().try_for_each(|(_, instance)| instance.wait_ready(net, patience))
    }

    /// Waits until one process says that it takes work.
    pub(crate) fn wait_ready_one(&mut self, who: Who) -> Result<()> {
        let (net, patience) = (Rc::clone(&self.net), self.patience.clone());
        self.get(who)?.wait_ready(&net, &patience)
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self, who: Who) -> Result<Fault> {
        let from = now();
        self.get(who)?.process.kill()?;
        Ok(Fault { kind: Kind::Kill, role: Some(who.role), from, to: now() })
    }

    /// Lets a process end at a step of its next commit and waits until it has; nothing when the step does not come
    /// within the bound.
    pub(crate) fn crash(
        &mut self,
        home: &Home,
        who: Who,
        step: &str,
        bound: Duration,
    ) -> Result<Option<Fault>> {
        let patience = self.patience.clone();
        let instance = self.get(who)?;
        let from = now();
        instance.crash_at(home, step)?;
        let begun = std::time::Instant::now();
        let ended = patience.until(&format!("{who} to end at {step}"), bound * 2, || {
            Ok(match instance.process.has_ended()? {
                true => Some(true),
                false => (begun.elapsed() > bound).then_some(false),
            })
        })?;
        if !ended {
            instance.never_mind(home)?;
        }
        Ok(ended.then(|| Fault { kind: Kind::Kill, role: Some(who.role), from, to: now() }))
    }

    /// Starts a process again under the same id.
    pub(crate) fn start_again(&mut self, home: &Home, who: Who) -> Result<()> {
        self.get(who)?.start_again(home)
    }

    /// SIGSTOP or SIGCONT.
    pub(crate) fn signal(&mut self, who: Who, name: &str) -> Result<()> {
        self.get(who)?.process.signal(name)
    }

    /// SIGTERM, wait for the end, start, wait until it is ready.
    pub(crate) fn restart(&mut self, home: &Home, who: Who) -> Result<Fault> {
        let patience = self.patience.clone();
        let from = now();
        self.signal(who, "TERM")?;
        let instance = self.get(who)?;
        patience.until(&format!("{who} to end"), Duration::from_secs(40), || {
            Ok(instance.process.has_ended()?.then_some(()))
        })?;
        self.start_again(home, who)?;
        self.wait_ready_one(who)?;
        Ok(Fault { kind: Kind::Restart, role: Some(who.role), from, to: now() })
    }

    /// Starts again whoever has ended by itself, and names them.
    pub(crate) fn revive(&mut self, home: &Home) -> Result<Vec<String>> {
        let mut ended = Vec::new();
        for (who, instance) in &mut self.instances {
            if instance.process.has_ended()? {
                ended.push(format!("{who} ended by itself; {}", instance.process.tail()));
                instance.start_again(home)?;
            }
        }
        Ok(ended)
    }

    /// What all meters say.
    pub(crate) fn metrics(&self) -> String {
        self.instances.iter().map(|(_, instance)| instance.metrics(&self.net) + "\n").collect()
    }

    /// What those say that are not ready.
    pub(crate) fn unready(&self) -> String {
        let unready = self.instances.iter().filter(|(_, instance)| !instance.is_ready(&self.net));
        unready.map(|(who, instance)| format!("{who}: {}\n", instance.readiness(&self.net))).collect()
    }

    /// Runs a command of huiyin and returns what it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        let (_, first) = self.instances.first().context("the line has no process")?;
        run(first.config(), arguments)
    }

    fn get(&mut self, who: Who) -> Result<&mut Instance> {
        let found = self.instances.iter_mut().find(|(other, _)| *other == who);
        Ok(&mut found.with_context(|| format!("there is no {who}"))?.1)
    }
}

/// Fails unless nothing listens on the ports of the processes.
pub(crate) fn check_ports(first: u16, processes: usize) -> Result<()> {
    for port in (first..).take(2 * processes) {
        let free = std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        ensure!(free, "port {port} is taken: choose others with HUIYIN_KAFKA_PORT");
    }
    Ok(())
}
