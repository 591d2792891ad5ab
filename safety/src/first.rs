//! The first engine: words without regard to ASCII case, and nothing else. Bundles that were stored before there was another one were
//! judged by it, and their logs must fold as they did.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::direction::Direction;
use crate::engine::Engine;
use crate::finding::{Finding, Hit};
use crate::rule::{BadRule, Reason, Rule};
use crate::view::Views;

/// Finds words as they stand, the leftmost and longest first, without regard to ASCII case. Of a rule only id, words and action count.
#[derive(Debug)]
pub struct WordList {
    automaton: AhoCorasick,
    /// The hit of each word; its span is filled in.
    hits: Vec<Hit>,
    longest: usize,
    version: String,
}

impl WordList {
    /// Builds the automaton; `version` names these rules. Empty words are left out.
    ///
    /// # Errors
    /// [`BadRule`] when the words do not fit into one automaton.
    pub fn new(rules: &[Rule], version: impl Into<String>) -> Result<Self, BadRule> {
        let words = rules.iter().flat_map(|rule| rule.words.iter().map(move |word| (rule, word)));
        let hits: Vec<Hit> =
            words.filter(|(_, word)| !word.is_empty()).map(|(rule, word)| hit(rule, word)).collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(hits.iter().map(|hit| &hit.word));
        let too_large = |error: aho_corasick::BuildError| BadRule {
            rule: "words".to_owned(),
            reason: Reason::TooLarge(error.to_string()),
        };
        let longest = hits.iter().map(|hit| hit.word.chars().count()).max().unwrap_or(1);
        Ok(Self { automaton: automaton.map_err(too_large)?, hits, longest, version: version.into() })
    }
}

fn hit(rule: &Rule, word: &str) -> Hit {
    Hit {
        rule: rule.id.clone(),
        category: String::new(),
        severity: 0,
        word: word.to_owned(),
        views: Views::NONE,
        span: 0..0,
        action: rule.action,
        on_error: rule.on_error,
        shadow: false,
    }
}

impl Engine for WordList {
    fn dictionary(&self) -> &str {
        &self.version
    }

    fn judge(&self, _: Direction, text: &str) -> Finding {
        let found = self.automaton.find_iter(text);
        let hits = found.filter_map(|found| {
            let hit = self.hits.get(found.pattern().as_usize())?;
            Some(Hit { span: found.range(), ..hit.clone() })
        });
        Finding::of(hits.collect())
    }

    fn reach(&self) -> usize {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use common::Action;

    use super::*;

    fn list(rules: &[Rule]) -> WordList {
        WordList::new(rules, "d1").unwrap()
    }

    #[test]
    fn it_finds_what_it_always_found() {
        let rules = [
            Rule::words("mild", &["damn"], Action::Mask),
            Rule::words("gamble", &["赌博", "赌"], Action::Block),
        ];
        let found = list(&rules).judge(Direction::Input, "DAMN, 网上赌博");
        assert_eq!(
            (found.action, found.rules),
            (Action::Block, vec!["gamble".to_owned(), "mild".to_owned()])
        );
        assert_eq!(found.spans, [0..4, 12..18]);
        assert_eq!(list(&rules).judge(Direction::Output, "賭博，赌 博，ｄａｍｎ").rules, ["gamble"]);
    }

    #[test]
    fn words_of_punctuation_hit_as_they_did_and_empty_ones_nothing() {
        let rules = [Rule::words("dots", &["...", ""], Action::Mask)];
        assert_eq!(list(&rules).judge(Direction::Input, "ab...c").spans.first(), Some(&(2..5)));
        assert!(list(&rules).judge(Direction::Input, "ab").hits.is_empty());
    }
}
