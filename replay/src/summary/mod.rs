//! What a replay's results come to: figures with their intervals, changes of verdict and route, groups, the worst conversations.
//!
//! Turns of conversations that started cold are counted and not compared. Everything is a function of the results and of what people said of
//! them, so that equal files give equal summaries.

pub mod case;
pub mod changes;
pub mod coverage;
pub mod distribution;
pub mod figure;
pub mod groups;
pub mod metric;
pub mod worst;

use common::Rate;
use serde::Serialize;

use crate::judge::agreement::{self, Agreement, Word};
use crate::judge::bias::{self, Bias};
use crate::results::{Head, Results};
use crate::statistics::Seed;
use case::Case;
use changes::Changes;
use coverage::Coverage;
use distribution::Distribution;
use figure::Figure;
use groups::Group;
use metric::Metric;
use worst::Worst;

/// What a replay's results come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What was replayed.
    pub head: Head,
    /// How much of it the results have.
    pub coverage: Coverage,
    /// One for each metric that has something to tell, costs by currency.
    pub figures: Vec<Figure>,
    /// Verdicts, routes and targets that changed, and drift.
    pub changes: Changes,
    /// By how much work an answer takes.
    pub classes: Vec<Group>,
    /// By the tier of the person.
    pub tiers: Vec<Group>,
    /// By the candidate's target.
    pub targets: Vec<Group>,
    /// How long answers took on both sides; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Distribution>,
    /// What the judge's replies say of itself; absent where it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<Bias>,
    /// Its agreement with people; absent without a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Requests with the same prompt, chain and parameters, of those that both sides made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remade: Option<Rate>,
    /// Decisions that are byte by byte the same, of those that both sides made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_decisions: Option<Rate>,
    /// The worst conversations, the worst first.
    pub worst: Vec<Worst>,
}

impl Summary {
    /// Adds results up. `sample` is what people said of turns, which the judge is compared with.
    pub fn of(results: &Results, sample: &[Word]) -> Self {
        let seed = Seed::of(&results.head.manifest);
        let cases = case::of(&results.turns);
        let judged: Vec<_> = cases.iter().filter_map(|case| case.turn.judged.as_ref()).collect();
        let same = |of: fn(&Case<'_>) -> Option<bool>| {
            let same: Vec<bool> = cases.iter().filter_map(of).collect();
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            Rate::of(count(same.iter().filter(|same| **same).count()), count(same.len()))
        };
        Self {
            head: results.head.clone(),
            coverage: Coverage::of(results),
            figures: figure::all(&cases, seed),
            changes: Changes::of(&cases, &results.turns),
            classes: groups::by(&cases, seed.of_part("class"), |turn| turn.class.as_deref()),
            tiers: groups::by(&cases, seed.of_part("tier"), |turn| turn.tier.as_deref()),
            targets: groups::by(&cases, seed.of_part("target"), |turn| turn.candidate.target.as_deref()),
            latency: distribution::latency(&cases),
            judge: (!judged.is_empty()).then(|| bias::of(judged)),
            agreement: agreement::agreement(&results.turns, sample, seed.of_part("agreement")),
            remade: same(|case| equal(&case.turn.baseline.request, &case.turn.candidate.request)),
            same_decisions: same(|case| equal(&case.turn.baseline.decision, &case.turn.candidate.decision)),
            worst: worst::of(&cases),
        }
    }

    /// The figures of a metric: one, or one for each currency.
    pub fn figures_of(&self, metric: Metric) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.metric == metric)
    }
}

fn equal(one: &Option<String>, other: &Option<String>) -> Option<bool> {
    Some(one.as_ref()? == other.as_ref()?)
}

#[cfg(test)]
mod tests;
