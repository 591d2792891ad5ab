//! Section `[[target]]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{minute, text};
use crate::model_traits::SystemRole;
use crate::target::{OutputCap, Provider};

/// A model that can be called. Its address and key are under `[[call.target]]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTarget {
    /// The target's name in chains, metrics and rows.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Provider family.
    #[schemars(with = "Provider")]
    pub provider: Spanned<String>,
    /// Model as the provider names it.
    pub model: String,
    /// Region that it runs in.
    pub region: String,
    /// Context window in tokens; more than zero. Without it that of the table of models or, for an unknown model, 32768.
    pub context_tokens: Option<u32>,
    /// Longest time of one attempt; more than zero. However long it is, no attempt gets more than its part of the time that is left
    /// for the answer when the chain begins, so that every target of it has its turn.
    #[serde(default = "minute", with = "common::duration")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// Field of the request that caps the output. Without it that of the table of models or, for an unknown model, the family's own.
    #[schemars(with = "Option<OutputCap>")]
    pub output_cap: Option<Spanned<String>>,
    /// The model takes a sampling temperature. Without it as the table of models says; an unknown model takes one.
    pub temperature: Option<bool>,
    /// How the model is told the operator's instructions. Without it as the table of models says; an unknown model is told in a
    /// message of the role `system`.
    #[schemars(with = "Option<SystemRole>")]
    pub system: Option<Spanned<String>>,
    /// Whether the model thinks before it answers, `on` or `off`. Without it, models that think unless told otherwise are told not to,
    /// since thoughts take time and cost tokens; of others nothing is said.
    #[schemars(with = "Option<String>", extend("enum" = ["on", "off"]))]
    pub thinking: Option<Spanned<String>>,
    /// Which prices hold for its calls: `shipped`, the shipped list where no `[[price]]` is of its provider, model and region; `own`,
    /// rows of `[[price]]` only.
    #[serde(default = "shipped")]
    #[schemars(with = "String", extend("enum" = ["shipped", "own"]))]
    pub prices: Spanned<String>,
}

fn shipped() -> Spanned<String> {
    text("shipped")
}
