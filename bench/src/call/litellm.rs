//! The peer: LiteLLM's proxy with one worker, before the same model.

use crate::deployment::Deployment;
use anyhow::{Context, Result};
use dev::rig::home::free_ports;
use dev::rig::process::Process;
use dev::stack::{Dependencies, packages, python};
use std::time::Duration;

/// The file that pins its version.
const PINS: &str = "bench/litellm/requirements.txt";
/// It imports for long.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// A proxy that runs. Dropping it stops it.
pub(super) struct LiteLlm {
    process: Process,
    /// Base address.
    pub(super) url: String,
}

impl LiteLlm {
    /// Fetches it, starts it before the model at `model`, and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be had or does not get ready.
    pub(super) fn start(deployment: &Deployment, model: &str) -> Result<Self> {
        let packages = packages(deployment.plan(), "litellm", PINS, Dependencies::Included)?;
        let config = deployment.write("litellm.yaml", &[("stand_ins", model.to_owned())])?;
        let [port] = free_ports()?;
        let mut command = python();
        command
            .args(["-c", "from litellm import run_server; run_server()", "--config"])
            .arg(config)
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--num_workers", "1"])
            .env("PYTHONPATH", packages)
            // As its guide for production says; prices come from the package and not from the net.
            .env("LITELLM_MODE", "PRODUCTION")
            .env("LITELLM_LOG", "ERROR")
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        let mut process = deployment.start_peer("litellm", &mut command)?;
        let url = format!("http://127.0.0.1:{port}");
        let alive = format!("{url}/health/liveliness");
        let ready = deployment.patience.until("LiteLLM to be ready", READY_WITHIN, || {
            process.check()?;
            Ok(deployment.net.is_ok(&alive).then_some(()))
        });
        ready.with_context(|| process.tail())?;
        Ok(Self { process, url })
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

/// The version that is pinned, to be told.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn version(deployment: &Deployment) -> Result<String> {
    let pins = deployment.plan().root.join(PINS);
    let pins = std::fs::read_to_string(&pins).with_context(|| format!("reading {}", pins.display()))?;
    let version = pins.lines().find_map(|line| line.strip_prefix("litellm[proxy]=="));
    Ok(version.context("the pins name no LiteLLM")?.trim().to_owned())
}
