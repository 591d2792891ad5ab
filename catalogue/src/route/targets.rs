//! What a rule may ask of targets, as call tells of them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemas::conditions::{Condition, Standing};
use schemas::ids::TargetName;
use serde::{Deserialize, Serialize};

/// How targets are for the app, all that is named here; of the targets in one set, one suffices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetStates {
    /// These are not called: their breaker is open.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub open: BTreeSet<TargetName>,
    /// These are left alone for a time, or their last key is.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub cooling: BTreeSet<TargetName>,
    /// These are called, as far as is known.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub available: BTreeSet<TargetName>,
    /// At these calls wait for their turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

/// Targets at which calls wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// Of these, one suffices.
    pub targets: BTreeSet<TargetName>,
    /// For at least so long, in milliseconds.
    pub from_ms: u32,
}

impl TargetStates {
    /// Whether all of it is so, by what is known of each target.
    pub fn hold(&self, of: impl Fn(&TargetName) -> Condition) -> bool {
        let is = |names: &BTreeSet<TargetName>, state| names.iter().any(|name| of(name).state == state);
        let asked = [
            (&self.open, Standing::Open),
            (&self.cooling, Standing::Cooling),
            (&self.available, Standing::Ok),
        ];
        let wait =
            |waiting: &Waiting| waiting.targets.iter().any(|name| of(name).waiting_ms >= waiting.from_ms);
        asked.into_iter().all(|(names, state)| names.is_empty() || is(names, state))
            && self.waiting.as_ref().is_none_or(wait)
    }

    /// Whether it is so wherever the other one is.
    pub(super) fn includes(&self, other: &Self) -> bool {
        let asks_less = |mine: &BTreeSet<TargetName>, other: &BTreeSet<TargetName>| {
            mine.is_empty() || (!other.is_empty() && other.is_subset(mine))
        };
        let waits_less = |mine: &Waiting, other: &Waiting| {
            other.targets.is_subset(&mine.targets) && mine.from_ms <= other.from_ms
        };
        asks_less(&self.open, &other.open)
            && asks_less(&self.cooling, &other.cooling)
            && asks_less(&self.available, &other.available)
            && self
                .waiting
                .as_ref()
                .is_none_or(|mine| other.waiting.as_ref().is_some_and(|other| waits_less(mine, other)))
    }
}
