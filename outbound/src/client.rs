//! The HTTP client: one attempt, bounded in time and size.

use std::{
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use reqwest::{ClientBuilder, Response, redirect};
use tokio::time::{Instant, timeout_at};
use tower::util::MapResponseLayer;

use crate::{
    class::Class,
    config::client::{ClientSettings, Proxy},
    connection::{self, Over},
    encoding,
    failure::Failure,
    metrics,
    reply::{Classify, Reply},
    request::Request,
    tls::install_tls_provider,
    transport::{self, Phase},
};

/// A kept connection that was dead fails within this time: a round trip, and what the network may add. A connection that ends
/// later was alive, and its server had the request.
const STALE_WITHIN: Duration = Duration::from_secs(2);

/// Sends requests to one endpoint, or to several that share its limits; keeps their connections. Cloning shares
/// the connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Makes a connection for each request and keeps none.
    fresh: reqwest::Client,
    attempt_timeout: Duration,
    stale_within: Duration,
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
        Self::built(settings, |builder| builder)
    }

    fn built(
        settings: &ClientSettings,
        also: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, BuildError> {
        install_tls_provider();
        let build = |kept| {
            let client = also(builder(settings)?).pool_max_idle_per_host(kept).build();
            client.map_err(BuildError::Http)
        };
        Ok(Self {
            http: build(settings.pool_max_idle_per_host)?,
            fresh: build(0)?,
            attempt_timeout: settings.attempt_timeout,
            stale_within: STALE_WITHIN,
            max_body_bytes: settings.max_body_bytes,
        })
    }

    /// Sends the request and reads the whole reply, whatever its status, until the deadline or the client's attempt
    /// timeout, whichever is earlier. A kept connection that turns out to be dead before a reply began is no attempt: the request goes
    /// out again at once over a connection of its own, unless it may be sent once only.
    ///
    /// # Errors
    /// [`Class::Timeout`] when time ran out; [`Class::ServerError`] when no connection could be made;
    /// [`Class::Protocol`] when the reply was cut, or a success that is compressed in no known way or larger than the limit;
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
        let mut response = self.send(request).await?;
        let received = SystemTime::now();
        let headers = std::mem::take(response.headers_mut());
        let status = response.status();
        begun.store(status.as_u16(), Ordering::Relaxed);
        let raw = self.read_body(response).await?;
        let body = match encoding::decode(&headers, raw.clone(), self.max_body_bytes) {
            Ok(body) => body,
            // The status says enough.
            Err(_) if !status.is_success() => raw,
            Err(error) => {
                let failure = Failure::new(Class::Protocol, format!("read the reply's body: {error}"));
                return Err(failure.with_code("content_encoding").possibly_done());
            }
        };
        Ok(Reply { status, headers, body, received })
    }

    /// Sends the request and waits for the reply's head. If a kept connection ends before that, the server or something
    /// between had closed it while it was idle, and the request is repeated, as browsers do. It is not repeated if a reply
    /// had begun, if the end came late, or if the connection was made for this request: then nobody knows what the server
    /// did.
    async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let failed = |error| transport::failure(&error, Phase::Head);
        if request.at_most_once {
            return self.fresh.execute(request.outgoing()).await.map_err(failed);
        }
        let began = Instant::now();
        let (sent, over) = connection::watch(self.http.execute(request.outgoing())).await;
        match sent {
            Err(error)
                if over == Over::Kept
                    && transport::is_unanswered(&error)
                    && began.elapsed() < self.stale_within =>
            {
                metrics::stale_connection();
                let again = self.fresh.execute(request.outgoing()).await;
                // That the server is gone now may be why the connection ended.
                again.map_err(|error| failed(error).possibly_done())
            }
            sent => sent.map_err(failed),
        }
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
                // The length of a reply depends on the question and says nothing about the endpoint.
                return Err(Failure::new(Class::Protocol, detail)
                    .with_code("too_large")
                    .possibly_done()
                    .told_in_words());
            } else {
                body.extend_from_slice(&chunk[..room]);
                return Ok(body.freeze());
            }
        }
    }
}

fn builder(settings: &ClientSettings) -> Result<ClientBuilder, BuildError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.idle_timeout)
        .pool_idle_timeout(settings.pool_idle_timeout)
        .http2_keep_alive_interval(settings.http2_keep_alive_interval)
        .user_agent(settings.user_agent.clone())
        .redirect(redirect::Policy::none())
        .connector_layer(MapResponseLayer::new(|ready| {
            connection::made();
            ready
        }));
    Ok(match &settings.proxy {
        Proxy::Off => builder.no_proxy(),
        Proxy::Environment => builder,
        Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url.clone()).map_err(BuildError::Http)?),
    })
}

#[cfg(test)]
mod tests;
