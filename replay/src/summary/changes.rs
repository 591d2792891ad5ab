//! What changed from the baseline to the candidate.

use std::collections::BTreeMap;

use serde::Serialize;

use super::case::Case;
use crate::results::{Side, TurnResult};

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Verdicts, the stricter of question's and answer's: every pair that occurs, unchanged ones too.
    pub verdicts: Vec<Change>,
    /// Rules of routes.
    pub routes: Vec<Change>,
    /// Targets that answered.
    pub targets: Vec<Change>,
    /// Turns that should be decided alike and are not, by cause; those that started cold too.
    pub drift: BTreeMap<&'static str, u64>,
}

/// How many turns went from one to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What the baseline has.
    pub from: String,
    /// What the candidate has.
    pub to: String,
    /// Turns.
    pub turns: u64,
}

impl Changes {
    /// Of compared turns; drift is counted in all of them.
    pub fn of(cases: &[Case<'_>], all: &[TurnResult]) -> Self {
        let mut drift = BTreeMap::new();
        for cause in all.iter().filter_map(|turn| turn.drift) {
            *drift.entry(cause.label()).or_default() += 1;
        }
        Self {
            verdicts: pairs(cases, |side| Some(side.strictest()?.label())),
            routes: pairs(cases, |side| side.route.as_deref()),
            targets: pairs(cases, |side| side.target.as_deref()),
            drift,
        }
    }
}

/// Every pair with the number of its turns, the most frequent first.
fn pairs(cases: &[Case<'_>], of: impl Fn(&Side) -> Option<&str>) -> Vec<Change> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for case in cases {
        if let Some(pair) = of(&case.turn.baseline).zip(of(&case.turn.candidate)) {
            *counts.entry(pair).or_default() += 1;
        }
    }
    let change =
        |((from, to), turns): ((&str, &str), u64)| Change { from: from.into(), to: to.into(), turns };
    let mut changes: Vec<Change> = counts.into_iter().map(change).collect();
    changes.sort_by_key(|change| std::cmp::Reverse(change.turns));
    changes
}
