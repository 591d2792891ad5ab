//! The admin port: `/live`, `/ready`, `/metrics`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::run::Away;

/// Most connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// A connection ends within this time.
const LONGEST: Duration = Duration::from_secs(5);
/// How long accepting rests after it failed, for want of file descriptors most likely.
const REST: Duration = Duration::from_millis(100);

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
    /// Why Kafka is out of reach, while it is.
    pub(crate) away: Away,
    /// Renders the meter.
    pub(crate) meter: PrometheusHandle,
}

#[derive(Serialize)]
struct Health {
    ok: bool,
    roles: Vec<RoleHealth>,
    /// Why Kafka is out of reach, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    kafka: Option<String>,
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
    tokio::spawn(accept(listener, router));
    Ok(bound)
}

/// One request per connection, and a bound on both, so that whoever holds connections open cannot keep probes out.
async fn accept(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let place = Arc::clone(&places).acquire_owned().await;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accept admin connection");
                sleep(REST).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection =
                http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
            match timeout(LONGEST, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "admin connection ended"),
                Err(_) => tracing::debug!("admin connection was too slow"),
            }
            drop(place);
        });
    }
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
    (status, Json(Health { ok, roles, kafka: admin.away.why() }))
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(LONGEST * 3, stream.read_to_string(&mut answer)).await.expect("it closes").ok();
        answer
    }

    #[tokio::test]
    async fn hostile_requests_get_their_status_and_slow_ones_make_room_for_a_probe() {
        let probe: Probe = Arc::new(Vec::new);
        let meter = PrometheusBuilder::new().build_recorder().handle();
        let admin = Admin { probe, open: Arc::new(AtomicBool::new(true)), away: Away::default(), meter };
        let address = serve(SocketAddr::from(([127, 0, 0, 1], 0)), admin).await.unwrap();
        for (line, status) in [
            ("GET /ready HTTP/1.1", "200"),
            ("GET /live HTTP/1.0", "200"),
            ("POST /ready HTTP/1.1", "405"),
            ("GET /../ready HTTP/1.1", "404"),
            ("GET /%72eady HTTP/1.1", "404"),
            ("BREW /metrics HTTP/1.1", "405"),
            ("GET /ready HTTP/9.9", "400"),
            ("\0\u{1}", "400"),
        ] {
            let answer = ask(address, &format!("{line}\r\nhost: x\r\n\r\n")).await;
            assert_eq!(answer.get(9..12), Some(status), "{line:?}: {answer}");
        }
        assert!(
            ask(address, &format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(500_000))).await.get(9..12)
                != Some("200")
        );
        let mut slow = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /ready HTTP/1.1\r\nhost:").await.unwrap();
            slow.push(stream);
        }
        let answer = ask(address, "GET /ready HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}
