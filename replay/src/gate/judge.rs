//! What becomes of a condition.

use serde::Serialize;

use super::Ruling;
use super::condition::{Condition, Limit, Subject};
use crate::statistics::{Estimate, LEVEL, Needs, holm};
use crate::summary::Summary;
use crate::summary::figure::Figure;

/// What becomes of a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// The condition as it was written.
    pub condition: String,
    /// The currency, where a cost has more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What became of it.
    pub ruling: Ruling,
    /// Why.
    pub because: Because,
    /// What was measured; absent when nothing was.
    pub value: Option<f64>,
    /// Its interval at 95 %.
    pub interval: Option<(f64, f64)>,
    /// Conversations that it would take, where it cannot be told by those that are there.
    pub needs: Option<u64>,
}

/// Why a condition ends as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The value is on this side of the limit for sure.
    Certain,
    /// It is a fact about the turns that were replayed.
    Counted,
    /// The interval holds the limit; more conversations would tell.
    TooFew,
    /// The interval holds the limit, and the value lies so close to it that a hundred times as many would not tell.
    TooClose,
    /// Nothing was measured.
    NotMeasured,
    /// Nothing that fails was found, but too much is missing.
    Incomplete,
}

/// What a condition meets.
struct Met<'a> {
    condition: &'a Condition,
    figure: &'a Figure,
    estimate: &'a Estimate,
    limit: f64,
    /// How likely a sample that speaks so much for a fail is, if the truth is at the limit.
    chance: f64,
}

/// Both sides of an interval leave out so much.
const SIDE: f64 = (1.0 - LEVEL) / 2.0;

/// What becomes of all conditions. Several of them could fail by chance, so that what speaks for a fail is corrected for their number. A pass is asked of each,
/// which chance makes no likelier.
pub(super) fn all(
    summary: &Summary,
    conditions: &[Condition],
    complete: Ruling,
    least_complete: f64,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    let mut met = Vec::new();
    for condition in conditions {
        match condition.subject {
            Subject::WorstCase => judgements.push(worst_case(summary, condition, least_complete)),
            Subject::Complete => judgements.push(completeness(summary, condition)),
            Subject::Metric(metric) => {
                let mut figures = summary.figures_of(metric).peekable();
                if figures.peek().is_none() {
                    judgements.push(told(condition, None, Ruling::CannotTell, Because::NotMeasured));
                }
                for figure in figures {
                    match (condition.limit, &figure.estimate) {
                        (Limit::Turns(limit), _) => {
                            judgements.push(counted(condition, figure, limit, complete))
                        }
                        (Limit::Value(_), None) => {
                            judgements.push(told(
                                condition,
                                Some(figure),
                                Ruling::CannotTell,
                                Because::TooFew,
                            ));
                        }
                        (Limit::Value(limit), Some(estimate)) => {
                            let chance = if condition.side.is_upper() {
                                estimate.chance_if_not_above(limit)
                            } else {
                                estimate.chance_if_not_below(limit)
                            };
                            met.push(Met { condition, figure, estimate, limit, chance });
                        }
                    }
                }
            }
        }
    }
    let chances: Vec<f64> = met.iter().map(|met| met.chance).collect();
    judgements.extend(met.iter().zip(holm::corrected(&chances)).map(|(met, chance)| estimated(met, chance)));
    // In the order in which they were written.
    let place = |judgement: &Judgement| conditions.iter().position(|known| known.text == judgement.condition);
    judgements.sort_by_key(place);
    judgements
}

fn told(condition: &Condition, figure: Option<&Figure>, ruling: Ruling, because: Because) -> Judgement {
    Judgement {
        condition: condition.text.clone(),
        currency: figure.and_then(|figure| figure.currency.clone()),
        ruling,
        because,
        value: figure.map(|figure| figure.value),
        interval: figure.and_then(|figure| figure.interval),
        needs: None,
    }
}

fn estimated(met: &Met<'_>, chance: f64) -> Judgement {
    let Met { condition, figure, estimate, limit, .. } = *met;
    let within = if condition.side.is_upper() {
        estimate.chance_if_not_below(limit)
    } else {
        estimate.chance_if_not_above(limit)
    };
    // A figure that never differs is where it is.
    let at_limit = estimate.error <= 0.0 && condition.side.holds(limit, limit) && figure.value == limit;
    let (ruling, because, needs) = if chance < SIDE || at_limit {
        (Ruling::Fail, Because::Certain, None)
    } else if within < SIDE || (estimate.error <= 0.0 && !condition.side.holds(figure.value, limit)) {
        (Ruling::Pass, Because::Certain, None)
    } else {
        match estimate.needs(limit) {
            Needs::Conversations(needed) => {
                // Holm may ask for more than one condition would.
                let more = needed.max(figure.conversations + 1);
                (Ruling::CannotTell, Because::TooFew, Some(more))
            }
            Needs::TooMany => (Ruling::CannotTell, Because::TooClose, None),
        }
    };
    Judgement { needs, ..told(condition, Some(figure), ruling, because) }
}

/// A number of turns: what is found is found; that nothing is can only be said of complete results.
fn counted(condition: &Condition, figure: &Figure, limit: u64, complete: Ruling) -> Judgement {
    let hits = figure.hits.unwrap_or_default();
    let (ruling, because) = if condition.side.holds(hits as f64, limit as f64) {
        (Ruling::Fail, Because::Counted)
    } else if complete == Ruling::Pass {
        (Ruling::Pass, Because::Counted)
    } else {
        (Ruling::CannotTell, Because::Incomplete)
    };
    let value = Some(hits as f64);
    Judgement { value, interval: None, ..told(condition, Some(figure), ruling, because) }
}

fn worst_case(summary: &Summary, condition: &Condition, least_complete: f64) -> Judgement {
    let none = told(condition, None, Ruling::CannotTell, Because::NotMeasured);
    let (Some(worst), Limit::Value(limit)) = (summary.coverage.worst_case, condition.limit) else {
        return none;
    };
    let judged = summary.coverage.judged.is_some_and(|judged| judged.rate >= least_complete);
    let (ruling, because) = if condition.side.holds(worst, limit) {
        (Ruling::Fail, Because::Counted)
    } else if judged {
        (Ruling::Pass, Because::Counted)
    } else {
        (Ruling::CannotTell, Because::Incomplete)
    };
    Judgement { value: Some(worst), ruling, because, ..none }
}

fn completeness(summary: &Summary, condition: &Condition) -> Judgement {
    let none = told(condition, None, Ruling::CannotTell, Because::NotMeasured);
    let (Some(complete), Limit::Value(limit)) = (summary.coverage.complete, condition.limit) else {
        return none;
    };
    let fails = condition.side.holds(complete.rate, limit);
    let ruling = if fails { Ruling::Fail } else { Ruling::Pass };
    Judgement { value: Some(complete.rate), ruling, because: Because::Counted, ..none }
}
