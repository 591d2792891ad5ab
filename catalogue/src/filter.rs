//! What is filtered, and the engine that is built from it.

use std::sync::Arc;

use safety::{BadRule, Engine, Rule, RuleSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// Rules in the order of their ids.
    pub rules: Vec<Rule>,
}

impl Filter {
    /// Version of the dictionary in every verdict: the first 16 hex digits of the SHA-256 of all rules.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update(text.len().to_be_bytes());
            hash.update(text);
        };
        for rule in &self.rules {
            part(&rule.id);
            part(rule.action.label());
            part(&rule.words.len().to_string());
            rule.words.iter().for_each(|word| part(word));
            if !rule.is_plain() {
                part(&serde_json::to_string(rule).unwrap_or_default());
            }
        }
        base16ct::lower::encode_string(hash.finalize().get(..8).unwrap_or_default())
    }

    /// Builds the engine that judges by these rules: the same for ingest, the guard and the reviewer.
    ///
    /// # Errors
    /// [`BadRule`] when a rule cannot be built.
    pub fn engine(&self) -> Result<Arc<dyn Engine>, BadRule> {
        Ok(Arc::new(RuleSet::new(&self.rules, self.version())?))
    }
}

#[cfg(test)]
mod tests {
    use safety::{Action, Direction};

    use super::*;

    #[test]
    fn the_engine_judges_by_the_rules_and_names_their_version() {
        let rule = Rule::words("r", &["ab"], Action::Hold);
        let filter = Filter { rules: vec![rule] };
        let engine = filter.engine().unwrap();
        let found = engine.judge(Direction::Input, "drab");
        assert_eq!((found.action, found.rules), (Action::Hold, vec!["r".to_owned()]));
        assert_eq!(engine.dictionary(), filter.version());
    }

    #[test]
    fn another_rule_word_or_action_is_another_version() {
        let filter =
            |id: &str, words: &[&str], action| Filter { rules: vec![Rule::words(id, words, action)] };
        let shadow = Rule { shadow: true, ..Rule::words("r", &["ab", "c"], Action::Block) };
        let first = filter("r", &["ab", "c"], Action::Block);
        assert_eq!(first.version().len(), 16);
        assert_eq!(first.version(), first.clone().version());
        for other in [
            filter("s", &["ab", "c"], Action::Block),
            filter("r", &["a", "bc"], Action::Block),
            filter("r", &["ab", "c"], Action::Mask),
            Filter { rules: vec![shadow] },
        ] {
            assert_ne!(first.version(), other.version());
        }
    }
}
