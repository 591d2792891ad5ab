//! Tiers of persons in records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;

/// What a claim in the extension of a message says of its sender. It was signed by the app, for this sender, and held when the message was
/// sent. The signature is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TierClaim {
    /// The tier.
    pub tier: String,
    /// Until when it holds.
    pub expires_at: Millis,
}

/// By what a person has a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TierSource {
    /// The configuration lists the person.
    List,
    /// A claim of the app's in the message.
    Claim,
    /// The app's table.
    Table,
}

impl TierSource {
    /// Its word in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Claim => "claim",
            Self::Table => "table",
        }
    }
}

/// The tier of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// By what the person has it.
    pub by: TierSource,
}
