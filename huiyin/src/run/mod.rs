//! `huiyin run`: starts the roles, looks after them, and ends them in order.

mod bundle_watch;
mod kafka;
mod known;
mod running;
mod shadow;
mod start;
mod supervisor;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use conversation::Bundles;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{SignalKind, signal};

use crate::admin::{self, Admin, Probe, RoleHealth};
use crate::config::Config;
use crate::role::{Role, Roles};
use crate::{line, topics};
use bundle_watch::Watched;
pub(crate) use kafka::Away;
use running::Running;
use supervisor::Supervisor;

/// How often the roles are asked whether they live.
const WATCH: Duration = Duration::from_millis(250);
/// How often the meter's values are sorted into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// How a run is started and ended.
pub(crate) struct Options {
    /// The roles of this process.
    pub(crate) roles: Roles,
    /// Apply the file's bundle first.
    pub(crate) apply: bool,
    /// On SIGTERM, hand the partitions to the others at once: this instance does not come back.
    pub(crate) leave: bool,
}

/// The roles, for whoever asks them or ends them; one that is being started again with the reason why it ended.
type Board = Arc<Mutex<BTreeMap<Role, Result<Running, String>>>>;

/// Runs until it is told to end, or until another process takes its identity, which is an error.
pub(crate) async fn run(config: Config, options: Options, meter: PrometheusHandle) -> anyhow::Result<()> {
    outbound::install_tls_provider();
    let config = Arc::new(config);
    let board: Board = Board::default();
    let open = Arc::new(AtomicBool::new(false));
    tokio::spawn(keep_up(meter.clone()));
    let away = Away::default();
    let admin = Admin { probe: probe(&board), open: Arc::clone(&open), away: away.clone(), meter };
    let address = admin::serve(config.admin, admin).await?;
    let _watch = kafka::wait(&config.kafka, &away).await?;
    let (incarnation, watched) = prepare(&config, options.apply).await?;
    let mut supervisor = Supervisor::new(board, Arc::clone(&config), watched, incarnation);
    for role in &options.roles.0 {
        supervisor.start(*role).await.with_context(|| format!("start {}", role.label()))?;
    }
    open.store(true, Ordering::Release);
    tracing::info!(admin = %address, roles = ?options.roles.0, deployment = config.deployment, "running");
    let failure = until_end(&mut supervisor).await?;
    open.store(false, Ordering::Release);
    if failure.is_none() {
        tracing::info!("asked to end");
        tokio::time::sleep(config.drain_delay).await;
    }
    supervisor.end(options.leave, config.grace).await;
    match failure {
        Some(failure) => bail!(failure),
        None => Ok(()),
    }
}

/// Values of histograms pile up until somebody reads the meter; where nobody does, this sorts them into their buckets.
async fn keep_up(meter: PrometheusHandle) {
    let mut upkeep = tokio::time::interval(UPKEEP);
    loop {
        upkeep.tick().await;
        meter.run_upkeep();
    }
}

fn probe(board: &Board) -> Probe {
    let asked = Arc::clone(board);
    let health = |role: Role, entry: &Result<Running, String>| match entry {
        Ok(running) => running.health(role.label()),
        Err(why) => RoleHealth {
            role: role.label(),
            live: true,
            ready: false,
            detail: format!("is started again after: {why}"),
        },
    };
    Arc::new(move || {
        let board = lock(&asked);
        // Nobody waits for a shadow: beside other roles it does not keep the balancer from this process.
        let is_waited_for = |role: Role| role != Role::Shadow || board.len() == 1;
        let told = |(role, entry): (&Role, &Result<Running, String>)| {
            let health = health(*role, entry);
            RoleHealth { ready: health.ready || !is_waited_for(*role), ..health }
        };
        board.iter().map(told).collect()
    })
}

/// What needs the brokers before anything starts: topics and incarnation, an applied bundle. Each is several round trips, so they
/// are asked for together; what is wrong with the topics is said first.
async fn prepare(config: &Arc<Config>, apply: bool) -> anyhow::Result<(String, Watched)> {
    let incarnation = blocking(config, topics::incarnation);
    if apply {
        let incarnation = incarnation.await?;
        tracing::info!("{}", blocking(config, line::apply).await?.trim_end());
        return Ok((incarnation, bundle_watch::start(bundles(config)).await?));
    }
    let watched = tokio::spawn(bundle_watch::start(bundles(config)));
    Ok((incarnation.await?, watched.await.context("prepare")??))
}

fn bundles(config: &Config) -> Bundles {
    Bundles::new(config.kafka.clone(), &config.topics, config.bundle.hash_keys().clone())
}

/// Something that asks the brokers and blocks meanwhile.
async fn blocking<T: Send + 'static>(
    config: &Arc<Config>,
    ask: impl FnOnce(&Config) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let config = Arc::clone(config);
    tokio::task::spawn_blocking(move || ask(&config)).await.context("prepare")?
}

/// Looks after the roles until SIGTERM or Ctrl-C, or until the process must end: then says why.
async fn until_end(supervisor: &mut Supervisor) -> anyhow::Result<Option<String>> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    let mut watch = tokio::time::interval(WATCH);
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(None),
            _ = interrupt.recv() => return Ok(None),
            _ = watch.tick() => {
                if let Err(why) = supervisor.look_after().await {
                    return Ok(Some(why));
                }
            }
        }
    }
}

fn lock(board: &Board) -> std::sync::MutexGuard<'_, BTreeMap<Role, Result<Running, String>>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}
