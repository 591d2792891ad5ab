//! The server: listens, accepts connections, and drains when it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::config::Limits;
use crate::connection_slots::{ConnectionSlot, ConnectionSlots};
use crate::ingest::Ingest;
use crate::metrics;
use crate::router::router;
use crate::tls::{self, TlsError};

/// Largest header of a request, in bytes.
const MAX_HEADER_BYTES: usize = 16 * 1_024;
/// How long to wait after a connection could not be accepted, most likely because there are no file descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// HTTPS cannot be offered.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ServeError {
    /// Its name in logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "listen",
            Self::Tls(error) => error.label(),
        }
    }
}

/// The running server. Dropping it stops accepting.
pub struct IngestHandle {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl IngestHandle {
    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening. Requests at work are answered, idle connections are closed.
    pub fn stop_accepting(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until every request is answered and every withdrawal is queued. Only then flush the publisher. Without a
    /// preceding [`Self::stop_accepting`] it waits for ever; bound it, since Kafka may be away.
    pub async fn drained(self) {
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "server ended by a panic");
        }
    }
}

/// Listens on the configured address and answers until it is told to stop.
///
/// # Errors
/// [`ServeError`] when certificate files cannot be used or the address is taken.
pub async fn serve(ingest: Arc<Ingest>) -> Result<IngestHandle, ServeError> {
    let tls = ingest.config.tls.as_ref().map(tls::acceptor).transpose()?;
    let listen = |source| ServeError::Listen { address: ingest.config.listen, source };
    let listener = TcpListener::bind(ingest.config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let (stop, stopped) = watch::channel(false);
    let server = Server { tls, router: router(&ingest), limits: ingest.config.limits };
    let serving = tokio::spawn(async move {
        accept(listener, server, stopped).await;
        ingest.idle().await;
    });
    Ok(IngestHandle { address, stop, serving })
}

/// What all connections share.
#[derive(Clone)]
struct Server {
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
}

async fn accept(listener: TcpListener, server: Server, mut stopped: watch::Receiver<bool>) {
    let slots = ConnectionSlots::new(server.limits.max_connections);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            let stream = listener.accept().await;
            (slots.take().await, stream)
        };
        let (slot, stream) = tokio::select! {
            accepted = accepted => accepted,
            // An error means that the handle was dropped, which stops as well.
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        match stream {
            Ok((stream, _)) => {
                let (server, watcher) = (server.clone(), graceful.watcher());
                tokio::spawn(async move {
                    let longest = (server.limits.header_timeout + server.limits.body_timeout) * 2;
                    tokio::select! {
                        () = server.serve_connection(stream, watcher, &slot) => {}
                        () = slot.must_close(longest) => metrics::refused("crowded_out"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accept connection");
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

impl Server {
    async fn serve_connection(self, stream: TcpStream, watcher: Watcher, slot: &Arc<ConnectionSlot>) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "set nodelay");
        }
        let Some(tls) = &self.tls else { return self.serve_http(stream, watcher, slot).await };
        match timeout(self.limits.header_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve_http(stream, watcher, slot).await,
            Ok(Err(error)) => {
                metrics::refused("tls");
                tracing::info!(%error, "tls handshake");
            }
            Err(_) => metrics::refused("header_timeout"),
        }
    }

    async fn serve_http(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        watcher: Watcher,
        slot: &Arc<ConnectionSlot>,
    ) {
        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(Arc::clone(slot));
            let response = router.call(request);
            async move {
                let response = response.await;
                slot.end_request();
                response
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            let reason = if error.is_timeout() {
                "header_timeout"
            } else if error.is_parse() {
                "bad_http"
            } else {
                "broken_connection"
            };
            metrics::refused(reason);
            tracing::debug!(reason, "connection ended");
        }
    }
}
