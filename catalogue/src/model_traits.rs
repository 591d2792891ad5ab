//! What a model takes and does, as the families read it from a target of the bundle.
//!
//! The values come from the shipped table of models, from the user's `[[model]]` rows and from the `[[target]]` itself. A trait that
//! nobody told is not in the bundle, so that its hash does not change when there is more to tell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a model takes and does. Without anything known, every field has the value that most models agree with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ModelTraits {
    /// Most tokens of one completion; unknown if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// Temperatures that it takes, if it takes any; the family's own range if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_milli: Option<MilliRange>,
    /// How the operator's instructions are told.
    #[serde(skip_serializing_if = "is_default")]
    pub system: SystemRole,
    /// It answers in streams only.
    #[serde(skip_serializing_if = "is_default")]
    pub stream_only: bool,
    /// Whether calls ask it to think before it answers.
    #[serde(skip_serializing_if = "is_default")]
    pub thinking: Thinking,
    /// The field of the request that switches its thinking; the family's usual one if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_by: Option<ThinkingSwitch>,
    /// How it comes to keep the beginning of a prompt.
    #[serde(skip_serializing_if = "is_default")]
    pub caching: Caching,
}

/// From the least value to the most, both taken, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MilliRange {
    /// The least value.
    pub least: u32,
    /// The most.
    pub most: u32,
}

impl MilliRange {
    /// The value within the range that is nearest.
    pub fn nearest(self, milli: u32) -> u32 {
        milli.max(self.least).min(self.most)
    }
}

/// How a model is told the operator's instructions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SystemRole {
    /// In a message of the role `system`.
    #[default]
    System,
    /// In a message of the role `developer`.
    Developer,
    /// In a field of the request beside the messages.
    TopLevel,
    /// At the beginning of the first message of the role `user`: it heeds no other.
    User,
}

/// Whether a model is asked to think before it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// Nothing is said about it: the model does not think, or it is not known whether it can be told.
    #[default]
    Unsaid,
    /// It could; every call says that it may not.
    Off,
    /// It can; every call says that it may.
    On,
    /// It thinks in any case, and nothing is said about it.
    Always,
}

impl Thinking {
    /// Calls say something about it.
    pub fn is_switched(self) -> bool {
        matches!(self, Self::Off | Self::On)
    }
}

/// The field of a request that switches thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThinkingSwitch {
    /// `reasoning_effort`, where `none` switches it off: OpenAI.
    ReasoningEffort,
    /// `enable_thinking`, true or false: DashScope, Qianfan.
    EnableThinking,
    /// `thinking.type`, `enabled` or `disabled`: Spark.
    ThinkingType,
    /// `thinking.type`, `enabled` with a budget of tokens, or `disabled`: Claude's older models.
    ThinkingBudget,
    /// `thinking.type`, `adaptive` or `disabled`: Claude's newer models.
    ThinkingAdaptive,
    /// `think`, true or false: Ollama.
    Think,
    /// `chat_template_kwargs.enable_thinking`, true or false: vLLM, SGLang, llama.cpp.
    ChatTemplate,
}

/// How a provider comes to keep the beginning of a prompt for the next call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Caching {
    /// Not at all, or nothing is known of it.
    #[default]
    None,
    /// By itself.
    Automatic,
    /// Where a call marks what to keep.
    Marked,
}

/// Whether it is what it is without anything configured: then a bundle does not hold it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
