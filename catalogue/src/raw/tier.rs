//! The table `[[app.tier]]`.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Written;

/// A tier of persons. What it leaves out is as the app has it. Whose tier it is, `users` says, or a claim that the app signs
/// (`[[ingest.claim]]`), or the app's `tier_table`; where several say something of a person, the first of these three counts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTier {
    /// Its name, in routes, claims, tables and rows: 1 to 32 of `a-z`, `0-9`, `-` and `_`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// IM user ids of persons who are in it, at most 10000 in all tiers of the app; a person is in one tier.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub users: Vec<Spanned<String>>,
    /// How many turns a lane of theirs gets at the pace of a target for one of a lane without a weight, while lanes of the app wait there; from
    /// 1 to 1000. Other apps have their turns as before.
    #[schemars(with = "Option<u32>")]
    pub weight: Option<Spanned<u32>>,
    /// Most turns of history in a prompt; at most 1000.
    #[schemars(with = "Option<u32>")]
    pub history_turns: Option<Spanned<u32>>,
    /// Most tokens of history in a prompt, estimated.
    pub history_tokens: Option<u32>,
    /// Most tokens of an answer; at least 1, and fewer than the context window of every target of the app's chain.
    #[schemars(with = "Option<u32>")]
    pub max_output_tokens: Option<Spanned<u32>>,
    /// No attempt to answer starts later than this after the message; more than zero, longer than `merge_window` and `hedge_after`, and at
    /// most half of `lost_after`.
    #[schemars(with = "Option<String>")]
    pub answer_within: Option<Spanned<Written>>,
    /// Most answers to one person of a conversation within a minute, at least 1, in place of `output.max_per_minute`.
    #[schemars(with = "Option<u32>")]
    pub max_per_minute: Option<Spanned<u32>>,
}
