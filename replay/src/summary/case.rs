//! Turns that are compared, with their measures.

use crate::measure::Measures;
use crate::results::TurnResult;

/// A turn that is compared.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The turn.
    pub turn: &'a TurnResult,
    /// How its answers compare; absent where a side has none.
    pub measures: Option<Measures>,
}

/// All that did not start cold, each measured once.
pub fn of(turns: &[TurnResult]) -> Vec<Case<'_>> {
    let warm = turns.iter().filter(|turn| !turn.cold_start);
    warm.map(|turn| Case { turn, measures: Measures::of_turn(turn) }).collect()
}
