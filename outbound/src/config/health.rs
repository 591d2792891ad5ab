//! Configuration of what is remembered of a target: breaker, cooldowns, retry budget.

use std::time::Duration;

use common::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Check;
use crate::{breaker, budget, cooldown, limiter, retry::Steps};

/// When a target is left alone, as written in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthConfig {
    /// Length of the window whose outcomes are judged. Default `30s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub breaker_window: Duration,
    /// Fewest lanes in the window for their share of failures to be judged. Default 20.
    pub breaker_min_lanes: u32,
    /// Share of the window's lanes, in percent, whose failure opens the breaker. Default 50.
    pub breaker_failure_percent: u8,
    /// Failures in a row, of at least two lanes and without any success in the window, that open the breaker. Default 5.
    pub breaker_failures_in_a_row: u32,
    /// How long an opened breaker stays open for requests that have another target; doubled by each failed probe. Default
    /// `15s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub breaker_open: Duration,
    /// Longest time that a breaker stays open for requests that have another target. Default `5m`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub breaker_open_cap: Duration,
    /// Time between probes for requests that have no other target; one probe runs at a time. Default `2s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub breaker_probe: Duration,
    /// Pause after a rate limit that names no time; doubled by each further one in a row. Default `500ms`, since most limits
    /// are counted by the second.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub pause_base: Duration,
    /// Longest pause after rate limits in a row that name no time. Default `2s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub pause_cap: Duration,
    /// Longest time that a target is left alone at its own request. Default `60s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub asked_cap: Duration,
    /// Cooldown after a failure that needs a person: key, money, model gone. Default `10m`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub cooldown_long: Duration,
    /// Repeated attempts that one app may make at one target while many of its lanes fail there (half as many as would open
    /// the breaker), in percent of its first attempts. Second attempts beside one there whose first token is late
    /// (`app.hedge_after`) are always held to it. Default 20.
    pub retry_percent: u8,
    /// Repeated attempts per second that one app may make at one target in any case. Default 10.
    pub retry_floor_per_second: u32,
}

/// A checked [`HealthConfig`].
#[derive(Debug, Clone, Copy)]
pub struct HealthSettings {
    pub(crate) breaker: breaker::Limits,
    pub(crate) cooldown: cooldown::Lengths,
    pub(crate) budget: budget::Allowance,
    pub(crate) pauses: limiter::Pauses,
}

impl HealthSettings {
    /// How long nothing starts after a rate limit.
    #[must_use]
    pub const fn pauses(&self) -> limiter::Pauses {
        self.pauses
    }
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            breaker_window: Duration::from_secs(30),
            breaker_min_lanes: 20,
            breaker_failure_percent: 50,
            breaker_failures_in_a_row: 5,
            breaker_open: Duration::from_secs(15),
            breaker_open_cap: Duration::from_secs(300),
            breaker_probe: Duration::from_secs(2),
            pause_base: Duration::from_millis(500),
            pause_cap: Duration::from_secs(2),
            asked_cap: Duration::from_secs(60),
            cooldown_long: Duration::from_secs(600),
            retry_percent: 20,
            retry_floor_per_second: 10,
        }
    }
}

impl HealthConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// Every value that cannot be used. `place` is where the section stands in the file, such as `call.health`.
    pub fn validate(&self, place: &str) -> Result<HealthSettings, Vec<Problem>> {
        let mut check = Check::of(place);
        let in_order = self.breaker_open <= self.breaker_open_cap;
        check.require(in_order, "breaker_open must not exceed breaker_open_cap");
        check.require(self.pause_base <= self.pause_cap, "pause_base must not exceed pause_cap");
        let failure_percent = check.positive("breaker_failure_percent", self.breaker_failure_percent);
        let settings = HealthSettings {
            breaker: breaker::Limits {
                window: check.positive("breaker_window", self.breaker_window),
                min_lanes: check.positive("breaker_min_lanes", self.breaker_min_lanes),
                failure_share: check.percent("breaker_failure_percent", failure_percent),
                in_a_row: check.positive("breaker_failures_in_a_row", self.breaker_failures_in_a_row),
                open: check.positive("breaker_open", self.breaker_open),
                open_cap: self.breaker_open_cap,
                probe: check.positive("breaker_probe", self.breaker_probe),
            },
            cooldown: cooldown::Lengths { long: self.cooldown_long, asked: self.asked_cap },
            pauses: limiter::Pauses {
                steps: Steps { base: check.positive("pause_base", self.pause_base), cap: self.pause_cap },
                longest: self.asked_cap,
            },
            budget: budget::Allowance {
                share: check.percent("retry_percent", self.retry_percent),
                floor_per_second: f64::from(self.retry_floor_per_second),
            },
        };
        check.finish(settings)
    }
}
