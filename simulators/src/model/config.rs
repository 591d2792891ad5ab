//! What is configured of the model stand-in, as written in a file or in a test.

use crate::Secret;
use crate::window::Counting;
use serde::Deserialize;
use std::time::Duration;

/// The stand-in as a whole.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seed of latencies.
    pub seed: u64,
    /// Keys that are accepted; empty accepts calls without a key.
    pub api_keys: Vec<Secret>,
    /// Usual latency; the median when `latency_sigma` is set.
    #[serde(with = "crate::duration")]
    pub latency: Duration,
    /// Spread of a lognormal latency; 0 keeps it fixed.
    pub latency_sigma: f64,
    /// The models that exist; empty lets every name exist. Names that begin with `sim-` always exist.
    pub models: Vec<ModelConfig>,
    /// Fixed answers; the first that matches wins over the usual one.
    pub answers: Vec<Answer>,
}

/// One model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Name in `model`.
    pub name: String,
    /// Refuses `max_tokens`, as newer models do.
    pub new: bool,
    /// Spends reasoning tokens, half as many as the answer has.
    pub reasoning: bool,
    /// Most tokens of prompt and answer together.
    pub context_tokens: u64,
    /// JSON type of `code` in errors.
    pub error_code: CodeForm,
    /// What it allows before it answers 429.
    pub limits: LimitConfig,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            new: false,
            reasoning: false,
            context_tokens: 128_000,
            error_code: CodeForm::Text,
            limits: LimitConfig::default(),
        }
    }
}

/// Limits of one model. The defaults are too large to be met by accident.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitConfig {
    /// How seconds and minutes are counted.
    pub counting: Counting,
    /// Requests per second.
    pub requests_per_s: u32,
    /// Requests per minute.
    pub requests_per_min: u32,
    /// Requests that are answered at a time.
    pub concurrent: u32,
    /// `Retry-After` of a refusal; none unless given.
    #[serde(with = "crate::duration::optional")]
    pub retry_after: Option<Duration>,
}

impl Default for LimitConfig {
    fn default() -> Self {
        const LARGE: u32 = 1_000_000;
        Self {
            counting: Counting::default(),
            requests_per_s: LARGE,
            requests_per_min: LARGE,
            concurrent: LARGE,
            retry_after: None,
        }
    }
}

/// A fixed answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Text that the last user message contains.
    pub contains: String,
    /// The answer.
    pub reply: String,
}

/// JSON type of `code` in errors; servers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeForm {
    /// A name.
    #[default]
    Text,
    /// The HTTP status.
    Integer,
    /// Always `null`.
    Null,
}
