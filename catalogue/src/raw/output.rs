//! The table `[app.output]`.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// What is let out of what the models say.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOutput {
    /// Most characters of an answer, at least 1; what is beyond is not sent, and the answer ends with `canned.cut`. Without it the parts
    /// are the bound.
    #[schemars(with = "Option<u32>")]
    pub max_characters: Option<Spanned<u32>>,
    /// Most answers to one person of a conversation within a minute, at least 1. An answer counts when it is asked for, a canned text when
    /// it is said. Without it there is no limit.
    #[schemars(with = "Option<u32>")]
    pub max_per_minute: Option<Spanned<u32>>,
    /// What a person is told beyond that, once within the minute; an empty text sends nothing.
    pub too_often: String,
    /// Topics that are refused.
    pub topic: Vec<RawTopic>,
}

/// A topic that is refused: an answer that hits one of its rules is not sent, whatever the rule's action is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTopic {
    /// The topic's name, in decisions.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Ids of the rules of the filter by which it is known; at least one.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<String>>,
    /// What the person is told in place of the answer; an empty text sends nothing.
    pub text: String,
}
