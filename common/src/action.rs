//! What is done with a text: the words that rules, verdicts, records, rows and metrics share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do with a text, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing to say against it.
    Pass,
    /// Hide the parts that were hit.
    Mask,
    /// Say something else instead.
    Replace,
    /// Keep it until someone has looked at it.
    Hold,
    /// Stop it.
    Block,
}

impl Action {
    /// Its name in metrics and rows, the same as in records.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Mask => "mask",
            Self::Replace => "replace",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }
}

/// What happens to a text when a rule's action cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The text goes on.
    Open,
    /// The text is stopped.
    Closed,
}

impl OnError {
    /// What rules say together, each of which may leave it to the app's policy: one that is closed stops the text, and it goes on against the
    /// policy only if all of them are open. `None` leaves it to the policy.
    pub fn of_all(rules: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let strictness = |rule: &Option<Self>| match rule {
            Some(Self::Open) => 0,
            None => 1,
            Some(Self::Closed) => 2,
        };
        rules.into_iter().max_by_key(strictness).flatten()
    }

    /// Whether the text goes on.
    pub const fn lets_on(self) -> bool {
        matches!(self, Self::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, OnError};

    #[test]
    fn rules_together_stop_a_text_if_one_does_and_let_it_on_against_the_policy_only_if_all_do() {
        let (open, closed) = (Some(OnError::Open), Some(OnError::Closed));
        for (rules, together) in [
            (vec![], None),
            (vec![None], None),
            (vec![open, open], open),
            (vec![open, None], None),
            (vec![closed, None, open], closed),
        ] {
            assert_eq!(OnError::of_all(rules.clone()), together, "{rules:?}");
        }
    }

    #[test]
    fn an_action_has_one_name_everywhere_and_they_are_ordered_by_strictness() {
        let actions = [Action::Pass, Action::Mask, Action::Replace, Action::Hold, Action::Block];
        assert!(actions.is_sorted());
        for action in actions {
            assert_eq!(serde_json::to_value(action).unwrap(), action.label());
        }
    }
}
