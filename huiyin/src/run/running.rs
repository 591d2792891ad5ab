//! One running role: asked how it is, and ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline::kafka::{Partition, Publisher};
use pipeline::{Stop, batch, call, fold};

use super::known::{self, Unknown};
use super::shadow::Shadow;
use crate::admin::RoleHealth;

/// A role that runs.
pub(crate) enum Running {
    /// Callbacks to Kafka.
    Ingest {
        /// Answers them.
        server: ingest::IngestHandle,
        /// Holds what Kafka has not acknowledged yet.
        publisher: Arc<Publisher>,
    },
    /// Fold drivers that share the partitions.
    Fold(Vec<fold::Handle>),
    /// A call driver, and how long its running calls may go on when it ends.
    Call {
        /// The driver.
        driver: call::Handle,
        /// At most this long, within the whole process's grace.
        grace: Duration,
        /// What the applied bundle names and it does not know.
        unknown: Unknown,
    },
    /// A batch driver.
    Batch(batch::Handle),
    /// The steps of a shadow.
    Shadow(Box<Shadow>),
}

impl Running {
    /// How it is.
    pub(crate) fn health(&self, role: &'static str) -> RoleHealth {
        match self {
            Self::Ingest { server, publisher } => {
                let detail = format!("listens on {}, {} unacknowledged", server.addr(), publisher.waiting());
                RoleHealth { role, live: true, ready: true, detail }
            }
            Self::Fold(drivers) => folds_health(role, drivers),
            Self::Call { driver, unknown, .. } => {
                let (health, unknown) = (driver.health(), unknown.borrow());
                let status = &health.status;
                let mut detail = format!(
                    "{} partitions, {} running, {} queued, {} committed, refused {}",
                    status.partitions.len(),
                    status.running,
                    status.queued,
                    status.committed,
                    refused([&health.refused])
                );
                if !unknown.is_empty() {
                    detail = format!("{detail}; {}", known::told(&unknown));
                }
                let ready = health.is_ready() && unknown.is_empty();
                RoleHealth { role, live: health.alive, ready, detail }
            }
            Self::Batch(handle) => {
                let health = handle.health();
                let lag = health.status.lag.map_or_else(|| "unknown".to_owned(), |lag| lag.to_string());
                let assigned = health.owned.len() + health.refused.len();
                let detail =
                    format!("{assigned} partitions, lag {lag}, refused {}", refused([&health.refused]));
                RoleHealth { role, live: health.alive, ready: health.is_ready(), detail }
            }
            Self::Shadow(shadow) => shadow.health(role),
        }
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Ingest { .. } => false,
            // Without a failure it hangs, which /live tells.
            Self::Fold(drivers) => drivers.iter().any(|driver| driver.health().failure.is_some()),
            Self::Call { driver, .. } => driver.health().failure.is_some(),
            Self::Batch(handle) => handle.health().failure.is_some(),
            Self::Shadow(shadow) => shadow.has_ended(),
        }
    }

    /// Clears away what is left of a role that ended by itself, and says why it did.
    pub(crate) async fn into_failure(self, bound: Duration) -> String {
        let unknown = || "it gave no reason".to_owned();
        let why = match self {
            Self::Ingest { .. } => return unknown(),
            Self::Fold(drivers) => {
                tokio::task::spawn_blocking(move || end_folds(drivers, Stop::Restart, bound))
            }
            Self::Call { driver, .. } => {
                tokio::task::spawn_blocking(move || driver.stop(Stop::Restart, bound).failure)
            }
            Self::Batch(handle) => {
                tokio::task::spawn_blocking(move || handle.stop(Stop::Restart, bound).failure)
            }
            Self::Shadow(shadow) => tokio::task::spawn_blocking(move || shadow.end(Stop::Restart, bound)),
        };
        why.await.ok().flatten().unwrap_or_else(unknown)
    }

    /// Ends it: what it has is finished and committed within `grace`.
    pub(crate) async fn end(self, leave: bool, grace: Duration) {
        let how = if leave { Stop::Leave } else { Stop::Restart };
        match self {
            Self::Ingest { server, publisher } => end_ingest(server, publisher, grace).await,
            Self::Fold(drivers) => {
                blocking(move || {
                    if let Some(error) = end_folds(drivers, how, grace) {
                        tracing::error!(error, "end the fold");
                    }
                })
                .await;
            }
            Self::Call { driver, grace: own, .. } => {
                blocking(move || drop(driver.stop(how, grace.min(own)))).await;
            }
            Self::Batch(handle) => {
                blocking(move || drop(handle.stop(how, grace))).await;
            }
            Self::Shadow(shadow) => {
                blocking(move || {
                    if let Some(error) = shadow.end(how, grace) {
                        tracing::error!(error, "end the shadow");
                    }
                })
                .await;
            }
        }
    }
}

/// Drivers of one step, as one.
fn folds_health(role: &'static str, drivers: &[fold::Handle]) -> RoleHealth {
    let all: Vec<_> = drivers.iter().map(fold::Handle::health).collect();
    let owned: usize = all.iter().map(|health| health.owned.len()).sum();
    let restoring: usize = all.iter().map(|health| health.status.restoring.len()).sum();
    let refused = refused(all.iter().map(|health| &health.refused));
    let detail = format!("{owned} partitions, {restoring} restoring, refused {refused}");
    let live = all.iter().all(|health| health.alive);
    RoleHealth { role, live, ready: all.iter().all(fold::Health::is_ready), detail }
}

/// Partitions that drivers refuse, with the reasons.
fn refused<'a>(drivers: impl IntoIterator<Item = &'a BTreeMap<Partition, &'static str>>) -> String {
    let named = drivers.into_iter().flatten();
    let named = named.map(|(at, reason)| (format!("{}/{}", at.topic, at.index), reason));
    format!("{:?}", named.collect::<BTreeMap<_, _>>())
}

/// Ends all drivers of a step, side by side, and tells why the first one ended by itself, if any did.
fn end_folds(drivers: Vec<fold::Handle>, how: Stop, grace: Duration) -> Option<String> {
    for driver in &drivers {
        driver.ask(how, grace);
    }
    let ended: Vec<_> = drivers.into_iter().map(fold::Handle::join).collect();
    ended.into_iter().find_map(|health| health.failure)
}

/// Answers what is at work, then waits for the acknowledgement of what is queued: a message that was passed for want of
/// one, and above all a withdrawal, must not end with the process.
async fn end_ingest(server: ingest::IngestHandle, publisher: Arc<Publisher>, grace: Duration) {
    let until = Instant::now() + grace;
    server.stop_accepting();
    if tokio::time::timeout(grace, server.drained()).await.is_err() {
        tracing::warn!("callbacks were still running at the end of the grace");
    }
    let left = until.saturating_duration_since(Instant::now());
    blocking(move || {
        if !publisher.flush_within(left) {
            tracing::error!(
                records = publisher.waiting(),
                "records were not acknowledged within the grace and are given up"
            );
        }
    })
    .await;
}

/// Clients block when they are closed, which an async worker must not.
async fn blocking(work: impl FnOnce() + Send + 'static) {
    if let Err(error) = tokio::task::spawn_blocking(work).await {
        tracing::error!(%error, "end a role");
    }
}
