//! What the filter says of a text.

use std::str::FromStr;

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
    /// Its name in metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Mask => "mask",
            Self::Replace => "replace",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }
}

/// The word is none of the five actions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read action: {0:?} is none of pass, mask, replace, hold, block")]
pub struct UnknownAction(String);

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(word: &str) -> Result<Self, UnknownAction> {
        [Self::Pass, Self::Mask, Self::Replace, Self::Hold, Self::Block]
            .into_iter()
            .find(|action| action.label() == word)
            .ok_or_else(|| UnknownAction(word.to_owned()))
    }
}

/// What the filter says of a text, and on which grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// What to do.
    pub action: Action,
    /// Ids of the rules that were hit, each once, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Version of the dictionary that judged.
    pub dictionary: String,
}

impl Verdict {
    /// A verdict whose rules are sorted and each named once.
    pub fn new(action: Action, mut rules: Vec<String>, dictionary: impl Into<String>) -> Self {
        rules.sort();
        rules.dedup();
        Self { action, rules, dictionary: dictionary.into() }
    }

    /// The stricter of two; of equals, the later one's dictionary and the rules of both.
    #[must_use]
    pub fn stricter(self, later: Verdict) -> Verdict {
        match self.action.cmp(&later.action) {
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Less => later,
            std::cmp::Ordering::Equal => {
                let rules = self.rules.into_iter().chain(later.rules).collect();
                Verdict::new(later.action, rules, later.dictionary)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_verdict_wins_whichever_comes_first() {
        let pass = Verdict::new(Action::Pass, vec![], "d1");
        let block = Verdict::new(Action::Block, vec!["r2".into(), "r1".into(), "r2".into()], "d2");
        assert_eq!(pass.clone().stricter(block.clone()), block);
        assert_eq!(block.clone().stricter(pass), block);
        assert_eq!(block.rules, ["r1", "r2"]);
    }

    #[test]
    fn every_action_reads_back_its_label() {
        for action in [Action::Pass, Action::Mask, Action::Replace, Action::Hold, Action::Block] {
            assert_eq!(action.label().parse(), Ok(action));
        }
        assert!("deny".parse::<Action>().is_err());
    }
}
