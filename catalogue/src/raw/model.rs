//! Section `[[model]]`.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::model_traits::{Caching, SystemRole, ThinkingSwitch};
use crate::target::{OutputCap, Provider};

/// What is known of a model. The vendors' models are in the shipped table; a row of the file goes before it, key by key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawModel {
    /// Provider family.
    #[schemars(with = "Provider")]
    pub provider: Spanned<String>,
    /// Model as the provider names it. The row also holds for its dated snapshots: the name, a dash, and a date. With `*` at its end it
    /// holds for every model that begins so. The row with the longest name holds.
    #[schemars(with = "String")]
    pub model: Spanned<String>,
    /// Context window in tokens, prompt and answer together; more than zero.
    pub context_tokens: Option<u32>,
    /// Most tokens of one answer; more than zero.
    pub max_output_tokens: Option<u32>,
    /// Field of the request that caps the output.
    #[schemars(with = "Option<OutputCap>")]
    pub output_cap: Option<Spanned<String>>,
    /// Sampling parameters that it takes, any of `temperature`, `top_p`, `top_k`, `presence_penalty`, `frequency_penalty`.
    #[schemars(with = "Option<Vec<String>>")]
    pub sampling: Option<Vec<Spanned<String>>>,
    /// Least and most temperature that it takes, in thousandths. What is asked beyond is brought to the nearest.
    #[schemars(with = "Option<[u32; 2]>")]
    pub temperature_milli: Option<Spanned<[u32; 2]>>,
    /// How it is told the operator's instructions.
    #[schemars(with = "Option<SystemRole>")]
    pub system: Option<Spanned<String>>,
    /// It answers in streams only.
    pub stream_only: Option<bool>,
    /// Whether it thinks before it answers: `none`, `switchable`, `always`.
    #[schemars(with = "Option<String>", extend("enum" = ["none", "switchable", "always"]))]
    pub thinking: Option<Spanned<String>>,
    /// Field of the request that switches its thinking.
    #[schemars(with = "Option<ThinkingSwitch>")]
    pub thinking_by: Option<Spanned<String>>,
    /// How its provider comes to keep the beginning of a prompt.
    #[schemars(with = "Option<Caching>")]
    pub caching: Option<Spanned<String>>,
    /// Whether it sees pictures whose address it is given. Without it, it is not known to.
    pub vision: Option<bool>,
    /// First day on which it cannot be called any more, such as `2026-12-11`, UTC.
    #[schemars(with = "Option<String>")]
    pub retires: Option<Spanned<String>>,
}
