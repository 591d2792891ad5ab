//! Words that count only near others.

use super::candidates::Candidate;
use super::words::RuleMeta;

/// Of rules whose words must stand near others, drops the candidates that have none of the other side near.
pub(super) fn keep(metas: &[RuleMeta], candidates: &mut Vec<Candidate>) {
    candidates.sort_unstable_by_key(|c| (c.rule, c.start, c.end, c.side, c.views, c.word));
    let kept = candidates
        .chunk_by(|one, two| one.rule == two.rule)
        .flat_map(|of_rule| {
            let within =
                of_rule.first().and_then(|c| metas.get(c.rule as usize)).and_then(|meta| meta.within);
            let near =
                move |c: &&Candidate| within.is_none_or(|within| has_near(c, of_rule, u32::from(within)));
            of_rule.iter().filter(near)
        })
        .copied()
        .collect();
    *candidates = kept;
}

/// Whether one of the other side stands within so many characters, before or behind; candidates are sorted by their beginnings.
fn has_near(candidate: &Candidate, all: &[Candidate], within: u32) -> bool {
    let apart = |other: &Candidate| {
        let behind = other.start.checked_sub(candidate.end);
        let before = candidate.start.checked_sub(other.end);
        behind.or(before)
    };
    all.iter()
        .take_while(|other| other.start <= candidate.end.saturating_add(within))
        .any(|other| other.side != candidate.side && apart(other).is_some_and(|apart| apart <= within))
}
