//! Places that may become hits.

use crate::direction::Direction;
use crate::view::Views;
use crate::words::Found;

use super::words::{RuleMeta, Side};

/// A place that a rule would hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Number of the rule.
    pub(super) rule: u32,
    /// Place of the first character.
    pub(super) start: u32,
    /// Place after the last one.
    pub(super) end: u32,
    /// Through which views.
    pub(super) views: Views,
    /// Number of the word; `None` for a pattern's match.
    pub(super) word: Option<u32>,
    /// The list that the word is on.
    pub(super) side: Side,
}

impl Candidate {
    /// Whether it lies in one of these spans.
    pub(super) fn is_within(&self, spans: &[Found]) -> bool {
        spans.iter().any(|span| span.start <= self.start && self.end <= span.end)
    }
}

/// Of the places that one rule hits, drops those that lie within another that is not milder: the longest wins. Of several ways to see
/// one word at one place, the one through the fewest views stays.
pub(super) fn keep_longest(metas: &[RuleMeta], direction: Direction, candidates: &mut Vec<Candidate>) {
    candidates.sort_unstable_by_key(|c| {
        (c.rule, c.start, std::cmp::Reverse(c.end), c.views.count(), c.views, c.word)
    });
    let action = |c: &Candidate| metas.get(c.rule as usize).map(|meta| meta.action(direction, c.views));
    let mut kept = 0;
    for at in 0..candidates.len() {
        let Some(candidate) = candidates.get(at).copied() else { break };
        let same_rule =
            candidates.get(..kept).unwrap_or_default().iter().rev().take_while(|c| c.rule == candidate.rule);
        let mut covering = same_rule.filter(|c| c.end >= candidate.end);
        if covering.any(|c| action(c) >= action(&candidate)) {
            continue;
        }
        if let Some(place) = candidates.get_mut(kept) {
            *place = candidate;
            kept += 1;
        }
    }
    candidates.truncate(kept);
}
