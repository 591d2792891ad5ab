//! What can be called.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model_traits::{ModelTraits, Thinking, is_default};

/// A provider family: the wires of one vendor and its error dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// OpenAI's chat completions.
    Openai,
    /// Baidu Qianfan.
    Ernie,
    /// Alibaba Cloud Model Studio (DashScope).
    Tongyi,
    /// iFlytek Spark.
    Spark,
    /// Anthropic's messages.
    Claude,
    /// A server of the operator's own: Ollama, vLLM, SGLang, llama.cpp.
    Local,
}

impl Provider {
    /// Every family of this version.
    pub const ALL: [Provider; 6] = [
        Provider::Openai,
        Provider::Ernie,
        Provider::Tongyi,
        Provider::Spark,
        Provider::Claude,
        Provider::Local,
    ];

    /// Its name in configuration, metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Ernie => "ernie",
            Self::Tongyi => "tongyi",
            Self::Spark => "spark",
            Self::Claude => "claude",
            Self::Local => "local",
        }
    }

    /// The field by which its models are told their output cap, unless a target says otherwise.
    pub fn output_cap(self) -> OutputCap {
        match self {
            Self::Openai => OutputCap::MaxCompletionTokens,
            Self::Ernie | Self::Tongyi | Self::Spark | Self::Claude | Self::Local => OutputCap::MaxTokens,
        }
    }
}

/// The word names no provider family of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no provider family of this version")]
pub struct UnknownProvider(String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(word: &str) -> Result<Self, UnknownProvider> {
        Self::ALL.into_iter().find(|p| p.label() == word).ok_or_else(|| UnknownProvider(word.to_owned()))
    }
}

/// The request field that caps the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputCap {
    /// Servers of one's own and older models take it.
    MaxTokens,
    /// OpenAI's reasoning models take it and refuse the other one.
    MaxCompletionTokens,
}

/// Provider, model and region. Its address and key are the call step's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Provider family.
    pub provider: Provider,
    /// Model as the provider names it.
    pub model: String,
    /// Region that it runs in.
    pub region: String,
    /// Context window in tokens.
    pub context_tokens: u32,
    /// Longest time of one attempt, in milliseconds.
    pub timeout_ms: u64,
    /// The request field that caps the output.
    pub output_cap: OutputCap,
    /// The model takes a sampling temperature.
    pub temperature: bool,
    /// What else is known of the model.
    #[serde(default, skip_serializing_if = "is_default")]
    pub traits: ModelTraits,
}

impl Target {
    /// The sampling temperature to send, in thousandths: the nearest that the model takes, or none where it takes none.
    pub fn temperature_milli(&self, asked: Option<u32>) -> Option<u32> {
        let asked = asked.filter(|_| self.temperature)?;
        Some(self.traits.temperature_milli.map_or(asked, |range| range.nearest(asked)))
    }

    /// The target as a request has it that says whether models may think: as far as its model can be told.
    pub fn thinking_as(&self, asked: Option<bool>) -> Cow<'_, Self> {
        let can_be_told = self.traits.thinking.is_switched()
            || (self.traits.thinking == Thinking::Unsaid && self.traits.thinking_by.is_some());
        let thinking = match asked.filter(|_| can_be_told) {
            Some(true) => Thinking::On,
            Some(false) => Thinking::Off,
            None => return Cow::Borrowed(self),
        };
        Cow::Owned(Self { traits: ModelTraits { thinking, ..self.traits.clone() }, ..self.clone() })
    }

    /// Whether its model takes texts at which an answer ends. Spark's wires have no field for them, and OpenAI's models that think refuse it:
    /// these take no temperature either.
    pub fn takes_stop(&self) -> bool {
        match self.provider {
            Provider::Openai => self.temperature,
            Provider::Spark => false,
            Provider::Ernie | Provider::Tongyi | Provider::Claude | Provider::Local => true,
        }
    }

    /// The output cap to send, in tokens: no more than the model gives.
    pub fn max_output_tokens(&self, asked: u32) -> u32 {
        asked.min(self.traits.max_output_tokens.unwrap_or(u32::MAX))
    }
}
