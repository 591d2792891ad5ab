//! What one side made of a turn.

use common::Action;
use schemas::money::Money;
use serde::{Deserialize, Serialize};

/// What one side made of a turn. Everything may be absent that was not known or did not happen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Side {
    /// What the filter says of the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Action>,
    /// What the filter says of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_verdict: Option<Action>,
    /// Ids of the rules that were hit in either.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Hash of the turn's decisions. Equal hashes: the same bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Hash of what the request asks. Equal hashes: the same prompt, chain and parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The rule of the route that was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The target that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What was let out, personal data masked by whoever wrote the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Tokens of all attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// Cost of all attempts in 10⁻¹² of the currency's unit; absent where a price is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// From the request to the whole answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// From the request to the answer's first token, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    /// Where the answer comes from; absent where no model was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Why there is no answer of a model although one was asked for, in a closed word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Tokens as the provider counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Of the prompt, those out of a cache included.
    pub input: u64,
    /// Of them, out of a cache.
    #[serde(default)]
    pub cached: u64,
    /// Of the answer, thoughts included.
    pub output: u64,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// From the log.
    Recorded,
    /// From a model, asked for this replay.
    Live,
}

impl Side {
    /// Whether it has what it should have: an answer, or a verdict that stands for one, and no error.
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && (self.answer.is_some() || self.stops())
    }

    /// Whether the filter lets no answer to the question out.
    pub fn stops(&self) -> bool {
        [self.verdict, self.answer_verdict].into_iter().flatten().any(|action| action >= Action::Replace)
    }

    /// The stricter of its two verdicts.
    pub fn strictest(&self) -> Option<Action> {
        self.verdict.max(self.answer_verdict)
    }
}
