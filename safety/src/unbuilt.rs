//! Rules from which nothing can be built.

use common::{Action, OnError};

use crate::detector::Detector;
use crate::direction::Direction;
use crate::finding::Hit;
use crate::fold::Folded;
use crate::rule::Rule;
use crate::view::Views;

/// Stands for a rule that cannot be looked for and says that texts are stopped then: every text of a direction in which the rule does
/// something is stopped under its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbuilt(Rule);

impl Unbuilt {
    /// Of a rule that cannot be looked for; `None` when texts go on without it, as they do where it does not say anything.
    pub fn of(rule: &Rule) -> Option<Self> {
        let stops = rule.on_error == Some(OnError::Closed) && !rule.shadow;
        stops.then(|| Self(rule.clone()))
    }
}

impl Detector for Unbuilt {
    fn detect(&self, direction: Direction, text: &str, _: &Folded, hits: &mut Vec<Hit>) {
        let Self(rule) = self;
        let through_views = rule.view_actions.values().copied().max().unwrap_or(Action::Pass);
        if text.is_empty() || rule.action_for(direction).max(through_views) == Action::Pass {
            return;
        }
        hits.push(Hit {
            rule: rule.id.clone(),
            category: rule.category.clone(),
            severity: rule.severity,
            word: rule.id.clone(),
            views: Views::NONE,
            span: 0..text.len(),
            action: Action::Block,
            on_error: rule.on_error,
            shadow: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, RuleSet};

    #[test]
    fn a_closed_rule_that_cannot_be_built_stops_texts_of_the_directions_in_which_it_does_something() {
        let rule = Rule {
            output: Some(Action::Pass),
            on_error: Some(OnError::Closed),
            ..Rule::words("r", &["..."], Action::Mask)
        };
        let unbuilt = Unbuilt::of(&rule).unwrap();
        let engine = RuleSet::builder("d").detector(Box::new(unbuilt)).build().unwrap();
        let found = engine.judge(Direction::Input, "hello");
        assert_eq!((found.action, found.rules), (Action::Block, vec!["r".to_owned()]));
        assert_eq!(engine.judge(Direction::Output, "hello").action, Action::Pass);
        for goes_on in [Rule { on_error: None, ..rule.clone() }, Rule { shadow: true, ..rule }] {
            assert_eq!(Unbuilt::of(&goes_on), None);
        }
    }
}
