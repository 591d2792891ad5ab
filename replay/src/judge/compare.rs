//! One turn before the judge.

use super::prompt::{Order, Texts, prompt};
use super::reply;
use super::rubric::Rubric;
use super::{Asker, Said, Unasked};
use crate::measure::same::normal;
use crate::results::{Judged, Opinion, TurnResult};
use schemas::money::Money;

/// Times that one order is asked before its reply counts as none.
const TRIES: usize = 2;

/// The texts of a turn that the judge can compare: both sides answered, by model or by rule.
pub fn texts(turn: &TurnResult) -> Option<Texts<'_>> {
    let answer = |answer: &'_ Option<String>| answer.is_some();
    let comparable = answer(&turn.baseline.answer) && answer(&turn.candidate.answer);
    comparable.then(|| Texts {
        question: turn.question.as_deref().unwrap_or_default(),
        baseline: turn.baseline.answer.as_deref().unwrap_or_default(),
        candidate: turn.candidate.answer.as_deref().unwrap_or_default(),
    })
}

/// Asks the judge about a turn in both orders. Answers that are the same once normalised are a tie for which nobody is asked.
pub async fn compare(asker: &impl Asker, rubric: &Rubric, texts: Texts<'_>) -> Result<Judged, Unasked> {
    if normal(texts.baseline) == normal(texts.candidate) {
        return Ok(Judged::equal());
    }
    let mut cost = Vec::new();
    let baseline_first = opinion(asker, rubric, texts, Order::BaselineFirst, &mut cost).await?;
    let candidate_first = opinion(asker, rubric, texts, Order::CandidateFirst, &mut cost).await?;
    Ok(Judged { baseline_first, candidate_first, equal: false, cost })
}

async fn opinion(
    asker: &impl Asker,
    rubric: &Rubric,
    texts: Texts<'_>,
    order: Order,
    cost: &mut Vec<Money>,
) -> Result<Opinion, Unasked> {
    let prompt = prompt(rubric, texts, order);
    for _ in 0..TRIES {
        let Said { text, cost: one } = asker.ask(&prompt).await?;
        one.into_iter().for_each(|one| add(cost, one));
        if let Some(opinion) = reply::read(&text, order) {
            return Ok(opinion);
        }
    }
    Err(Unasked::Failed("unreadable"))
}

/// Adds an amount to that of its currency.
fn add(sums: &mut Vec<Money>, one: Money) {
    for sum in sums.iter_mut() {
        if let Some(more) = sum.plus(&one) {
            *sum = more;
            return;
        }
    }
    sums.push(one);
}
