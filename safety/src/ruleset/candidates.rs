//! Places that may become hits.

use common::Action;

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

/// Of the places that one rule hits, drops those that lie within another that is not milder: the longest wins. Of several ways to see
/// one word at one place, the one through the fewest views stays. Several words that are seen there the same way all stay: 毒药 and 毒藥,
/// or, of `dubo`, every word that is read so.
pub(super) fn keep_longest(metas: &[RuleMeta], direction: Direction, candidates: &mut Vec<Candidate>) {
    candidates.sort_unstable_by_key(|c| {
        (c.rule, c.start, std::cmp::Reverse(c.end), c.views.count(), c.views, c.word)
    });
    let mut rule = None;
    // How far the places reach that are kept, by how strict they are.
    let mut reach = [(Action::Pass, 0); 5];
    let mut last: Option<Candidate> = None;
    candidates.retain(|candidate| {
        if rule != Some(candidate.rule) {
            (rule, reach) = (Some(candidate.rule), [(Action::Pass, 0); 5]);
        }
        let same = |last: Candidate| {
            let of = |c: &Candidate| (c.rule, c.start, c.end, c.views);
            of(&last) == of(candidate)
        };
        if last.is_some_and(same) {
            return true;
        }
        let action = metas
            .get(candidate.rule as usize)
            .map_or(Action::Pass, |meta| meta.action(direction, candidate.views));
        let covered = reach.iter().any(|(of, end)| *of >= action && *end >= candidate.end);
        if !covered && let Some(place) = reach.get_mut(action as usize) {
            *place = (action, candidate.end);
            last = Some(*candidate);
        }
        !covered
    });
}

/// Drops what lies wholly within an allowed span.
pub(super) fn drop_allowed(allowed: &mut [Found], candidates: &mut Vec<Candidate>) {
    if allowed.is_empty() {
        return;
    }
    allowed.sort_unstable_by_key(|span| span.start);
    // From here on `end` is how far any span reaches that begins no later.
    let mut reach = 0;
    for span in allowed.iter_mut() {
        reach = reach.max(span.end);
        span.end = reach;
    }
    candidates.retain(|candidate| {
        let begun = allowed.partition_point(|span| span.start <= candidate.start);
        let last = begun.checked_sub(1).and_then(|last| allowed.get(last));
        last.is_none_or(|span| span.end < candidate.end)
    });
}
