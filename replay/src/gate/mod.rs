//! Whether a candidate is good enough: conditions under which it fails, and an answer of three: pass, fail, cannot tell.
//!
//! A mean is held against its limit with its interval: beyond the limit for sure is a fail, within it for sure a pass, anything between
//! cannot be told by so many conversations, and the gate says how many it would take. Counts and the worst case are facts about the turns that
//! were replayed. A pass also needs the results to be complete.
//!
//! - [`condition`]: what is written behind `--fail-if`
//! - [`judge`]: what becomes of it

pub mod condition;
pub mod judge;

use serde::Serialize;

use crate::summary::Summary;
use condition::Condition;
use judge::Judgement;

/// The share of turns that must be complete for a pass, unless another is asked for.
pub const LEAST_COMPLETE: f64 = 0.95;

/// How a gate ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Nothing fails, for sure.
    Pass,
    /// Nothing fails for sure, and something may.
    CannotTell,
    /// Something fails, for sure.
    Fail,
}

impl Ruling {
    /// The exit code. 2 is kept for wrong usage.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::CannotTell => 3,
        }
    }

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// What a gate says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// How it ends: the worst of what follows.
    pub ruling: Ruling,
    /// Whether the results are complete enough for a pass.
    pub complete: Ruling,
    /// The share of turns that must be complete.
    pub least_complete: f64,
    /// What becomes of each condition.
    pub judgements: Vec<Judgement>,
}

/// Holds a replay's figures against conditions.
pub fn gate(summary: &Summary, conditions: &[Condition], least_complete: f64) -> Gate {
    let complete = summary.coverage.complete.is_some_and(|complete| complete.rate >= least_complete);
    let complete = if complete { Ruling::Pass } else { Ruling::CannotTell };
    let judgements = judge::all(summary, conditions, complete, least_complete);
    let ruling = judgements.iter().map(|judgement| judgement.ruling).max();
    Gate { ruling: ruling.unwrap_or(Ruling::Pass).max(complete), complete, least_complete, judgements }
}

#[cfg(test)]
mod tests;
