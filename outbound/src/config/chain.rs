//! Configuration of how a request moves along its chain of targets.

use std::time::Duration;

use common::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Check;
use crate::{plan::Rules, retry::Steps};

/// How often, how soon and how long a request is tried, as written in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChainConfig {
    /// Most attempts for one request over all its targets; attempts that were refused for their rate do not count. By default
    /// as many as the deadline leaves time for.
    pub max_attempts: Option<u32>,
    /// Least time that must be left to start another attempt. Default `1s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub min_useful: Duration,
    /// Longest first wait before the same target is tried again; waits are drawn from zero up, and this doubles with each
    /// one. Default `500ms`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub backoff_base: Duration,
    /// Longest wait before the same target is tried again. Default `4s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub backoff_cap: Duration,
    /// Longest wait that a target may ask for; one that asks for more is not waited for. Default `60s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub retry_after_cap: Duration,
    /// Whether the next target is asked after one refused the content, for apps that do not say so themselves
    /// (`app.fallback_after_block`). Default false: looking for a laxer filter is a decision of its own.
    pub fallback_after_block: bool,
    /// Whether a request is repeated that may already have had its effect, and may be billed twice. Default true.
    pub repeat_ambiguous: bool,
    /// How long after a breaker has opened requests without another target still wait for a probe to succeed, and how long they
    /// wait for a key that is left alone; in a longer outage they end at once, so that the canned words go out. Default `1s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub away_patience: Duration,
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            max_attempts: None,
            min_useful: Duration::from_secs(1),
            backoff_base: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(4),
            retry_after_cap: Duration::from_secs(60),
            fallback_after_block: false,
            repeat_ambiguous: true,
            away_patience: Duration::from_secs(1),
        }
    }
}

impl ChainConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// Every value that cannot be used. `place` is where the section stands in the file, such as `call.chain`.
    pub fn validate(&self, place: &str) -> Result<Rules, Vec<Problem>> {
        let mut check = Check::of(place);
        check.require(self.backoff_base <= self.backoff_cap, "backoff_base must not exceed backoff_cap");
        let rules = Rules {
            max_attempts: self.max_attempts.map(|most| check.positive("max_attempts", most)),
            min_useful: self.min_useful,
            steps: Steps { base: check.positive("backoff_base", self.backoff_base), cap: self.backoff_cap },
            retry_after_cap: self.retry_after_cap,
            fallback_after_block: self.fallback_after_block,
            repeat_ambiguous: self.repeat_ambiguous,
            away_patience: self.away_patience,
            hedge_after: None,
        };
        check.finish(rules)
    }
}
