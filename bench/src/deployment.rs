//! The deployment that the benchmarks of the line load: topics, a bundle, and real processes of huiyin.

use crate::contestant;
use anyhow::{Context, Result};
use dev::rig::home::{Home, free_ports};
use dev::rig::instance::{Instance, run};
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::rig::process::Process;
use dev::stack::{Borrowed, KafkaSource, Plan};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Its app.
pub(super) const APP: &str = "acme#bench";
/// The app's bot.
pub(super) const BOT: &str = "bot_helpdesk";
/// Secret of its callback rule.
pub(super) const SECRET: &str = "bench-secret";
/// Partitions of its topics.
pub(super) const PARTITIONS: i32 = 8;
/// Calls and sends that a process runs at a time, of which half is one app's: more than the load needs.
const MAX_RUNNING: u32 = 24_000;
/// Words that the filter looks for, as many as a real list has; none is in what the load says.
const WORDS: u32 = 5_000;

/// Topics, bundle and addresses. Dropping it stops what was started of the stack.
pub(super) struct Deployment {
    pub(super) net: Net,
    pub(super) patience: Patience,
    /// Sets this run apart from earlier ones.
    pub(super) seed: u64,
    /// Where callbacks go.
    pub(super) ingest_port: u16,
    admin_port: u16,
    max_running: u32,
    config: PathBuf,
    home: Home,
    stack: Borrowed,
}

impl Deployment {
    /// Brings the stack up, creates the topics and applies the bundle. Models and Easemob are at `stand_ins`.
    ///
    /// # Errors
    /// When something does not start or another benchmark runs.
    pub(super) fn new(stand_ins: &str) -> Result<Self> {
        Self::running_at_most(stand_ins, MAX_RUNNING)
    }

    /// The same, with so many calls at a time in a process.
    ///
    /// # Errors
    /// When something does not start or another benchmark runs.
    pub(super) fn running_at_most(stand_ins: &str, max_running: u32) -> Result<Self> {
        let net = Net::new()?;
        let patience = Patience::until_signalled(net.runtime())?;
        let stack = Borrowed::up()?;
        let home = crate::home::new(&stack, &net)?;
        let [ingest_port, admin_port] = free_ports()?;
        let mut deployment = Self {
            patience,
            seed: home.seed,
            ingest_port,
            admin_port,
            max_running,
            config: PathBuf::new(),
            net,
            home,
            stack,
        };
        deployment.config = deployment.configure("line", "", stand_ins)?;
        run(&deployment.config, &["topics", "create"])?;
        run(&deployment.config, &["config", "apply"])?;
        Ok(deployment)
    }

    /// Addresses of the brokers.
    pub(super) fn kafka(&self) -> String {
        self.stack.kafka()
    }

    /// Whether the brokers are the stack's, and nobody else's.
    pub(super) fn has_own_brokers(&self) -> bool {
        !matches!(self.stack.plan().kafka, KafkaSource::Given(_))
    }

    /// Name of a topic of the line.
    pub(super) fn topic(&self, topic: schemas::topic::Topic) -> String {
        schemas::topic::TopicNames::new(self.home.prefix()).of(topic)
    }

    /// Creates another set of the same topics for the floor of that name, and returns their prefix.
    ///
    /// # Errors
    /// When the brokers refuse.
    pub(super) fn floor_topics(&self, name: &str) -> Result<String> {
        let prefix = format!("{name}.");
        run(&self.configure(name, &prefix, "http://127.0.0.1:1")?, &["topics", "create"])?;
        Ok(format!("{}{prefix}", self.home.prefix()))
    }

    /// Starts huiyin with these roles and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub(super) fn start(&self, roles: &str) -> Result<Instance> {
        let mut instance =
            Instance::start(&self.home, "huiyin", roles, self.config.clone(), self.admin_port)?;
        instance.wait_ready(&self.net, &self.patience)?;
        Ok(instance)
    }

    /// Starts huiyin with these roles, the same topics under another prefix and this filter in place of the line's, and waits until it is
    /// ready; with the port of its callbacks.
    ///
    /// # Errors
    /// When it does not get ready, or the brokers refuse the topics.
    pub(super) fn start_beside(&self, name: &str, roles: &str, filter: &str) -> Result<(Instance, u16)> {
        let [ingest_port, admin_port] = free_ports()?;
        let own = [
            ("topic_prefix", format!("{}{name}.", self.home.prefix())),
            ("admin_port", admin_port.to_string()),
            ("ingest_port", ingest_port.to_string()),
            ("filter", filter.to_owned()),
        ];
        let mut values: BTreeMap<_, _> = self.values(name, "", "http://127.0.0.1:1").into();
        values.extend(own);
        let values: Vec<(&str, String)> = values.into_iter().collect();
        let config = self.home.configure("line.toml", &format!("{name}.toml"), &values)?;
        run(&config, &["topics", "create"])?;
        run(&config, &["config", "apply"])?;
        let mut instance = Instance::start(&self.home, name, roles, config, admin_port)?;
        instance.wait_ready(&self.net, &self.patience)?;
        Ok((instance, ingest_port))
    }

    /// Starts a shadow of the line in a process of its own, whose models are at `stand_ins`, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub(super) fn start_shadow(&self, stand_ins: &str) -> Result<Instance> {
        let [admin_port] = free_ports()?;
        let candidate = self.configure("candidate", "", stand_ins)?;
        let mut values: BTreeMap<_, _> = self.values("line", "", stand_ins).into();
        values.insert("admin_port", admin_port.to_string());
        let values: Vec<(&str, String)> = values.into_iter().collect();
        let config = self.home.configure("line.toml", "shadow.toml", &values)?;
        let mut text = std::fs::read_to_string(&config).context("reading the shadow's configuration")?;
        let section =
            format!("name = \"bench\"\ncandidate = {candidate:?}\nbudget = \"none\"\nat_once = 2000\n");
        text.push_str(&format!("\n[shadow]\n{section}"));
        std::fs::write(&config, text).context("writing the shadow's configuration")?;
        let mut instance = Instance::start(&self.home, "shadow", "shadow", config, admin_port)?;
        instance.wait_ready(&self.net, &self.patience)?;
        Ok(instance)
    }

    /// Writes a file beside the configurations, for one that names it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write_beside(&self, file: &str, text: &str) -> Result<()> {
        let path = self.home.dir.join(file);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// Starts a floor of a benchmark in a process of its own.
    ///
    /// # Errors
    /// When it ends at once.
    pub(super) fn start_floor(&self, benchmark: &str, name: &str, spec: &impl Serialize) -> Result<Process> {
        contestant::start(&self.home, benchmark, name, spec)
    }

    /// Writes `file` from the template of that name and returns where it is.
    ///
    /// # Errors
    /// When a placeholder has no value or the file cannot be written.
    pub(super) fn write(&self, file: &str, values: &[(&str, String)]) -> Result<PathBuf> {
        self.home.configure(file, file, values)
    }

    /// Starts another program in a process of its own.
    ///
    /// # Errors
    /// When it ends at once.
    pub(super) fn start_peer(&self, name: &str, command: &mut Command) -> Result<Process> {
        Process::start(self.home.service(name)?, command)
    }

    /// What the stack was started by.
    pub(super) fn plan(&self) -> &Plan {
        self.stack.plan()
    }

    /// Waits until somebody listens on a port.
    ///
    /// # Errors
    /// When nobody does within some seconds, or the process ends.
    pub(super) fn wait_listening(&self, process: &mut Process, port: u16) -> Result<()> {
        self.patience.until("the floor to listen", Duration::from_secs(20), || {
            process.check()?;
            Ok(std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(drop))
        })
    }

    fn configure(&self, what: &str, prefix: &str, stand_ins: &str) -> Result<PathBuf> {
        self.home.configure("line.toml", &format!("{what}.toml"), &self.values(what, prefix, stand_ins))
    }

    fn values(&self, what: &str, prefix: &str, stand_ins: &str) -> [(&'static str, String); 8] {
        [
            ("deployment", format!("{}-{what}", self.home.name)),
            ("topic_prefix", format!("{}{prefix}", self.home.prefix())),
            ("kafka", self.kafka()),
            ("admin_port", self.admin_port.to_string()),
            ("ingest_port", self.ingest_port.to_string()),
            ("stand_ins", stand_ins.to_owned()),
            ("max_running", self.max_running.to_string()),
            ("filter", filter()),
        ]
    }
}

/// A list of distinct words of two to four characters that nobody says, as a rule of the filter.
fn filter() -> String {
    let word = |number: u32| {
        let letter =
            |shift: u32| char::from_u32(0x5000 + (number * 7 + shift * 131) % 0x1000).unwrap_or('一');
        let text: String = (0..2 + number % 3).map(letter).collect();
        format!("\"违禁{text}{number}\"")
    };
    let words = (0..WORDS).map(word).collect::<Vec<_>>().join(", ");
    format!("[[filter.word]]\nid = \"words\"\nwords = [{words}]\naction = \"block\"\n")
}
