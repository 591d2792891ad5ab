//! The implicit label of generated content: the seven fields of GB 45438-2025, as they travel in a message's `ext.AIGC`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest name or code of a provider, in bytes.
pub const LONGEST_PROVIDER: usize = 128;

/// What is said of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Generated {
    /// It was generated.
    #[serde(rename = "1")]
    Certainly,
    /// It may have been generated.
    #[serde(rename = "2")]
    Possibly,
    /// It is suspected to have been generated.
    #[serde(rename = "3")]
    Suspected,
}

/// The implicit label of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(extend("additionalProperties" = false))]
pub struct ImplicitLabel {
    /// Whether the content was generated.
    pub label: Generated,
    /// Name or code of the provider whose service generated it.
    #[schemars(length(min = 1, max = 128))]
    pub content_producer: String,
    /// The provider's number of the content.
    #[serde(rename = "ProduceID")]
    #[schemars(length(min = 1, max = 128))]
    pub produce_id: String,
    /// For the provider's own safeguards; empty when it has none.
    #[schemars(length(max = 128))]
    pub reserved_code1: String,
    /// Name or code of the provider whose service spreads it.
    #[schemars(length(min = 1, max = 128))]
    pub content_propagator: String,
    /// That provider's number of the content.
    #[serde(rename = "PropagateID")]
    #[schemars(length(min = 1, max = 128))]
    pub propagate_id: String,
    /// For that provider's own safeguards; empty when it has none.
    #[schemars(length(max = 128))]
    pub reserved_code2: String,
}
