//! What is done with a text: the one word that rules, verdicts, records, rows and metrics share.

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

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn an_action_has_one_name_everywhere_and_they_are_ordered_by_strictness() {
        let actions = [Action::Pass, Action::Mask, Action::Replace, Action::Hold, Action::Block];
        assert!(actions.is_sorted());
        for action in actions {
            assert_eq!(serde_json::to_value(action).unwrap(), action.label());
        }
    }
}
