//! An engine that looks for words.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use common::Action;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::finding::Finding;

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

/// A rule from which no engine can be built.
#[derive(Debug, thiserror::Error)]
pub enum BadRule {
    /// One of its words is empty and would hit everything.
    #[error("build word list: rule {0:?} has an empty word")]
    EmptyWord(String),
    /// The words are too many or too long for one automaton.
    #[error("build word list")]
    TooLarge(#[source] aho_corasick::BuildError),
}

/// Finds words, longest first, without regard to ASCII case.
#[derive(Debug)]
pub struct WordList {
    automaton: AhoCorasick,
    /// Index of the rule of each pattern.
    rule_of: Vec<usize>,
    /// Id and action of each rule.
    rules: Vec<(String, Action)>,
    dictionary: String,
}

impl WordList {
    /// Builds the automaton; `dictionary` names this version of the rules.
    ///
    /// # Errors
    /// [`BadRule`] when a word is empty or the list does not fit.
    pub fn new(rules: &[WordRule], dictionary: impl Into<String>) -> Result<Self, BadRule> {
        let (mut words, mut rule_of, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for rule in rules {
            for word in &rule.words {
                if word.is_empty() {
                    return Err(BadRule::EmptyWord(rule.id.clone()));
                }
                words.push(word);
                rule_of.push(named.len());
            }
            named.push((rule.id.clone(), rule.action));
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(words)
            .map_err(BadRule::TooLarge)?;
        Ok(Self { automaton, rule_of, rules: named, dictionary: dictionary.into() })
    }
}

impl Engine for WordList {
    fn dictionary(&self) -> &str {
        &self.dictionary
    }

    fn judge(&self, text: &str) -> Finding {
        let mut action = Action::Pass;
        let mut rules: Vec<String> = Vec::new();
        let mut spans: Vec<Range<usize>> = Vec::new();
        for hit in self.automaton.find_iter(text) {
            let (id, of_rule) = &self.rules[self.rule_of[hit.pattern().as_usize()]];
            action = action.max(*of_rule);
            rules.push(id.clone());
            spans.push(hit.range());
        }
        rules.sort();
        rules.dedup();
        Finding { action, rules, spans }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> WordList {
        let rule = |id: &str, words: &[&str], action| WordRule {
            id: id.into(),
            words: words.iter().map(|w| (*w).to_owned()).collect(),
            action,
        };
        WordList::new(
            &[rule("mild", &["damn"], Action::Mask), rule("gamble", &["赌博", "赌"], Action::Block)],
            "d1",
        )
        .unwrap()
    }

    #[test]
    fn the_strictest_rule_that_is_hit_decides() {
        let found = list().judge("DAMN, 网上赌博");
        assert_eq!(found.action, Action::Block);
        assert_eq!(found.rules, ["gamble", "mild"]);
        assert_eq!(found.spans, [0..4, 12..18]);
    }

    #[test]
    fn a_harmless_text_passes() {
        let found = list().judge("你好");
        assert_eq!((found.action, found.rules.len(), found.spans.len()), (Action::Pass, 0, 0));
    }

    #[test]
    fn an_empty_word_is_refused() {
        let rule = WordRule { id: "r".into(), words: vec![String::new()], action: Action::Block };
        assert!(matches!(WordList::new(&[rule], "d"), Err(BadRule::EmptyWord(id)) if id == "r"));
    }
}
