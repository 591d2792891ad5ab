//! The admin port: `/live`, `/ready`, `/metrics`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;

/// How one role is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RoleHealth {
    /// The role's name.
    pub(crate) role: &'static str,
    /// Its threads make progress.
    pub(crate) live: bool,
    /// It takes work.
    pub(crate) ready: bool,
    /// What it is busy with, or what is wrong.
    pub(crate) detail: String,
}

/// Asks every role how it is.
pub(crate) type Probe = Arc<dyn Fn() -> Vec<RoleHealth> + Send + Sync>;

/// What the admin port tells.
#[derive(Clone)]
pub(crate) struct Admin {
    /// Asks the roles.
    pub(crate) probe: Probe,
    /// Shut when the process is asked to end, before anything else happens.
    pub(crate) open: Arc<AtomicBool>,
    /// Renders the meter.
    pub(crate) meter: PrometheusHandle,
}

#[derive(Serialize)]
struct Health {
    ok: bool,
    roles: Vec<RoleHealth>,
}

/// Serves until the process ends; returns where.
pub(crate) async fn serve(listen: SocketAddr, admin: Admin) -> anyhow::Result<SocketAddr> {
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("listen on admin address {listen}"))?;
    let bound = listener.local_addr().context("read admin address")?;
    let router = Router::new()
        .route("/live", get(live))
        .route("/ready", get(ready))
        .route("/metrics", get(|State(admin): State<Admin>| async move { admin.meter.render() }))
        .with_state(admin);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "serve admin port");
        }
    });
    Ok(bound)
}

async fn live(State(admin): State<Admin>) -> (StatusCode, Json<Health>) {
    answer(|roles| roles.iter().all(|role| role.live), &admin)
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, Json<Health>) {
    let open = admin.open.load(Ordering::Acquire);
    answer(|roles| open && roles.iter().all(|role| role.live && role.ready), &admin)
}

fn answer(judge: impl Fn(&[RoleHealth]) -> bool, admin: &Admin) -> (StatusCode, Json<Health>) {
    let roles = (admin.probe)();
    let ok = judge(&roles);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Health { ok, roles }))
}
