//! A small real model behind llama.cpp's own server: built from its source once, and asked as any local server is.

use super::fetch::Pinned;
use super::http::check;
use super::plan::Plan;
use super::ports::ensure_free;
use super::service::Service;
use crate::console::say;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Its name in calls.
pub const MODEL: &str = "gemma-3-270m";
const TERMS: &str = "https://ai.google.dev/gemma/terms";
/// Tokens of all conversations at a time, prompts and answers.
const WINDOW: &str = "8192";
/// Conversations at a time.
const SLOTS: &str = "2";

/// Checks that the port is free, or ours already.
///
/// # Errors
/// One line that says what to change.
pub(crate) fn check_port(plan: &Plan) -> Result<()> {
    match service(plan).running() {
        Some(mark) => ensure!(
            mark.port == plan.model_port,
            "the model runs on port {} and not {}: run dev/stack down first",
            mark.port,
            plan.model_port
        ),
        None => ensure_free(plan.model_port, "choose another with --model-port or HUIYIN_MODEL_PORT")?,
    }
    Ok(())
}

/// Brings the server up, unless it runs. The first time it fetches the model and builds the server.
///
/// # Errors
/// When one of them cannot be had, or the server does not answer.
pub(crate) fn up(plan: &Plan) -> Result<()> {
    let service = service(plan);
    let address = address(plan);
    if let Some(mark) = service.running() {
        say(&format!("model: already up (process {})", mark.pid));
    } else {
        let (server, weights) = (server(plan)?, weights(plan)?);
        fs::create_dir_all(&service.dir).with_context(|| format!("making {}", service.dir.display()))?;
        let mut command = Command::new(server);
        command
            .arg("--model")
            .arg(weights)
            .args(["--alias", MODEL, "--host", "127.0.0.1", "--port", &plan.model_port.to_string()])
            // The file has no template of its own; the built-in one of this name is not in Jinja.
            .args(["--no-jinja", "--chat-template", "gemma", "--ctx-size", WINDOW, "--parallel", SLOTS]);
        let mut child = service.start(&mut command, plan.model_port)?;
        let health = || check(plan.model_port, "/health").context("asking llama.cpp's server");
        service.wait_ready(&mut child, health)?;
    }
    say(&format!("model: {MODEL} at {address}"));
    Ok(())
}

/// Tells whether the server runs and answers, if it is wanted or was ever here; true unless it is wanted and does not.
pub(crate) fn status(plan: &Plan) -> bool {
    let service = service(plan);
    if !plan.model && !service.dir.exists() {
        return true;
    }
    let state = service.running().map(|mark| (check(mark.port, "/health"), mark));
    say(&match &state {
        Some((Ok(()), mark)) => format!("model: up at {} (process {})", address(plan), mark.pid),
        Some((Err(error), mark)) => format!("model: process {} runs, but {error:#}", mark.pid),
        None => "model: down".to_owned(),
    });
    !plan.model || matches!(state, Some((Ok(()), _)))
}

/// Base address of the server.
pub(crate) fn address(plan: &Plan) -> String {
    format!("http://127.0.0.1:{}", plan.model_port)
}

pub(crate) fn service(plan: &Plan) -> Service {
    Service { name: "model".to_owned(), dir: plan.local.join("model") }
}

/// llama.cpp's server.
fn server(plan: &Plan) -> Result<PathBuf> {
    let dir = plan.packages.join("llama.cpp");
    made(plan, "llama.cpp's server, built from its source", "server", &dir)?;
    Ok(dir.join("made/llama-server"))
}

/// The model's file.
fn weights(plan: &Plan) -> Result<PathBuf> {
    let dir = plan.packages.join("gemma");
    if !dir.join("made").exists() {
        say(&format!(
            "model: Gemma is provided under and subject to the Gemma Terms of Use found at {TERMS}"
        ));
    }
    made(plan, "the model Gemma 3 270M, 246 MB", "weights", &dir)?;
    Ok(dir.join("made/model.gguf"))
}

/// Lets `dev/model/<name>` make what `dev/model/<name>.txt` pins in the folder `made` of `dir`.
fn made(plan: &Plan, what: &str, name: &str, dir: &Path) -> Result<()> {
    let sources = plan.root.join("dev/model");
    fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let target = dir.join("made");
    let pins = sources.join(format!("{name}.txt"));
    let pinned = Pinned { what, pins: pins.clone(), dir, target: &target };
    pinned.ensure(|scratch| {
        let mut script = Command::new("bash");
        script.arg(sources.join(name)).arg(&pins).arg(scratch).arg(&target);
        Ok(script)
    })
}
