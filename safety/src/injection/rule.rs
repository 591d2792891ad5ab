//! Injections as part of an engine.

use common::Action;

use super::detector;
use crate::direction::Direction;
use crate::finding::Hit;
use crate::fold::Folded;
use crate::view::Views;

/// Adds a hit to what the rules of an engine hit when a text that a person wrote scores high enough. What the model says is not assessed.
/// The rule of the hit is `injection`, its word the names of the signals.
#[derive(Debug)]
pub struct Threshold {
    detector: detector::Detector,
    score: u16,
    action: Action,
}

impl Threshold {
    /// Id and category of the hits.
    pub const RULE: &str = "injection";

    /// From this score on, 0 to 1000, the action follows.
    pub fn new(score: u16, action: Action) -> Self {
        Self { detector: detector::Detector::new(), score, action }
    }
}

impl crate::Detector for Threshold {
    fn detect(&self, direction: Direction, text: &str, folded: &Folded, hits: &mut Vec<Hit>) {
        if direction == Direction::Output {
            return;
        }
        let assessed = self.detector.assess_folded(text, folded);
        if assessed.score() == 0 || assessed.score() < self.score {
            return;
        }
        let labels: Vec<&str> = assessed.signals.iter().map(|signal| signal.label()).collect();
        let word = labels.join(" ");
        // 0 to 1000 becomes 0 to 250.
        let severity = u8::try_from(assessed.score() / 4).unwrap_or(u8::MAX);
        hits.extend(assessed.spans.into_iter().map(|span| Hit {
            rule: Self::RULE.to_owned(),
            category: Self::RULE.to_owned(),
            severity,
            word: word.clone(),
            views: Views::NONE,
            span,
            action: self.action,
            shadow: false,
        }));
    }
}
