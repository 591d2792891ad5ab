//! One deployment of a test: its name, its directory, its ports, its topics, its database. All of it goes at the end.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pipeline::kafka::{Admin, Config, RawConfig};
use tempfile::TempDir;

use crate::books::{Books, Log};
use crate::http;
use crate::process::{Ended, Process, command};
use crate::stand_ins::StandIns;
use crate::wait::now;

const TEMPLATE: &str = include_str!("huiyin.toml");
/// Roles that can be started alone.
const ROLES: [&str; 5] = ["ingest", "decide", "call", "deliver", "account"];

/// A deployment with its stand-ins, and what its configuration file says.
pub(crate) struct Rig {
    pub(crate) stand_ins: Arc<StandIns>,
    pub(crate) books: Books,
    name: String,
    text: String,
    dir: TempDir,
    kafka: String,
    clickhouse: String,
}

impl Rig {
    /// On the local stack, with the configuration of the template, edited.
    pub(crate) fn new(name: &str, edit: impl FnOnce(String) -> String) -> Self {
        let rule = ("acme#support", "/callbacks/acme");
        Self::with(name, &variable("HUIYIN_TEST_KAFKA"), &[rule], edit)
    }

    /// On that broker, with callback rules `before` and `after` for each app and path; the second only where the file
    /// has it.
    pub(crate) fn with(
        name: &str,
        kafka: &str,
        rules: &[(&str, &str)],
        edit: impl FnOnce(String) -> String,
    ) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let ordinal = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("e-{name}-{}-{}-{ordinal}", now() % 100_000_000, std::process::id());
        let clickhouse = variable("HUIYIN_TEST_CLICKHOUSE");
        let text = edit(TEMPLATE.to_owned());
        let ingest = free_port();
        let after = text.contains("stage = \"post\"");
        let seed = u64::try_from(now()).unwrap();
        let stand_ins = Arc::new(StandIns::start(seed, ingest, rules, after));
        let text = text
            .replace("{{name}}", &name)
            .replace("{{database}}", &name.replace('-', "_"))
            .replace("{{kafka}}", kafka)
            .replace("{{clickhouse}}", &clickhouse)
            .replace("{{ingest}}", &ingest.to_string())
            .replace("{{model}}", &stand_ins.model)
            .replace("{{easemob}}", &stand_ins.easemob);
        let books = Books::new(access(kafka), &format!("{name}."));
        let dir = tempfile::Builder::new().prefix(&name).tempdir().unwrap();
        Self { stand_ins, books, name, text, dir, kafka: kafka.to_owned(), clickhouse }
    }

    /// Topics, tables and bundle.
    pub(crate) fn prepare(&self) {
        for arguments in [&["topics", "create"][..], &["migrate"], &["config", "apply"]] {
            self.done(arguments);
        }
    }

    /// A file of this deployment, edited, with an admin port of its own.
    pub(crate) fn file(&self, edit: impl FnOnce(String) -> String) -> (PathBuf, u16) {
        let admin = free_port();
        let path = self.dir.path().join(format!("{admin}.toml"));
        fs::write(&path, edit(self.text.clone()).replace("{{admin}}", &admin.to_string())).unwrap();
        (path, admin)
    }

    /// Runs a command on a file, edited.
    pub(crate) fn edited(&self, edit: impl FnOnce(String) -> String, arguments: &[&str]) -> Ended {
        command(&self.file(edit).0, arguments, &[])
    }

    /// Runs a command that must succeed and gives what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let ended = self.edited(|text| text, arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout
    }

    /// The log when every turn in it has ended.
    pub(crate) fn settled(&self, bound: Duration) -> Log {
        let begun = Instant::now();
        loop {
            let log = self.books.log();
            if log.is_quiet() {
                return log;
            }
            let late = begun.elapsed() >= bound;
            assert!(!late, "{}\n{}", log.open(), self.done(&["offsets", "show"]));
        }
    }

    /// Starts a process with those roles.
    pub(crate) fn start(&self, roles: &str) -> Process {
        self.start_with(|text| text, &["run", "--roles", roles])
    }

    /// Starts a process on a file, edited.
    pub(crate) fn start_with(&self, edit: impl FnOnce(String) -> String, arguments: &[&str]) -> Process {
        let (path, admin) = self.file(edit);
        Process::start(path, admin, arguments)
    }

    /// Every role in a process of its own, ready.
    pub(crate) fn start_apart(&self, roles: &[&str]) -> Vec<Process> {
        let mut processes: Vec<Process> = roles.iter().map(|roles| self.start(roles)).collect();
        processes.iter_mut().for_each(Process::wait_ready);
        processes
    }

    /// Full name of a topic of this deployment.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    /// Name of the deployment.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Access to its broker.
    pub(crate) fn access(&self) -> Config {
        access(&self.kafka)
    }

    pub(crate) fn admin(&self) -> Admin {
        Admin::new(&self.access()).unwrap()
    }

    /// Asks the engine.
    pub(crate) fn sql(&self, statement: &str) -> (u16, String) {
        let statement = statement.replace("{{database}}", &self.name.replace('-', "_"));
        http::call("POST", &format!("{}/", self.clickhouse), &statement).unwrap()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.dir.disable_cleanup(true);
            eprintln!("configuration and logs are kept in {}", self.dir.path().display());
        }
        // A broker of the test's own may be gone already.
        let tidy = || -> Result<(), pipeline::kafka::Error> {
            let admin = Admin::new(&access(&self.kafka))?;
            let there = admin.partitions()?;
            let prefix = self.topic("");
            let ours: Vec<&str> =
                there.keys().filter(|t| t.starts_with(&prefix)).map(String::as_str).collect();
            for role in ROLES {
                // Refused while the group waits for members that were killed; it expires by itself.
                drop(admin.delete_group(&format!("{}.{role}", self.name)));
            }
            if ours.is_empty() { Ok(()) } else { admin.delete(&ours) }
        };
        if let Err(error) = tidy() {
            eprintln!("topics of {} are left: {error}", self.name);
        }
        drop(http::call(
            "POST",
            &format!("{}/", self.clickhouse),
            &format!("DROP DATABASE IF EXISTS {}", self.name.replace('-', "_")),
        ));
    }
}

/// An environment variable of the test run.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("set {name}; `dev/stack up` starts what it names"))
}

/// Access to a broker.
pub(crate) fn access(bootstrap: &str) -> Config {
    let bootstrap = bootstrap.to_owned();
    Config::new(RawConfig {
        bootstrap,
        heartbeat_interval: Duration::from_millis(500),
        properties: Default::default(),
    })
    .unwrap()
}

/// A port that nothing listens on, below those that the system gives to connections: a process that is started again
/// finds it free.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = 20_000 + (begin + NEXT.fetch_add(2, Ordering::Relaxed)) % 10_000;
        // A broker takes the next one too.
        if [port, port + 1].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()) {
            return port;
        }
    }
}
