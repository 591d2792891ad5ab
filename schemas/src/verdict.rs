//! What the filter says of a text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use common::Action;

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
}
