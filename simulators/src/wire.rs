//! Serves a router over plain TCP and lets a reply break its own connection.

use crate::traffic::Fate;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Sleep;
use tower::ServiceExt as _;

/// How long a broken reply rests before the break, so that what came before it reaches the client.
const FLUSH: Duration = Duration::from_millis(30);

/// Asked for by a reply, in its extensions: the connection ends with a TCP reset.
#[derive(Clone, Copy, Debug)]
enum Reset {
    /// No byte of a reply is sent.
    Unanswered,
    /// The reply's own body fails after its headers went out.
    InBody,
}

/// What is known of the connection of a request, in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    /// Another request came over it before.
    pub(crate) is_reused: bool,
}

#[derive(Debug, Error)]
#[error("the fault plan broke the connection")]
struct Broken;

/// A reply that is never sent: the client sees a connection reset.
pub(crate) fn reset() -> Response {
    let mut reply = Response::new(Body::empty());
    reply.extensions_mut().insert(Reset::Unanswered);
    reply.extensions_mut().insert(Fate::Failed);
    reply
}

/// Sends `sent` of a body that promised `promised` bytes, then closes the connection in good order.
pub(crate) fn cut_short(sent: Bytes, promised: usize) -> Response {
    let mut reply = Response::new(Body::new(Script::failing_after(sent)));
    reply.headers_mut().insert(http_length(), promised.into());
    reply
}

/// Sends status and headers, then resets the connection.
pub(crate) fn reset_after_headers(promised: usize) -> Response {
    let mut reply = cut_short(Bytes::new(), promised);
    reply.extensions_mut().insert(Reset::InBody);
    reply
}

fn http_length() -> axum::http::HeaderName {
    axum::http::header::CONTENT_LENGTH
}

/// Accepts connections until the task is aborted; open connections end with it.
pub(crate) async fn serve(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(FLUSH).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let reset = Arc::new(AtomicBool::new(false));
    let is_reused = AtomicBool::new(false);
    let io = TokioIo::new(Resettable { stream, reset: Arc::clone(&reset) });
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let is_reused = is_reused.swap(true, Ordering::Relaxed);
        request.extensions_mut().insert(Connection { is_reused });
        let (router, reset) = (router.clone(), Arc::clone(&reset));
        async move {
            let reply = router.oneshot(request.map(Body::new)).await.map_err(|never| match never {})?;
            match reply.extensions().get::<Reset>() {
                None => Ok(reply),
                Some(kind) => {
                    reset.store(true, Ordering::Relaxed);
                    if matches!(kind, Reset::Unanswered) { Err(Broken) } else { Ok(reply) }
                }
            }
        }
    });
    // Planned breaks and clients that went away both end here; neither needs a warning.
    if let Err(error) = http1::Builder::new().serve_connection(io, service).await {
        tracing::debug!(%error, "connection ended early");
    }
}

/// A stream that, once told so, closes with a TCP reset in place of an orderly end.
struct Resettable {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::warn!(%error, "cannot arrange a connection reset");
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // An orderly end would reach the client before the reset and hide it.
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A body that sends some bytes, rests, then fails.
struct Script {
    chunks: VecDeque<Bytes>,
    rest: Pin<Box<Sleep>>,
}

impl Script {
    fn failing_after(sent: Bytes) -> Self {
        let chunks = if sent.is_empty() { VecDeque::new() } else { VecDeque::from([sent]) };
        Self { chunks, rest: Box::pin(tokio::time::sleep(FLUSH)) }
    }
}

impl HttpBody for Script {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Some(chunk) = self.chunks.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        ready!(self.rest.as_mut().poll(cx));
        Poll::Ready(Some(Err(Broken)))
    }
}
