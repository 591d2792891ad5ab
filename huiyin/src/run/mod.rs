//! `huiyin run`: starts the roles, watches them, and ends them in order.

mod bundle_watch;
mod running;
mod start;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{SignalKind, signal};

use crate::admin::{self, Admin, Probe};
use crate::config::Config;
use crate::role::{Role, Roles};
use crate::{bundles, topics};
use running::Running;

pub(crate) use start::check_sections;

/// How often the roles are asked whether they live.
const WATCH: Duration = Duration::from_millis(250);

/// How a run is started and ended.
pub(crate) struct Options {
    /// The roles of this process.
    pub(crate) roles: Roles,
    /// Apply the file's bundle first.
    pub(crate) apply: bool,
    /// On SIGTERM, hand the partitions to the others at once: this instance does not come back.
    pub(crate) leave: bool,
}

/// The roles that run, for whoever asks them or ends them.
type Board = Arc<Mutex<BTreeMap<Role, Running>>>;

/// Runs until it is told to end, or until a role ends by itself, which is an error.
pub(crate) async fn run(config: Config, options: Options, meter: PrometheusHandle) -> anyhow::Result<()> {
    outbound::install_tls_provider();
    let config = Arc::new(config);
    let (incarnation, bundles) = prepare(Arc::clone(&config), options.apply).await?;
    let watched = bundle_watch::start(bundles).await?;
    let board: Board = Board::default();
    let open = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&board);
    let probe: Probe =
        Arc::new(move || lock(&asked).iter().map(|(role, running)| running.health(role.label())).collect());
    let address = admin::serve(config.admin, Admin { probe, open: Arc::clone(&open), meter }).await?;
    for role in &options.roles.0 {
        let running = start::start(*role, &config, &watched, &incarnation)
            .await
            .with_context(|| format!("start {}", role.label()))?;
        lock(&board).insert(*role, running);
    }
    open.store(true, Ordering::Release);
    tracing::info!(admin = %address, roles = ?options.roles.0, deployment = config.deployment, "running");
    let failure = until_end(&board).await?;
    open.store(false, Ordering::Release);
    if failure.is_none() {
        tracing::info!("asked to end");
        tokio::time::sleep(config.drain_delay).await;
    }
    end(&board, options.leave, config.grace).await;
    match failure {
        Some(failure) => bail!(failure),
        None => Ok(()),
    }
}

/// What needs the brokers before anything starts: topics and incarnation, an applied bundle.
async fn prepare(config: Arc<Config>, apply: bool) -> anyhow::Result<(String, bundles::Bundles)> {
    let prepare = move || {
        let incarnation = topics::incarnation(&config)?;
        if apply {
            tracing::info!("{}", bundles::apply(&config)?.trim_end());
        }
        Ok((incarnation, bundles::Bundles::new(config.kafka.clone(), &config.topics)))
    };
    tokio::task::spawn_blocking(prepare).await.context("prepare")?
}

/// Waits for SIGTERM or Ctrl-C, or for a role that ended by itself: then says which and why.
async fn until_end(board: &Board) -> anyhow::Result<Option<String>> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    let mut watch = tokio::time::interval(WATCH);
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(None),
            _ = interrupt.recv() => return Ok(None),
            _ = watch.tick() => {
                let ended = lock(board).iter().find_map(|(role, running)| Some((*role, running.failure()?)));
                if let Some((role, why)) = ended {
                    return Ok(Some(format!("{} ended by itself: {why}", role.label())));
                }
            }
        }
    }
}

/// Ends the roles in the order of the data flow, each within what is left of the grace.
async fn end(board: &Board, leave: bool, grace: Duration) {
    let until = tokio::time::Instant::now() + grace;
    for role in Role::ALL {
        let Some(running) = lock(board).remove(&role) else { continue };
        // The last ones still get the time to commit what they have.
        let left = until.saturating_duration_since(tokio::time::Instant::now()).max(Duration::from_secs(2));
        tracing::info!(role = role.label(), "ending");
        running.end(leave, left).await;
    }
}

fn lock(board: &Board) -> std::sync::MutexGuard<'_, BTreeMap<Role, Running>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}
