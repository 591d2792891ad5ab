//! Which rules can never be reached: those behind a rule that holds wherever they do.

use std::collections::BTreeSet;

use super::{Again, Condition, Findings, Rule, Span};
use crate::hours::Hours;

/// Minutes of a day.
const DAY: i64 = 24 * 60;

impl Rule {
    /// Whether it holds wherever the other one does. A yes is certain; a no may be wrong where conditions of different kinds imply each
    /// other.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let is_for_all = self.apps.is_empty() || (!other.apps.is_empty() && other.apps.is_subset(&self.apps));
        // It asks for a picture beside its conditions.
        let is_shown = !self.shows_pictures() || other.shows_pictures();
        is_for_all
            && is_shown
            && self.when.iter().all(|mine| other.when.iter().any(|other| mine.includes(other)))
    }
}

impl Condition {
    /// Whether it holds wherever the other one does.
    fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Chat(mine), Self::Chat(other)) => other.is_subset(mine),
            (Self::Message(mine), Self::Message(other)) => other.iter().all(|kind| mine.contains(kind)),
            (Self::Bot(mine), Self::Bot(other)) => other.is_subset(mine),
            (Self::Group(mine), Self::Group(other)) => other.is_subset(mine),
            (Self::Tier(mine), Self::Tier(other)) => other.is_subset(mine),
            (Self::Ext(mine), Self::Ext(other)) => {
                mine.iter().all(|(name, values)| other.get(name).is_some_and(|of| holds_any(values, of)))
            }
            (Self::Hours(mine), Self::Hours(other)) => {
                (0..DAY).all(|at| !at_any(other, at) || at_any(mine, at))
            }
            (Self::Weekdays(mine), Self::Weekdays(other)) => other.is_subset(mine),
            (Self::Arm(mine), Self::Arm(other)) => {
                mine.iter().all(|(name, arms)| other.get(name).is_some_and(|of| of.is_subset(arms)))
            }
            (Self::Age(mine), Self::Age(other))
            | (Self::HistoryTurns(mine), Self::HistoryTurns(other))
            | (Self::HistoryTokens(mine), Self::HistoryTokens(other))
            | (Self::Score(mine), Self::Score(other)) => mine.includes(*other),
            (Self::Safety(mine), Self::Safety(other)) => mine.includes(other),
            (Self::Language(mine), Self::Language(other)) => other.is_subset(mine),
            (Self::Keywords(mine), Self::Keywords(other)) => other.iter().all(|word| mine.contains(word)),
            (Self::Regex(mine), Self::Regex(other)) => mine == other,
            (Self::Asked(mine), Self::Asked(other)) => mine.includes(*other),
            (Self::Complexity(mine), Self::Complexity(other)) => other.is_subset(mine),
            (Self::Targets(mine), Self::Targets(other)) => mine.includes(other),
            _ => false,
        }
    }
}

impl Span {
    fn includes(self, other: Self) -> bool {
        let from = self.from.is_none_or(|mine| other.from.is_some_and(|other| other >= mine));
        from && self.to.is_none_or(|mine| other.to.is_some_and(|other| other <= mine))
    }
}

impl Findings {
    fn includes(&self, other: &Self) -> bool {
        other.rules.is_subset(&self.rules) && other.categories.is_subset(&self.categories)
    }
}

impl Again {
    fn includes(self, other: Self) -> bool {
        self.times <= other.times && self.within_ms >= other.within_ms
    }
}

/// Whether a set of values, where none stands for any, has those of another.
fn holds_any(mine: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    mine.is_empty() || (!other.is_empty() && other.is_subset(mine))
}

fn at_any(hours: &[Hours], minute: i64) -> bool {
    hours.iter().any(|hours| hours.hold(minute * 60_000))
}
