//! Configuration of the HTTP client.

use std::{fmt, time::Duration};

use reqwest::{Url, header::HeaderValue};
use serde::Deserialize;

use super::{ConfigError, positive};

/// How connections are made and kept, as written in the file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// Longest time to make a connection, TLS included. Default `3s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub connect_timeout: Duration,
    /// Longest silence of the other side, also before its first byte. Default `60s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub idle_timeout: Duration,
    /// Longest time of one attempt from connecting to the last byte. Default `60s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub attempt_timeout: Duration,
    /// How long an unused connection is kept; must be below what the other side, and whatever stands between, keeps it: 5 s for
    /// servers on Node.js and Uvicorn (vLLM among them), 15 s for some clouds' balancers, 60 s to 75 s for nginx. Default `4s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub pool_idle_timeout: Duration,
    /// Unused connections kept per host. Default 64.
    pub pool_max_idle_per_host: usize,
    /// Time between pings on an HTTP/2 connection in use. Default `20s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub http2_keep_alive_interval: Duration,
    /// Largest reply body read, in bytes. Default 4 MiB.
    pub max_body_bytes: usize,
    /// What we call ourselves. Default `huiyin/<version>`.
    pub user_agent: String,
    /// `off` (default), `environment` for the usual variables, or a proxy's address.
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

/// Through what requests go.
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
    /// The first value that cannot be used.
    pub fn validate(&self) -> Result<ClientSettings, ConfigError> {
        let proxy = match self.proxy.as_str() {
            "off" => Proxy::Off,
            "environment" => Proxy::Environment,
            address => Proxy::Url(address.parse().map_err(|_| ConfigError::Proxy)?),
        };
        if let Proxy::Url(url) = &proxy
            && (!matches!(url.scheme(), "http" | "https") || url.host().is_none())
        {
            return Err(ConfigError::Proxy);
        }
        Ok(ClientSettings {
            connect_timeout: positive("connect_timeout", self.connect_timeout)?,
            idle_timeout: positive("idle_timeout", self.idle_timeout)?,
            attempt_timeout: positive("attempt_timeout", self.attempt_timeout)?,
            pool_idle_timeout: positive("pool_idle_timeout", self.pool_idle_timeout)?,
            pool_max_idle_per_host: self.pool_max_idle_per_host,
            http2_keep_alive_interval: positive("http2_keep_alive_interval", self.http2_keep_alive_interval)?,
            max_body_bytes: positive("max_body_bytes", self.max_body_bytes)?,
            user_agent: self.user_agent.parse().map_err(|_| ConfigError::UserAgent)?,
            proxy,
        })
    }
}

impl fmt::Debug for ClientConfig {
    /// The proxy's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.validate() {
            Ok(settings) => settings.fmt(f),
            Err(error) => write!(f, "ClientConfig({error})"),
        }
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
