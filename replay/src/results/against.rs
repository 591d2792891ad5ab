//! Two replays of one range, candidate against candidate.

use std::collections::BTreeMap;

use super::{Results, TurnResult};

impl Results {
    /// The turns that both replays have, with the other's candidate as the baseline. What the judge said compares with another baseline,
    /// so it falls away. What stands upon answers that nobody saw on either side is open loop.
    #[must_use]
    pub fn against(&self, other: &Results) -> Results {
        let theirs: BTreeMap<&str, &TurnResult> =
            other.turns.iter().map(|turn| (turn.turn.as_str(), turn)).collect();
        let both = self.turns.iter().filter_map(|ours| Some((ours, *theirs.get(ours.turn.as_str())?)));
        let turns = both.map(|(ours, theirs)| TurnResult {
            baseline: theirs.candidate.clone(),
            footing: ours.footing.max(theirs.footing),
            cold_start: ours.cold_start || theirs.cold_start,
            drift: None,
            judged: None,
            ..ours.clone()
        });
        let mut head = self.head.clone();
        head.baseline = other.head.candidate.clone();
        Results { head, turns: turns.collect(), end: self.end.clone() }
    }
}
