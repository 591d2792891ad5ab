//! Tiers of an app: which person has which, and what it changes for them.
//!
//! Three may name the tier of a person. The list of the configuration goes first, since the operator wrote it for this very person; then
//! a claim that the app signed for the message; then the app's table.

mod table;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemas::Millis;
use schemas::ids::UserId;
use schemas::tier::TierSource;
use serde::{Deserialize, Serialize};

use crate::app::App;

pub use table::{MOST_USERS, TierTable};

/// The largest weight.
pub const HEAVIEST: u32 = 1_000;

/// A tier. What is absent is as the app has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Persons who are in it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub users: BTreeSet<UserId>,
    /// How many turns a lane of theirs gets at a pace for one of a lane without a weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Most turns of history in a prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_turns: Option<u32>,
    /// Most estimated tokens of history in a prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_tokens: Option<u32>,
    /// Most tokens of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// No attempt starts later than this after the decision, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_within_ms: Option<Millis>,
    /// Most answers to one person of a conversation within a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_minute: Option<u32>,
}

/// The tier of a person, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted<'a> {
    /// The tier.
    pub tier: &'a Tier,
    /// By what the person has it.
    pub by: TierSource,
}

impl App {
    /// The tier of that name.
    pub fn tier(&self, name: &str) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.name == name)
    }

    /// What each source says of a person, the one that counts first. What a claim or a table says of a tier that the app does not have
    /// counts for nothing.
    pub fn tiers_of<'a>(
        &'a self,
        user: &UserId,
        claimed: Option<&str>,
        table: Option<&TierTable>,
    ) -> impl Iterator<Item = Granted<'a>> {
        let listed = self.tiers.iter().find(|tier| tier.users.contains(user));
        let claimed = claimed.and_then(|name| self.tier(name));
        let tabled = table.and_then(|table| self.tier(table.tier(user)?));
        let all = [(listed, TierSource::List), (claimed, TierSource::Claim), (tabled, TierSource::Table)];
        all.into_iter().filter_map(|(tier, by)| Some(Granted { tier: tier?, by }))
    }

    /// How many turns of history are kept: as many as any tier is told.
    pub fn kept_turns(&self) -> u32 {
        let of_tiers = self.tiers.iter().filter_map(|tier| tier.history_turns);
        of_tiers.fold(self.history_turns, u32::max)
    }

    /// Most tokens that an answer may have, whatever the tier.
    pub fn most_output_tokens(&self) -> u32 {
        let of_tiers = self.tiers.iter().filter_map(|tier| tier.max_output_tokens);
        of_tiers.fold(self.max_output_tokens, u32::max)
    }

    /// Whether answers within a minute are limited for anybody.
    pub fn counts_answers(&self) -> bool {
        self.output.max_per_minute.is_some() || self.tiers.iter().any(|tier| tier.max_per_minute.is_some())
    }
}
