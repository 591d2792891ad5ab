//! A ClickHouse engine: the server on the PATH, or the embedded engine behind our HTTP server.

use super::fetch::Pinned;
use super::plan::Plan;
use super::ports::ensure_free;
use super::service::Service;
use super::template::render;
use crate::console::say;
use anyhow::{Context, Result, ensure};
use std::env::{split_paths, var_os};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);

/// Checks that the port is free, or ours already.
///
/// # Errors
/// One line that says what to change.
pub(crate) fn check_port(plan: &Plan) -> Result<()> {
    let port = plan.clickhouse_port;
    match service(plan).running() {
        Some(mark) => ensure!(
            mark.port == port,
            "clickhouse runs on port {} and not {port}: run dev/stack down first",
            mark.port
        ),
        None => ensure_free(port, "choose another with --clickhouse-port or HUIYIN_CLICKHOUSE_PORT")?,
    }
    Ok(())
}

/// Brings the engine up, unless it runs.
///
/// # Errors
/// When the engine cannot be had or does not answer.
pub(crate) fn up(plan: &Plan) -> Result<()> {
    let service = service(plan);
    let port = plan.clickhouse_port;
    if let Some(mark) = service.running() {
        say(&format!("clickhouse: already up (process {})", mark.pid));
    } else {
        fs::create_dir_all(&service.dir).with_context(|| format!("making {}", service.dir.display()))?;
        let mut command = match on_path("clickhouse") {
            Some(binary) => server(plan, binary)?,
            None => embedded(plan)?,
        };
        let mut child = service.start(&mut command, port)?;
        service.wait_ready(&mut child, || ping(port))?;
    }
    say(&format!("clickhouse: http://127.0.0.1:{port}"));
    Ok(())
}

/// Tells whether the engine runs and answers.
pub(crate) fn status(plan: &Plan) -> bool {
    let state = service(plan).running().map(|mark| (ping(mark.port), mark));
    say(&match &state {
        Some((Ok(()), mark)) => {
            format!("clickhouse: up at http://127.0.0.1:{} (process {})", mark.port, mark.pid)
        }
        Some((Err(error), mark)) => format!("clickhouse: process {} runs, but {error:#}", mark.pid),
        None => "clickhouse: down".to_owned(),
    });
    matches!(state, Some((Ok(()), _)))
}

/// Removes all tables; the fetched engine stays.
///
/// # Errors
/// When a file cannot be removed.
pub(crate) fn remove_data(plan: &Plan) -> Result<()> {
    for name in ["data", "server"] {
        let dir = service(plan).dir.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("removing {}", dir.display()))?;
        }
    }
    Ok(())
}

pub(crate) fn service(plan: &Plan) -> Service {
    Service { name: "clickhouse".to_owned(), dir: plan.local.join("clickhouse") }
}

/// A real server, with its files apart from the embedded engine's: their versions may differ.
fn server(plan: &Plan, binary: PathBuf) -> Result<Command> {
    let dir = service(plan).dir.join("server");
    fs::create_dir_all(&dir)?;
    let template = fs::read_to_string(plan.root.join("dev/clickhouse/server.xml"))
        .context("reading the server's template")?;
    let config = dir.join("config.xml");
    let values = [("port", plan.clickhouse_port.to_string()), ("dir", dir.display().to_string())];
    fs::write(&config, render(&template, &values)?)?;
    let mut command = Command::new(binary);
    command.args(["server", "--config-file"]).arg(config).current_dir(dir);
    Ok(command)
}

fn embedded(plan: &Plan) -> Result<Command> {
    let dir = service(plan).dir;
    let packages = fetched_engine(plan)?;
    let mut command = python();
    command
        .arg(plan.root.join("dev/clickhouse/server.py"))
        .arg("--data")
        .arg(dir.join("data"))
        .args(["--port", &plan.clickhouse_port.to_string()])
        .env("PYTHONPATH", packages)
        .current_dir(dir);
    Ok(command)
}

fn fetched_engine(plan: &Plan) -> Result<PathBuf> {
    let dir = plan.packages.join("clickhouse");
    let packages = dir.join("python");
    let pins = plan.root.join("dev/clickhouse/requirements.txt");
    let pinned = Pinned { what: "clickhouse", pins: pins.clone(), dir: &dir, target: &packages };
    pinned.ensure(|scratch| {
        let pip =
            python().args(["-m", "pip", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ensure!(
            pip.context("starting python3")?.success(),
            "python3 has no pip: install python3-pip, or have a clickhouse server on the PATH"
        );
        let mut install = python();
        install
            .args([
                "-m",
                "pip",
                "install",
                "--no-deps",
                "--no-cache-dir",
                "--no-compile",
                "--disable-pip-version-check",
            ])
            .arg("--target")
            .arg(&packages)
            .arg("--requirement")
            .arg(&pins)
            .env("TMPDIR", scratch);
        Ok(install)
    })?;
    Ok(packages)
}

fn python() -> Command {
    let mut python = Command::new("python3");
    // No byte code beside the sources.
    python.arg("-B");
    python
}

fn on_path(program: &str) -> Option<PathBuf> {
    split_paths(&var_os("PATH")?).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn ping(port: u16) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream =
        TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("connecting to {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).with_context(|| format!("waiting for {address} to answer"))?;
    ensure!(answer.get(8..12) == Some(b" 200"), "{address} does not answer /ping as ClickHouse does");
    Ok(())
}
