//! The HTTP client: one attempt, bounded in time and size.

use std::{
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use reqwest::{Response, redirect};
use tokio::time::{Instant, timeout_at};

use crate::{
    class::Class,
    config::client::{ClientSettings, Proxy},
    failure::Failure,
    reply::{Classify, Reply},
    request::Request,
    tls::install_tls_provider,
    transport::{self, Phase},
};

/// Sends requests to one endpoint, or to several that share its limits; keeps their connections. Cloning shares
/// the connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    attempt_timeout: Duration,
    max_body_bytes: usize,
}

/// The client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The HTTP library refused, for instance because the system has no root certificates; the environment
    /// variable `SSL_CERT_FILE` names a file with some.
    #[error("build an http client: {0:?}")]
    Http(#[source] reqwest::Error),
}

impl BuildError {
    /// The kind of error, for metrics and logs.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Http(_) => "http_client",
        }
    }
}

impl Client {
    /// Builds a client that follows no redirects. Installs a TLS provider when the process has none.
    ///
    /// # Errors
    /// When the system's root certificates cannot be used.
    pub fn new(settings: &ClientSettings) -> Result<Self, BuildError> {
        install_tls_provider();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.idle_timeout)
            .pool_idle_timeout(settings.pool_idle_timeout)
            .pool_max_idle_per_host(settings.pool_max_idle_per_host)
            .http2_keep_alive_interval(settings.http2_keep_alive_interval)
            .user_agent(settings.user_agent.clone())
            .redirect(redirect::Policy::none());
        builder = match &settings.proxy {
            Proxy::Off => builder.no_proxy(),
            Proxy::Environment => builder,
            Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url.clone()).map_err(BuildError::Http)?),
        };
        let http = builder.build().map_err(BuildError::Http)?;
        Ok(Self { http, attempt_timeout: settings.attempt_timeout, max_body_bytes: settings.max_body_bytes })
    }

    /// Sends the request once and reads the whole reply, whatever its status, until the deadline or the
    /// client's attempt timeout, whichever is earlier.
    ///
    /// # Errors
    /// [`Class::Timeout`] when time ran out; [`Class::ServerError`] when no connection could be made;
    /// [`Class::Protocol`] when the reply was cut, unreadable, or a success larger than the limit;
    /// [`Class::BadRequest`] when the request cannot be sent at all. Ambiguous unless no byte was sent.
    pub async fn attempt(&self, request: &Request, deadline: Instant) -> Result<Reply, Failure> {
        let started = Instant::now();
        let until = deadline.min(started + self.attempt_timeout);
        let begun = AtomicU16::new(0);
        let result = timeout_at(until, self.exchange(request, &begun)).await.unwrap_or_else(|_| {
            let waited = until.saturating_duration_since(started).as_millis();
            Err(Failure::new(Class::Timeout, format!("no complete reply in {waited} ms")).possibly_done())
        });
        let begun = Some(begun.into_inner()).filter(|status| *status > 0);
        result.map_err(|failure| Failure { status: begun, ..failure })
    }

    /// [`Client::attempt`], then what the reply means.
    ///
    /// # Errors
    /// Those of the attempt and of the classifier.
    pub async fn call<C: Classify>(
        &self,
        request: &Request,
        deadline: Instant,
        classifier: &C,
    ) -> Result<C::Output, Failure> {
        classifier.classify(&self.attempt(request, deadline).await?)
    }

    /// `begun` becomes the status as soon as the reply's head is there.
    async fn exchange(&self, request: &Request, begun: &AtomicU16) -> Result<Reply, Failure> {
        let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
        *outgoing.headers_mut() = request.headers.clone();
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.clone().into());
        }
        let sent = self.http.execute(outgoing).await;
        let mut response = sent.map_err(|error| transport::failure(&error, Phase::Head))?;
        let received = SystemTime::now();
        let headers = std::mem::take(response.headers_mut());
        let status = response.status();
        begun.store(status.as_u16(), Ordering::Relaxed);
        let body = self.read_body(response).await?;
        Ok(Reply { status, headers, body, received })
    }

    /// An error page is cut at the limit, since its status says enough; a success beyond the limit is useless.
    async fn read_body(&self, mut response: Response) -> Result<Bytes, Failure> {
        let mut body = BytesMut::new();
        loop {
            let chunk = response.chunk().await.map_err(|error| transport::failure(&error, Phase::Body))?;
            let Some(chunk) = chunk else { return Ok(body.freeze()) };
            let room = self.max_body_bytes - body.len();
            if chunk.len() <= room {
                body.extend_from_slice(&chunk);
            } else if response.status().is_success() {
                let detail = format!("read the reply's body: larger than {} bytes", self.max_body_bytes);
                return Err(Failure::new(Class::Protocol, detail).possibly_done());
            } else {
                body.extend_from_slice(&chunk[..room]);
                return Ok(body.freeze());
            }
        }
    }
}
