//! What is known of a conversation beside its turns.

use std::collections::HashMap;

use schemas::ids::TurnId;

use crate::results::DriftCause;

/// A conversation of the range.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// Hash of the state before the first decision, on each side: baseline, candidate.
    baseline: Option<String>,
    candidate: Option<String>,
    /// Some answer that counts as heard is not the recorded one.
    pub(super) is_open: bool,
    /// Turns whose decisions differ and should not, and why they do.
    pub(super) drifted: HashMap<TurnId, DriftCause>,
}

impl Talk {
    pub(super) fn first_of_baseline(&mut self, state: &str) {
        self.baseline.get_or_insert_with(|| state.to_owned());
    }

    pub(super) fn first_of_candidate(&mut self, state: &str) {
        self.candidate.get_or_insert_with(|| state.to_owned());
    }

    /// The candidate began with another state than the line had, or one side has told nothing.
    pub(super) fn is_cold(&self) -> bool {
        self.baseline.is_none() || self.candidate != self.baseline
    }
}
