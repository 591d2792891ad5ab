//! The HTTP client: one attempt, bounded in time and size.

use std::time::Duration;

use reqwest::{ClientBuilder, Response, redirect};
use tokio::time::Instant;
use tower::util::MapResponseLayer;

use crate::{
    config::client::{ClientSettings, Proxy},
    connection::{self, Over},
    failure::Failure,
    incoming::{Incoming, Timeouts, Watch},
    metrics,
    reply::{Classify, Reply},
    request::Request,
    tls::install_tls_provider,
    transport::{self, Phase},
    websocket::{self, Bounds, Frames},
};

/// A kept connection that was dead fails within this time: a round trip, and what the network may add. A connection that ends
/// later was alive, and its server had the request.
const STALE_WITHIN: Duration = Duration::from_secs(2);

/// Sends requests to one endpoint, or to several that share its limits; keeps their connections. Cloning shares
/// the connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Makes a connection for each request and keeps none. It speaks the first version of HTTP, the one that can become a
    /// WebSocket: the others are of use to several requests at a time only.
    fresh: reqwest::Client,
    attempt_timeout: Duration,
    idle_timeout: Duration,
    stale_within: Duration,
    limits: BodyLimits,
}

/// Most bytes of a reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Of one that is held as a whole, packed and unpacked.
    pub(crate) whole: usize,
    /// Of one that is read as it comes.
    pub(crate) stream: usize,
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
        let build = |builder: ClientBuilder, kept| {
            also(builder).pool_max_idle_per_host(kept).build().map_err(BuildError::Http)
        };
        Ok(Self {
            http: build(builder(settings)?, settings.pool_max_idle_per_host)?,
            fresh: build(builder(settings)?.http1_only(), 0)?,
            attempt_timeout: settings.attempt_timeout,
            idle_timeout: settings.idle_timeout,
            stale_within: STALE_WITHIN,
            limits: BodyLimits { whole: settings.max_body_bytes, stream: settings.max_stream_bytes },
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
    ///
    /// [`Class::Timeout`]: crate::Class::Timeout
    /// [`Class::ServerError`]: crate::Class::ServerError
    /// [`Class::Protocol`]: crate::Class::Protocol
    /// [`Class::BadRequest`]: crate::Class::BadRequest
    pub async fn attempt(&self, request: &Request, deadline: Instant) -> Result<Reply, Failure> {
        self.open(request, deadline, Timeouts::NONE).await?.whole().await
    }

    /// The first half of [`Client::attempt`]: sends the request and waits for the reply's head. The body is then read as it
    /// comes, or as a whole, under the same deadline.
    ///
    /// # Errors
    /// Those of [`Client::attempt`]; a time-out as well when no head came within the time for the first token.
    pub async fn open(
        &self,
        request: &Request,
        deadline: Instant,
        timeouts: Timeouts,
    ) -> Result<Incoming, Failure> {
        let started = Instant::now();
        let until = deadline.min(started + self.attempt_timeout);
        let watch = Watch::new(started, until, timeouts);
        if request.is_websocket {
            // Few calls go over one, so that none of the others has the room for it in its own future.
            return Box::pin(self.open_websocket(request, watch)).await;
        }
        let response = watch.over(self.send(request)).await?;
        Ok(Incoming::new(response, self.limits, watch))
    }

    /// A server that does not switch to a WebSocket refuses with an ordinary reply.
    async fn open_websocket(&self, request: &Request, watch: Watch) -> Result<Incoming, Failure> {
        let key = websocket::Key::new();
        let opening = async {
            let sent = self.fresh.execute(key.handshake(request)).await;
            sent.map_err(|error| transport::failure(&error, Phase::Head))
        };
        let response = watch.over(opening).await?;
        if !websocket::is_open(&response) {
            return Ok(Incoming::new(response, self.limits, watch));
        }
        let headers = response.headers().clone();
        let bounds = Bounds { message: self.limits.whole, silence: self.idle_timeout };
        let frames = watch.over(Frames::open(response, &key, request, bounds)).await?;
        Ok(Incoming::over_websocket(frames, headers, self.limits, watch))
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
