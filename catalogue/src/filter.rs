//! What is filtered, as the engine is built from it.

use schemars::JsonSchema;
use schemas::verdict::Action;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The word list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// Rules in the order of their ids.
    pub rules: Vec<WordRule>,
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
        }
        base16ct::lower::encode_string(hash.finalize().get(..8).unwrap_or_default())
    }
}

/// One rule of the word list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WordRule {
    /// Its id.
    pub id: String,
    /// Words, any of which hits.
    pub words: Vec<String>,
    /// What to do.
    pub action: Action,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rule_word_or_action_is_another_version() {
        let filter = |id: &str, words: &[&str], action| Filter {
            rules: vec![WordRule {
                id: id.into(),
                words: words.iter().map(|w| (*w).into()).collect(),
                action,
            }],
        };
        let first = filter("r", &["ab", "c"], Action::Block);
        assert_eq!(first.version().len(), 16);
        assert_eq!(first.version(), first.clone().version());
        for other in [
            filter("s", &["ab", "c"], Action::Block),
            filter("r", &["a", "bc"], Action::Block),
            filter("r", &["ab", "c"], Action::Mask),
        ] {
            assert_ne!(first.version(), other.version());
        }
    }
}
