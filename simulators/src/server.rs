//! A running stand-in: binding, the handle that owns it, and its end.

use crate::wire;
use axum::Router;
use std::net::SocketAddr;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Why a stand-in did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address could not be bound.
    #[error("cannot bind {addr}: {source}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The configuration contradicts itself.
    #[error("configuration refused: {0}")]
    Config(String),
    /// The HTTP client for callbacks could not be built.
    #[error("cannot build the callback client: {0}")]
    Client(String),
}

impl StartError {
    /// A short stable name for logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "bind",
            Self::Config(_) => "config",
            Self::Client(_) => "client",
        }
    }
}

/// A running stand-in. Dropping it ends the stand-in and closes its connections.
#[derive(Debug)]
pub struct Handle {
    /// Where it listens; the real port when port 0 was asked for.
    pub addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Handle {
    /// The absolute URL of a path such as `/control/inbox`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |source| StartError::Bind { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

pub(crate) fn run(listener: TcpListener, addr: SocketAddr, router: Router) -> Handle {
    Handle { addr, task: tokio::spawn(wire::serve(listener, router)) }
}
