//! Kafka Streams: built once by Maven, run as a process of its own.

use anyhow::{Context, Result, ensure};
use dev::rig::home::Home;
use dev::rig::process::Process;
use dev::stack::{Plan, tail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Settings of the tuned peer, by its own names.
pub(super) const TUNED: [&str; 3] =
    ["main.consumer.max.poll.records=10000", "producer.batch.size=262144", "producer.linger.ms=5"];

/// The built program.
pub(super) struct Streams {
    target: PathBuf,
}

/// What it works on.
pub(super) struct Work<'a> {
    pub(super) bootstrap: &'a str,
    pub(super) application: &'a str,
    pub(super) input: &'a str,
    pub(super) output: &'a str,
    pub(super) records: u64,
    pub(super) settings: &'a [&'a str],
}

impl Streams {
    /// Builds it unless it is built already from the same files; the first time Maven fetches its jars.
    ///
    /// # Errors
    /// When Maven fails.
    pub(super) fn build(plan: &Plan) -> Result<Self> {
        let (source, home) = (plan.root.join("bench/streams"), plan.local.join("bench-streams"));
        let target = home.join("target");
        let wanted = read(&source.join("pom.xml"))? + &read(&source.join("Peer.java"))?;
        let built = home.join("built");
        if fs::read_to_string(&built).is_ok_and(|built| built == wanted) {
            return Ok(Self { target });
        }
        fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
        let log = home.join("build.log");
        let output = File::create(&log).context("making the log of Maven")?;
        let status = Command::new("mvn")
            .args(["--batch-mode", "compile", "dependency:copy-dependencies", "--file"])
            .arg(source.join("pom.xml"))
            .arg(format!("-Dbuild.dir={}", target.display()))
            .arg(format!("-DoutputDirectory={}", target.join("lib").display()))
            .arg(format!("-Dmaven.repo.local={}", home.join("repo").display()))
            .stdout(output.try_clone()?)
            .stderr(output)
            .status()
            .context("starting mvn, which builds the peer")?;
        ensure!(status.success(), "mvn could not build the peer ({status}); {}", tail(&log));
        fs::write(&built, wanted).context("noting what was built")?;
        Ok(Self { target })
    }

    /// Starts it with an empty state directory.
    ///
    /// # Errors
    /// When it ends at once.
    pub(super) fn start(&self, home: &Home, work: &Work<'_>) -> Result<Process> {
        let service = home.service(work.application)?;
        let states = service.dir.join("states");
        let path =
            format!("{}:{}", self.target.join("classes").display(), self.target.join("lib/*").display());
        let (states, records) = (states.display().to_string(), work.records.to_string());
        let mut arguments = vec!["-Xmx2g", "-cp", &path, "Peer", work.bootstrap, work.application];
        arguments.extend([work.input, work.output, &states, &records]);
        arguments.extend(work.settings);
        Process::start(service, Command::new("java").args(arguments))
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
