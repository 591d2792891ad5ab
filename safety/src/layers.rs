//! Several engines as one.

use std::sync::Arc;

use crate::direction::Direction;
use crate::engine::Engine;
use crate::finding::Finding;

/// Judges by several engines, each of which others may share: what any of them finds is found. What one of them allows cancels hits
/// of those above it.
#[derive(Debug)]
pub struct Layers {
    version: String,
    words: Vec<Arc<dyn Engine>>,
    allowed: Option<Arc<dyn Engine>>,
    others: Vec<Arc<dyn Engine>>,
}

impl Layers {
    /// An engine of these, whose hits all count; `version` names all of it.
    pub fn new(version: impl Into<String>, engines: Vec<Arc<dyn Engine>>) -> Self {
        Self { version: version.into(), words: Vec::new(), allowed: None, others: engines }
    }

    /// Adds engines whose hits are cancelled where they lie wholly within a place that `allowed` finds.
    #[must_use]
    pub fn unless_allowed(mut self, engines: Vec<Arc<dyn Engine>>, allowed: Option<Arc<dyn Engine>>) -> Self {
        (self.words, self.allowed) = (engines, allowed);
        self
    }

    fn engines(&self) -> impl Iterator<Item = &Arc<dyn Engine>> {
        self.words.iter().chain(&self.others)
    }
}

impl Engine for Layers {
    fn dictionary(&self) -> &str {
        &self.version
    }

    fn judge(&self, direction: Direction, text: &str) -> Finding {
        let found = |engines: &[Arc<dyn Engine>]| -> Vec<_> {
            engines.iter().flat_map(|engine| engine.judge(direction, text).hits).collect()
        };
        let mut hits = found(&self.words);
        if let Some(allowed) = self.allowed.as_ref().filter(|_| !hits.is_empty()) {
            let spans: Vec<_> = allowed.judge(direction, text).hits.into_iter().map(|hit| hit.span).collect();
            hits.retain(|hit| !spans.iter().any(|s| s.start <= hit.span.start && hit.span.end <= s.end));
        }
        hits.extend(found(&self.others));
        Finding::of(hits)
    }

    fn reach(&self) -> usize {
        let allowed = self.allowed.iter().map(|allowed| 2 * allowed.reach());
        self.engines().map(|engine| engine.reach()).chain(allowed).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use common::Action;

    use super::*;
    use crate::rule::Rule;
    use crate::ruleset::RuleSet;

    fn words(id: &str, words: &[&str], action: Action) -> Arc<dyn Engine> {
        Arc::new(RuleSet::new(&[Rule::words(id, words, action)], "part").unwrap())
    }

    #[test]
    fn what_any_of_them_finds_is_found_under_one_version() {
        let engines = vec![words("a", &["甲乙"], Action::Mask), words("b", &["乙丙"], Action::Hold)];
        let layers = Layers::new("all", engines);
        let found = layers.judge(Direction::Input, "甲乙丙");
        assert_eq!((found.action, found.rules.len(), found.spans.first()), (Action::Hold, 2, Some(&(0..9))));
        assert_eq!(layers.dictionary(), "all");
        assert!(layers.judge(Direction::Input, "").hits.is_empty());
    }

    #[test]
    fn an_allowed_place_cancels_what_lies_in_it_and_nothing_of_the_others() {
        let allowed = words("allowed", &["大麻烦"], Action::Pass);
        let layers = Layers::new("all", vec![words("other", &["麻烦"], Action::Mask)])
            .unless_allowed(vec![words("drugs", &["大麻", "麻烦了"], Action::Block)], Some(allowed));
        let places = |text: &str| {
            let found = layers.judge(Direction::Input, text).hits.into_iter();
            found.map(|hit| (hit.word, hit.span.start)).collect::<Vec<_>>()
        };
        assert_eq!(places("大麻烦，大麻"), [("麻烦".to_owned(), 3), ("大麻".to_owned(), 12)]);
        assert_eq!(places("大麻烦了"), [("麻烦".to_owned(), 3), ("麻烦了".to_owned(), 3)]);
    }
}
