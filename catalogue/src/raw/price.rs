//! Section `[[price]]`.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::target::Provider;

/// What the calls to a model cost. The row that holds for a call is the one whose days hold its start, wherever it stands. A row
/// without `until` ends where the next one of its provider, model, region and hours begins; one of the target's own region goes before
/// one of any region, and one of hours before one of the whole day. It needs `input` and `output`, or `gpu_hour`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPrice {
    /// Provider family.
    #[schemars(with = "Provider")]
    pub provider: Spanned<String>,
    /// Model as the provider names it.
    #[schemars(with = "String")]
    pub model: Spanned<String>,
    /// Region that it holds for. Without it, every region.
    pub region: Option<String>,
    /// Currency as its ISO 4217 code, such as `CNY`.
    #[schemars(with = "String")]
    pub currency: Spanned<String>,
    /// First day on which it holds, such as `2026-01-01`, UTC.
    #[schemars(with = "String")]
    pub from: Spanned<String>,
    /// First day on which it holds no more. Without it, it holds until the next row begins.
    #[schemars(with = "Option<String>")]
    pub until: Option<Spanned<String>>,
    /// Hours of the day in which it holds, such as `00:30-08:30`, for vendors with peak and off-peak prices. Without them, the whole day.
    #[schemars(with = "Option<String>")]
    pub hours: Option<Spanned<String>>,
    /// Time zone of `hours`, such as `+08:00`. Without it, UTC.
    #[schemars(with = "Option<String>")]
    pub time_zone: Option<Spanned<String>>,
    /// Price of a million input tokens, as decimal text with at most 6 places.
    #[schemars(with = "Option<String>")]
    pub input: Option<Spanned<String>>,
    /// Price of a million output tokens, as decimal text with at most 6 places.
    #[schemars(with = "Option<String>")]
    pub output: Option<Spanned<String>>,
    /// Price of a million input tokens that the provider had cached, as decimal text with at most 6 places. Without it, that of `input`.
    #[schemars(with = "Option<String>")]
    pub cached: Option<Spanned<String>>,
    /// Price of a million input tokens that the provider put into its cache for minutes, as decimal text with at most 6 places. Without
    /// it, that of `input`.
    #[schemars(with = "Option<String>")]
    pub cache_write_5m: Option<Spanned<String>>,
    /// Price of a million input tokens that the provider put into its cache for an hour, as decimal text with at most 6 places. Without
    /// it, that of `cache_write_5m`.
    #[schemars(with = "Option<String>")]
    pub cache_write_1h: Option<Spanned<String>>,
    /// Price of a million output tokens that are the model's thoughts, as decimal text with at most 6 places. Without it, that of
    /// `output`.
    #[schemars(with = "Option<String>")]
    pub reasoning: Option<Spanned<String>>,
    /// Prices of longer prompts: the last step whose `above` is exceeded holds for all tokens of the call.
    #[serde(default)]
    pub step: Vec<RawStep>,
    /// Price of an hour of one GPU, as decimal text with at most 6 places: for servers of one's own. A call costs its duration at this
    /// price times `share`, beside what its tokens cost.
    #[schemars(with = "Option<String>")]
    pub gpu_hour: Option<Spanned<String>>,
    /// GPUs that a call takes up while it runs, as decimal text with at most 6 places: `0.125` where one GPU runs eight calls at a time,
    /// `2` where two GPUs run one. Without it, 1.
    #[schemars(with = "Option<String>")]
    pub share: Option<Spanned<String>>,
    /// Where the price is from; shown, and otherwise not used.
    pub source: Option<String>,
}

/// Prices of longer prompts, per million tokens, each as decimal text with at most 6 places.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawStep {
    /// Input tokens beyond which it holds for the whole call; more than zero.
    #[schemars(with = "u64")]
    pub above: Spanned<u64>,
    /// Price of a million input tokens.
    #[schemars(with = "String")]
    pub input: Spanned<String>,
    /// Price of a million output tokens.
    #[schemars(with = "String")]
    pub output: Spanned<String>,
    /// Price of a million input tokens that were read from the cache. Without it, that of `input`.
    #[schemars(with = "Option<String>")]
    pub cached: Option<Spanned<String>>,
    /// Price of a million input tokens that were put into the cache for minutes. Without it, that of `input`.
    #[schemars(with = "Option<String>")]
    pub cache_write_5m: Option<Spanned<String>>,
    /// Price of a million input tokens that were put into the cache for an hour. Without it, that of `cache_write_5m`.
    #[schemars(with = "Option<String>")]
    pub cache_write_1h: Option<Spanned<String>>,
    /// Price of a million output tokens that are thoughts. Without it, that of `output`.
    #[schemars(with = "Option<String>")]
    pub reasoning: Option<Spanned<String>>,
}
