//! Processes of the binary: started, asked, signalled by their id, and never left behind.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use serde_json::Value;

use crate::http;
use crate::wait::{seconds, until};

/// What a command gave.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command of the binary to its end.
pub(crate) fn command(config: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
    command.arg("--config").arg(config).args(arguments).envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// One `huiyin run`.
pub(crate) struct Process {
    child: Child,
    name: String,
    config: PathBuf,
    arguments: Vec<String>,
    admin: u16,
    log: PathBuf,
}

impl Process {
    /// Starts it; it is not ready yet.
    pub(crate) fn start(config: PathBuf, admin: u16, arguments: &[&str]) -> Self {
        let log = config.with_extension("log");
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let child = spawn(&config, &arguments, &log);
        Self { child, name: arguments.join(" "), config, arguments, admin, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again under the same instance id, after it has ended.
    pub(crate) fn start_again(&mut self) {
        assert!(self.ended().is_some(), "{} still runs", self.name);
        self.child = spawn(&self.config, &self.arguments, &self.log);
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        signal(self.id(), "TERM");
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end and gives the exit code.
    pub(crate) fn wait_end(&mut self, bound: u64) -> Option<i32> {
        let what = format!("the end of {}", self.name);
        until(&what, seconds(bound), || self.child.try_wait().unwrap()).code()
    }

    /// Status and body of `/ready`; `None` when nobody answers.
    pub(crate) fn ready(&self) -> Option<(u16, Value)> {
        let (status, body) = http::call("GET", &format!("http://127.0.0.1:{}/ready", self.admin), "").ok()?;
        Some((status, serde_json::from_str(&body).ok()?))
    }

    /// What the meter shows.
    pub(crate) fn metrics(&self) -> String {
        http::call("GET", &format!("http://127.0.0.1:{}/metrics", self.admin), "").unwrap().1
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready().is_some_and(|(status, _)| status == 200)
    }

    /// Waits until it takes work.
    pub(crate) fn wait_ready(&mut self) {
        until(&format!("{} to be ready", self.name), seconds(40), || {
            assert!(self.ended().is_none(), "{} ended: {}", self.name, self.tail());
            self.is_ready().then_some(())
        });
    }

    /// Everything that it has written so far, all its runs together.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of what it has written.
    pub(crate) fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<&str> = output.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!("--- {} ---\n{}", self.name, self.tail());
        }
    }
}

fn spawn(config: &Path, arguments: &[String], log: &Path) -> Child {
    let log: File = OpenOptions::new().create(true).append(true).open(log).unwrap();
    Command::new(env!("CARGO_BIN_EXE_huiyin"))
        .arg("--config")
        .arg(config)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Signals a process by its id.
pub(crate) fn signal(id: u32, name: &str) {
    let status = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &id.to_string()]).status();
    assert!(status.unwrap().success(), "signal {name} to {id}");
}
