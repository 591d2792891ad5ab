//! Configuration of what is remembered of a target: breaker, cooldowns, retry budget.

use std::time::Duration;

use serde::Deserialize;

use super::{ConfigError, ordered, percent, positive};
use crate::{breaker, budget, cooldown, retry::Steps};

/// When a target is left alone, as written in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthConfig {
    /// Calls of this last stretch of time are judged. Default `30s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub breaker_window: Duration,
    /// Fewer calls in the window are not judged. Default 5.
    pub breaker_min_calls: u32,
    /// The breaker opens at this share of failed calls. Default 50.
    pub breaker_failure_percent: u8,
    /// The breaker opens at this many failures in a row. Default 5.
    pub breaker_failures_in_a_row: u32,
    /// How long an opened breaker stays open; doubled by each failed probe. Default `15s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub breaker_open: Duration,
    /// Longest time that a breaker stays open. Default `5m`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub breaker_open_cap: Duration,
    /// Cooldown after a rate limit that names no time; doubled by each one in a row. Default `1s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub cooldown_base: Duration,
    /// Longest cooldown after a rate limit, whatever the target asks for. Default `60s`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub cooldown_cap: Duration,
    /// Cooldown after a failure that needs a person: key, money, model gone. Default `10m`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub cooldown_long: Duration,
    /// Repeated attempts allowed, as a share of first attempts. Default 20.
    pub retry_percent: u8,
    /// Repeated attempts allowed per second however few the first ones. Default 1.
    pub retry_floor_per_second: u32,
}

/// A checked [`HealthConfig`].
#[derive(Debug, Clone, Copy)]
pub struct HealthSettings {
    pub(crate) breaker: breaker::Limits,
    pub(crate) cooldown: cooldown::Lengths,
    pub(crate) budget: budget::Allowance,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            breaker_window: Duration::from_secs(30),
            breaker_min_calls: 5,
            breaker_failure_percent: 50,
            breaker_failures_in_a_row: 5,
            breaker_open: Duration::from_secs(15),
            breaker_open_cap: Duration::from_secs(300),
            cooldown_base: Duration::from_secs(1),
            cooldown_cap: Duration::from_secs(60),
            cooldown_long: Duration::from_secs(600),
            retry_percent: 20,
            retry_floor_per_second: 1,
        }
    }
}

impl HealthConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn validate(&self) -> Result<HealthSettings, ConfigError> {
        ordered(("breaker_open", self.breaker_open), ("breaker_open_cap", self.breaker_open_cap))?;
        ordered(("cooldown_base", self.cooldown_base), ("cooldown_cap", self.cooldown_cap))?;
        let failure_percent = positive("breaker_failure_percent", self.breaker_failure_percent)?;
        Ok(HealthSettings {
            breaker: breaker::Limits {
                window: positive("breaker_window", self.breaker_window)?,
                min_calls: positive("breaker_min_calls", self.breaker_min_calls)?,
                failure_share: percent("breaker_failure_percent", failure_percent)?,
                in_a_row: positive("breaker_failures_in_a_row", self.breaker_failures_in_a_row)?,
                open: positive("breaker_open", self.breaker_open)?,
                open_cap: self.breaker_open_cap,
            },
            cooldown: cooldown::Lengths {
                short: Steps { base: positive("cooldown_base", self.cooldown_base)?, cap: self.cooldown_cap },
                long: self.cooldown_long,
            },
            budget: budget::Allowance {
                share: percent("retry_percent", self.retry_percent)?,
                floor_per_second: f64::from(self.retry_floor_per_second),
            },
        })
    }
}
