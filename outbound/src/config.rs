//! Configuration: what a section of the file may say, and what remains after it was checked.

pub mod chain;
pub mod client;
pub mod health;

use std::time::Duration;

pub use chain::ChainConfig;
pub use client::ClientConfig;
pub use health::HealthConfig;

/// A value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A number or duration that must be positive is zero.
    #[error("{key} must be more than zero")]
    Zero {
        /// The key.
        key: &'static str,
    },
    /// A share of a hundred is above one hundred.
    #[error("{key} must be at most 100 percent")]
    Percent {
        /// The key.
        key: &'static str,
    },
    /// Two values that must be in order are not.
    #[error("{lower} must not exceed {upper}")]
    Order {
        /// The key of what must be smaller.
        lower: &'static str,
        /// The key of what must be larger.
        upper: &'static str,
    },
    /// The proxy is neither `off` nor `environment` nor an address.
    #[error("proxy must be off, environment or an http address")]
    Proxy,
    /// The user agent cannot stand in a header.
    #[error("user_agent must be visible ascii")]
    UserAgent,
}

impl ConfigError {
    /// The kind of error, for logs.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Zero { .. } => "zero",
            Self::Percent { .. } => "percent",
            Self::Order { .. } => "order",
            Self::Proxy => "proxy",
            Self::UserAgent => "user_agent",
        }
    }
}

fn positive<N: Default + PartialEq>(key: &'static str, value: N) -> Result<N, ConfigError> {
    if value == N::default() { Err(ConfigError::Zero { key }) } else { Ok(value) }
}

fn percent(key: &'static str, value: u8) -> Result<f64, ConfigError> {
    if value > 100 { Err(ConfigError::Percent { key }) } else { Ok(f64::from(value) / 100.0) }
}

fn ordered(lower: (&'static str, Duration), upper: (&'static str, Duration)) -> Result<(), ConfigError> {
    if lower.1 > upper.1 { Err(ConfigError::Order { lower: lower.0, upper: upper.0 }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
