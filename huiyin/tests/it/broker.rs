//! A broker of a test's own, from the jars of the local stack, so that it can be killed.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use pipeline::kafka::Admin;
use tempfile::TempDir;

use crate::process::signal;
use crate::rig::{access, free_port};
use crate::wait::{seconds, until};

const PROPERTIES: &str = include_str!("../../../dev/kafka/server.properties");

/// One node, killed at the end.
pub(crate) struct Broker {
    port: u16,
    dir: TempDir,
    child: Child,
}

impl Broker {
    /// Formats its storage, starts it and waits until it answers.
    pub(crate) fn start() -> Self {
        let (port, dir) = (free_port(), tempfile::Builder::new().prefix("e-broker").tempdir().unwrap());
        let data = dir.path().join("data").display().to_string();
        let controllers = format!("127.0.0.1:{}", port + 1);
        let values = [
            ("node_id", "1"),
            ("port", &port.to_string()),
            ("controller_port", &(port + 1).to_string()),
            ("controllers", &controllers),
            ("data_dir", &data),
            ("replicas", "1"),
            ("min_in_sync", "1"),
        ];
        let filled = values.iter().fold(PROPERTIES.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        });
        fs::write(dir.path().join("server.properties"), filled).unwrap();
        let format = [
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            "huiyinLocalStackClustA",
            "--standalone",
            "--config",
        ];
        let output =
            java(dir.path()).args(format).arg(dir.path().join("server.properties")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let child = run(dir.path());
        let mut broker = Self { port, dir, child };
        broker.wait_ready();
        broker
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on its data.
    pub(crate) fn start_again(&mut self) {
        self.child = run(self.dir.path());
        self.wait_ready();
    }

    /// It stands still: connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        signal(self.child.id(), "STOP");
    }

    pub(crate) fn thaw(&self) {
        signal(self.child.id(), "CONT");
    }

    fn wait_ready(&mut self) {
        let (address, child) = (self.address(), &mut self.child);
        until("the broker to listen", seconds(60), || {
            assert!(child.try_wait().unwrap().is_none(), "the broker ended: see {:?}", self.dir.path());
            TcpStream::connect(&address).ok()
        });
        until("the broker to answer", seconds(60), || {
            Admin::new(&access(&address)).unwrap().partitions().ok()
        });
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            let log = fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("--- broker ---\n{}", lines[lines.len().saturating_sub(10)..].join("\n"));
        }
    }
}

fn run(dir: &Path) -> Child {
    let log = File::options().create(true).append(true).open(dir.join("output.log")).unwrap();
    java(dir)
        .args(["-Xmx400m", "kafka.Kafka"])
        .arg(dir.join("server.properties"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn java(dir: &Path) -> Command {
    let mut java = Command::new("java");
    java.args(["-XX:-UsePerfData", "-XX:TieredStopAtLevel=1"])
        .arg(format!("-Djava.io.tmpdir={}", dir.display()))
        .arg(format!("-Dlog4j2.configurationFile={}", root().join("dev/kafka/log4j2.xml").display()))
        .arg(format!("-Dhuiyin.log={}", dir.join("server.log").display()))
        .arg("-cp")
        .arg(libs().join("*"));
    java
}

/// The jars that `dev/stack up` uses.
fn libs() -> PathBuf {
    let filled = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let libs = match filled("KAFKA_HOME") {
        Some(home) => home.join("libs"),
        None => filled("HUIYIN_LOCAL").unwrap_or_else(|| root().join(".local")).join("kafka/libs"),
    };
    assert!(libs.is_dir(), "{} has no jars of Kafka; `dev/stack up` fetches them", libs.display());
    libs
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
