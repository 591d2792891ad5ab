//! Words that count only near others.

use super::candidates::Candidate;
use super::words::{RuleMeta, Side};

/// Of rules whose words must stand near others, drops the candidates that have none of the other side near.
pub(super) fn keep(metas: &[RuleMeta], candidates: &mut Vec<Candidate>) {
    candidates.sort_unstable_by_key(|c| (c.rule, c.start, c.end, c.side, c.views, c.word));
    let mut kept = Vec::with_capacity(candidates.len());
    for of_rule in candidates.chunk_by(|one, two| one.rule == two.rule) {
        let within = of_rule.first().and_then(|c| metas.get(c.rule as usize)).and_then(|meta| meta.within);
        let Some(within) = within.map(u32::from) else {
            kept.extend_from_slice(of_rule);
            continue;
        };
        let (first, second) = (Ends::of(of_rule, Side::First), Ends::of(of_rule, Side::Second));
        let near = |c: &&Candidate| match c.side {
            Side::First => second.has_near(c, within),
            Side::Second => first.has_near(c, within),
        };
        kept.extend(of_rule.iter().filter(near));
    }
    *candidates = kept;
}

/// Where the candidates of one side begin and end, each sorted.
struct Ends {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Ends {
    fn of(candidates: &[Candidate], side: Side) -> Self {
        let of_side = || candidates.iter().filter(move |c| c.side == side);
        let mut ends: Vec<u32> = of_side().map(|c| c.end).collect();
        ends.sort_unstable();
        Self { starts: of_side().map(|c| c.start).collect(), ends }
    }

    /// Whether one begins within so many characters behind a candidate, or ends within so many before it.
    fn has_near(&self, candidate: &Candidate, within: u32) -> bool {
        let next = self.starts.partition_point(|start| *start < candidate.end);
        let behind = self.starts.get(next).is_some_and(|start| start - candidate.end <= within);
        let last = self.ends.partition_point(|end| *end <= candidate.start);
        let before = last.checked_sub(1).and_then(|last| self.ends.get(last));
        behind || before.is_some_and(|end| candidate.start - end <= within)
    }
}
