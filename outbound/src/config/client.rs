//! Configuration of the HTTP client.

use std::{fmt, time::Duration};

use common::Problem;
use reqwest::{Url, header::HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Check;

/// How connections are made and kept, as written in the file.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// Longest time to make a connection, TLS included. Default `3s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// Longest silence of the other side, also before its first byte. Default `60s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub idle_timeout: Duration,
    /// Longest time of one attempt from connecting to the last byte. Default `60s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub attempt_timeout: Duration,
    /// How long an unused connection is kept. It should be shorter than the other side, and whatever stands between, keeps
    /// it: 5 s for servers on Node.js and Uvicorn (vLLM among them), 15 s for the load balancers of some clouds, 60 s to 75 s
    /// for nginx. Default `4s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub pool_idle_timeout: Duration,
    /// Most unused connections that are kept per host. Default 64.
    pub pool_max_idle_per_host: usize,
    /// Time between pings on an HTTP/2 connection in use. Default `20s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub http2_keep_alive_interval: Duration,
    /// Largest body of a reply that is read, in bytes. Default 4194304 (4 MiB).
    pub max_body_bytes: usize,
    /// Value of the header `User-Agent`. Default `huiyin/<version>`.
    pub user_agent: String,
    /// Proxy for all requests: `off`, `environment` for the usual variables, or the proxy's http address. Default `off`.
    pub proxy: String,
}

/// A checked [`ClientConfig`].
#[derive(Debug, Clone)]
pub struct ClientSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) pool_idle_timeout: Duration,
    pub(crate) pool_max_idle_per_host: usize,
    pub(crate) http2_keep_alive_interval: Duration,
    pub(crate) max_body_bytes: usize,
    pub(crate) user_agent: HeaderValue,
    pub(crate) proxy: Proxy,
}

/// The proxy that requests go through.
#[derive(Clone)]
pub(crate) enum Proxy {
    Off,
    Environment,
    Url(Url),
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(60),
            attempt_timeout: Duration::from_secs(60),
            pool_idle_timeout: Duration::from_secs(4),
            pool_max_idle_per_host: 64,
            http2_keep_alive_interval: Duration::from_secs(20),
            max_body_bytes: 4 << 20,
            user_agent: concat!("huiyin/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: "off".to_owned(),
        }
    }
}

impl ClientConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// Every value that cannot be used. `place` is where the section stands in the file, such as `call.client`.
    pub fn validate(&self, place: &str) -> Result<ClientSettings, Vec<Problem>> {
        let mut check = Check::of(place);
        let proxy = Proxy::of(&self.proxy);
        check.require(proxy.is_some(), "proxy must be off, environment or an http address");
        let user_agent = self.user_agent.parse().ok();
        check.require(user_agent.is_some(), "user_agent must be visible ascii");
        let settings = ClientSettings {
            connect_timeout: check.positive("connect_timeout", self.connect_timeout),
            idle_timeout: check.positive("idle_timeout", self.idle_timeout),
            attempt_timeout: check.positive("attempt_timeout", self.attempt_timeout),
            pool_idle_timeout: check.positive("pool_idle_timeout", self.pool_idle_timeout),
            pool_max_idle_per_host: self.pool_max_idle_per_host,
            http2_keep_alive_interval: check
                .positive("http2_keep_alive_interval", self.http2_keep_alive_interval),
            max_body_bytes: check.positive("max_body_bytes", self.max_body_bytes),
            // `check` knows which of these cannot be used.
            user_agent: user_agent.unwrap_or(HeaderValue::from_static("")),
            proxy: proxy.unwrap_or(Proxy::Off),
        };
        check.finish(settings)
    }
}

impl Proxy {
    fn of(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "environment" => Some(Self::Environment),
            address => {
                let url: Url = address.parse().ok()?;
                let is_http = matches!(url.scheme(), "http" | "https") && url.host().is_some();
                is_http.then_some(Self::Url(url))
            }
        }
    }
}

impl fmt::Debug for ClientConfig {
    /// The proxy's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("pool_max_idle_per_host", &self.pool_max_idle_per_host)
            .field("http2_keep_alive_interval", &self.http2_keep_alive_interval)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("user_agent", &self.user_agent)
            .field("proxy", &Proxy::of(&self.proxy))
            .finish()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Environment => f.write_str("environment"),
            Self::Url(_) => f.write_str("***"),
        }
    }
}
