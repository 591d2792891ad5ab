//! The word list.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{Filter, Finding};

/// What to do with a text, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Its name in records and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Mask => "mask",
            Self::Replace => "replace",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }

    /// The action of that name.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Pass, Self::Mask, Self::Replace, Self::Hold, Self::Block]
            .into_iter()
            .find(|a| a.label() == label)
    }
}

/// One rule: some words, and what to do when one of them is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Words, any of which hits.
    pub words: Vec<String>,
    /// What to do.
    pub action: Action,
}

/// A rule that no engine can be built from.
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
    /// Rule of each pattern.
    rule_of: Vec<usize>,
    rules: Vec<(String, Action)>,
    dictionary: String,
}

impl WordList {
    /// Builds the automaton; `dictionary` names this version of the rules.
    ///
    /// # Errors
    /// [`BadRule`] when a word is empty or the list does not fit.
    pub fn new(
        rules: impl IntoIterator<Item = Rule>,
        dictionary: impl Into<String>,
    ) -> Result<Self, BadRule> {
        let (mut words, mut rule_of, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for rule in rules {
            for word in rule.words {
                if word.is_empty() {
                    return Err(BadRule::EmptyWord(rule.id));
                }
                words.push(word);
                rule_of.push(named.len());
            }
            named.push((rule.id, rule.action));
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(words)
            .map_err(BadRule::TooLarge)?;
        Ok(Self { automaton, rule_of, rules: named, dictionary: dictionary.into() })
    }
}

impl Filter for WordList {
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
        let rule = |id: &str, words: &[&str], action| Rule {
            id: id.into(),
            words: words.iter().map(|w| (*w).to_owned()).collect(),
            action,
        };
        WordList::new(
            [rule("mild", &["damn"], Action::Mask), rule("gamble", &["赌博", "赌"], Action::Block)],
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
        let rule = Rule { id: "r".into(), words: vec![String::new()], action: Action::Block };
        assert!(matches!(WordList::new([rule], "d"), Err(BadRule::EmptyWord(id)) if id == "r"));
    }
}
