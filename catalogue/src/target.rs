//! What can be called.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A provider family: one wire, one error dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// OpenAI's chat completions.
    Openai,
    /// A server of the operator's own that speaks the same wire: Ollama, vLLM, llama.cpp.
    Local,
}

impl Provider {
    /// Every family of this version.
    pub const ALL: [Provider; 2] = [Provider::Openai, Provider::Local];

    /// Its name in configuration, metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Local => "local",
        }
    }

    /// The field by which its models are told their output cap, unless a target says otherwise.
    pub fn output_cap(self) -> OutputCap {
        match self {
            Self::Openai => OutputCap::MaxCompletionTokens,
            Self::Local => OutputCap::MaxTokens,
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
}
