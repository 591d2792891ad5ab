//! What is configured of the model stand-in, as written in a file or in a test.

use crate::Secret;
use crate::window::Counting;
use serde::Deserialize;
use std::time::Duration;

/// The stand-in as a whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seed of latencies.
    pub seed: u64,
    /// Keys that are accepted; empty accepts calls without a key. A key of two parts, such as Spark's `APIKey:APISecret` or
    /// Qianfan's `AK:SK`, has a colon between them.
    pub api_keys: Vec<Secret>,
    /// Usual latency; the median when `latency_sigma` is set.
    #[serde(with = "crate::duration")]
    pub latency: Duration,
    /// Spread of a lognormal latency; 0 keeps it fixed.
    pub latency_sigma: f64,
    /// Time between the chunks of a stream.
    #[serde(with = "crate::duration")]
    pub chunk_every: Duration,
    /// Characters of a chunk.
    pub chunk_chars: usize,
    /// How long an access token of Qianfan's v1 is good.
    #[serde(with = "crate::duration")]
    pub token_life: Duration,
    /// The date by which models are retired, such as `2026-11-30`; the clock's unless given.
    pub today: Option<String>,
    /// The models that exist besides those of the vendors' lists; on `/v1` and with local servers, where there are no lists,
    /// none lets every name exist. Names that begin with `sim-` always exist.
    pub models: Vec<ModelConfig>,
    /// Fixed answers; the first that matches wins over the usual one.
    pub answers: Vec<Answer>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            api_keys: Vec::new(),
            latency: Duration::ZERO,
            latency_sigma: 0.0,
            chunk_every: Duration::ZERO,
            chunk_chars: 12,
            token_life: Duration::from_secs(2_592_000),
            today: None,
            models: Vec::new(),
            answers: Vec::new(),
        }
    }
}

/// One model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Name in `model`.
    pub name: String,
    /// Refuses `max_tokens`, as newer models do.
    pub new: bool,
    /// Spends reasoning tokens, half as many as the answer has, unless a request switches it off.
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
    /// Tokens per minute, of prompts and answers.
    pub tokens_per_min: u32,
    /// Tokens of prompts per minute.
    pub input_tokens_per_min: u32,
    /// Tokens of answers per minute.
    pub output_tokens_per_min: u32,
    /// Requests that are answered at a time.
    pub concurrent: u32,
    /// Most requests of a window of `ramp_window`, in per cent of the window before; 0 for no such limit.
    pub ramp_percent: u32,
    /// Requests of a window that are always allowed under `ramp_percent`.
    pub ramp_floor: u32,
    /// The window of `ramp_percent`.
    #[serde(with = "crate::duration")]
    pub ramp_window: Duration,
    /// Whether each key has these limits for itself.
    pub per_key: bool,
    /// `Retry-After` of a refusal; none unless given.
    #[serde(with = "crate::duration::optional")]
    pub retry_after: Option<Duration>,
}

/// A limit that is not met by accident.
pub(crate) const LARGE: u32 = 1_000_000;

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            counting: Counting::default(),
            requests_per_s: LARGE,
            requests_per_min: LARGE,
            tokens_per_min: LARGE * 1_000,
            input_tokens_per_min: LARGE * 1_000,
            output_tokens_per_min: LARGE * 1_000,
            concurrent: LARGE,
            ramp_percent: 0,
            ramp_floor: 10,
            ramp_window: Duration::from_secs(60),
            per_key: false,
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
