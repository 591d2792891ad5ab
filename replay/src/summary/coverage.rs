//! How much of a replay its results have.

use std::collections::BTreeSet;

use common::Rate;
use serde::Serialize;

use crate::results::{Footing, Results, Stop, TurnResult};

/// How much of a replay its results have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// Turns that the range should give; absent while the replay has not come to its end.
    pub expected: Option<u64>,
    /// Why it ended early.
    pub stopped: Option<Stop>,
    /// Turns of the file.
    pub turns: u64,
    /// Conversations of the file.
    pub conversations: u64,
    /// Turns that are compared: those that did not start cold.
    pub compared: u64,
    /// Turns of conversations that started cold.
    pub cold_turns: u64,
    /// Conversations that started cold.
    pub cold_conversations: u64,
    /// Turns that have on both sides what they should have, of those expected.
    pub complete: Option<Rate>,
    /// Turns that were judged, of those compared turns that both sides answered.
    pub judged: Option<Rate>,
    /// The lowest score that the judge gave to a compared turn, from -3 to 3.
    pub worst_case: Option<f64>,
    /// Compared turns in closed loop.
    pub closed: u64,
    /// Compared turns in open loop.
    pub open: u64,
}

impl Coverage {
    /// Of results.
    pub fn of(results: &Results) -> Self {
        let turns = &results.turns;
        let conversations = |of: fn(&&TurnResult) -> bool| {
            turns.iter().filter(of).map(|turn| turn.conversation.as_str()).collect::<BTreeSet<_>>().len()
                as u64
        };
        let count = |of: &dyn Fn(&TurnResult) -> bool| turns.iter().filter(|turn| of(turn)).count() as u64;
        let is_complete = |turn: &TurnResult| turn.baseline.is_complete() && turn.candidate.is_complete();
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let expected = results.expected();
        let complete = expected.and_then(|expected| {
            let expected = expected.max(turns.len() as u64);
            Rate::of(narrow(count(&is_complete)), narrow(expected))
        });
        Self {
            expected,
            stopped: results.end.as_ref().and_then(|end| end.stopped),
            turns: turns.len() as u64,
            conversations: conversations(|_| true),
            compared: count(&|turn| !turn.cold_start),
            cold_turns: count(&|turn| turn.cold_start),
            cold_conversations: conversations(|turn| turn.cold_start),
            complete,
            judged: Rate::of(
                narrow(count(&|turn| is_judgeable(turn) && turn.judged.is_some())),
                narrow(count(&is_judgeable)),
            ),
            worst_case: worst_case(turns),
            closed: count(&|turn| !turn.cold_start && turn.footing == Footing::Closed),
            open: count(&|turn| !turn.cold_start && turn.footing == Footing::Open),
        }
    }
}

fn is_judgeable(turn: &TurnResult) -> bool {
    !turn.cold_start && turn.baseline.answer.is_some() && turn.candidate.answer.is_some()
}

fn worst_case(turns: &[TurnResult]) -> Option<f64> {
    let warm = turns.iter().filter(|turn| !turn.cold_start);
    let scores = warm.filter_map(|turn| Some(turn.judged.as_ref()?.score()));
    scores.min_by(f64::total_cmp)
}
