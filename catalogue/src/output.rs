//! What an app lets out of what its models say: how much, how often, about what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The output policy of an app. Without any of it, answers are bounded by their parts alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Output {
    /// Most characters of an answer; what is beyond is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_characters: Option<u32>,
    /// Most answers to one person of a conversation within a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_minute: Option<u32>,
    /// What a person is told beyond that, once within the minute; an empty text sends nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub too_often: String,
    /// Topics that are refused. The first one that an answer touches counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Topic>,
}

/// A topic that is refused, known by the rules of the filter that an answer hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Topic {
    /// Its name, in decisions.
    pub name: String,
    /// Ids of the rules, sorted.
    pub rules: Vec<String>,
    /// What the person is told in place of the answer; an empty text sends nothing.
    pub text: String,
}

impl Output {
    /// Nothing is limited.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The topic that an answer touches which hit these rules, if one is refused.
    pub fn refused(&self, hit: &[String]) -> Option<&Topic> {
        self.refused.iter().find(|topic| hit.iter().any(|rule| topic.rules.contains(rule)))
    }
}
