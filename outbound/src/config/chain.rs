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
    /// Most attempts for one request over all its targets, those refused for their rate apart. By default as many as its
    /// deadline leaves time for.
    pub max_attempts: Option<u32>,
    /// No attempt is started with less time left than this. Default `1s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub min_useful: Duration,
    /// The first wait before the same target again is drawn from zero to this. Default `500ms`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub backoff_base: Duration,
    /// No wait is drawn beyond this. Default `4s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub backoff_cap: Duration,
    /// A target that asks for a longer wait is not waited for. Default `60s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub retry_after_cap: Duration,
    /// Ask the next target after one refused the content. Default false: shopping around for a laxer filter
    /// is a decision of its own.
    pub fallback_after_block: bool,
    /// Repeat a request that may already have had its effect. Default true.
    pub repeat_ambiguous: bool,
    /// With nothing but open breakers left, requests wait for a probe to succeed this long from the first opening on;
    /// in a longer outage they end at once. Default `10s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub open_patience: Duration,
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
            open_patience: Duration::from_secs(10),
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
            open_patience: self.open_patience,
        };
        check.finish(rules)
    }
}
