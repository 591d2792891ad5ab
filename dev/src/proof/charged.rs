//! Charged exactly: what was settled is what the provider bills for the answers that were let out.

use super::{Clause, yuan};
use anyhow::Result;
use dev::rig::model::Call;
use dev::rig::prices::Prices;
use schemas::answer::{Answer, AnswerSource};
use schemas::answered::Answered;
use schemas::ids::RequestId;
use schemas::ledger::{LedgerEntry, LedgerKind};
use std::collections::{BTreeMap, BTreeSet};

/// What the ledger, the answers, the outcomes and the invoice say.
pub(crate) struct Bill<'a> {
    /// Topic `ledger`.
    pub(crate) ledger: &'a [LedgerEntry],
    /// Topic `answers`.
    pub(crate) answers: &'a [Answer],
    /// Outcomes in topic `events`.
    pub(crate) outcomes: &'a [Answered],
    /// The provider's invoice.
    pub(crate) calls: &'a [Call],
    /// Sum of the costs in table `model_calls`, in 10⁻¹².
    pub(crate) stored: i128,
}

/// What the provider bills, in 10⁻¹², by what became of the call here.
#[derive(Default)]
struct Invoice {
    /// For calls whose answer was let out.
    settled: i128,
    /// For calls whose outcome is known and was not let out.
    other: i128,
    /// For calls that left no outcome, and how many those are.
    unseen: (i128, usize),
}

/// Compares what was settled, what is stored, and what the provider bills.
///
/// # Errors
/// When a model of the invoice has no price.
pub(crate) fn charged(bill: &Bill, prices: &Prices) -> Result<Clause> {
    let of = |kind| bill.ledger.iter().filter(move |entry| entry.kind == kind);
    let amount = |entry: &LedgerEntry| entry.amount.as_ref().map(|money| money.pico);
    let settled: i128 = of(LedgerKind::Settle).filter_map(amount).sum();
    let uncertain: i128 = of(LedgerKind::Uncertain).filter_map(amount).sum();
    let unknown = of(LedgerKind::Uncertain).filter(|entry| entry.amount.is_none()).count();
    let mut problems = each_answer_settled_once(bill);
    let invoice = invoice(bill, prices)?;
    for (what, ours, theirs) in [
        ("settled, and billed for the answers", settled, invoice.settled),
        ("uncertain, and billed for other outcomes", uncertain, invoice.other),
        ("settled and uncertain, and stored in model_calls", settled + uncertain, bill.stored),
    ] {
        if ours != theirs {
            problems.push(format!("{what}: {} and {}", yuan(ours), yuan(theirs)));
        }
    }
    if unknown != invoice.unseen.1 {
        problems
            .push(format!("{unknown} uncertain facts for {} calls that left no outcome", invoice.unseen.1));
    }
    let answers = of(LedgerKind::Settle).count();
    if answers == 0 {
        problems.push("nothing was settled".to_owned());
    }
    let figure = format!(
        "{} settled for {answers} answers = stored {} − uncertain {} = billed {}; apart, without \
         outcome: {unknown}, billed {}",
        yuan(settled),
        yuan(bill.stored),
        yuan(uncertain),
        yuan(invoice.settled),
        yuan(invoice.unseen.0)
    );
    let source = "topic ledger, table model_calls, the provider's invoice × price table";
    Ok(Clause { name: "charged", figure, source, problems })
}

/// What is wrong when the model-made answers and the settled facts are not the same requests.
fn each_answer_settled_once(bill: &Bill) -> Vec<String> {
    let answered: BTreeSet<RequestId> = bill
        .answers
        .iter()
        .filter_map(|answer| match answer.source {
            AnswerSource::Model { request } => Some(request),
            AnswerSource::Canned { .. } => None,
        })
        .collect();
    let mut problems = Vec::new();
    let mut charged = BTreeSet::new();
    for entry in bill.ledger.iter().filter(|entry| entry.kind == LedgerKind::Settle) {
        if !charged.insert(entry.request) {
            problems.push(format!("request {} was settled twice", entry.request));
        }
        if entry.amount.is_none() {
            problems.push(format!("request {} was settled without an amount", entry.request));
        }
    }
    let not_once = answered.symmetric_difference(&charged);
    problems.extend(not_once.map(|request| format!("request {request} is not both answered and settled")));
    problems
}

/// Sorts the provider's calls by what became of them here; the provider's own id of a call joins the two.
fn invoice(bill: &Bill, prices: &Prices) -> Result<Invoice> {
    let settled: BTreeSet<RequestId> = bill
        .ledger
        .iter()
        .filter(|entry| entry.kind == LedgerKind::Settle)
        .map(|entry| entry.request)
        .collect();
    let mut let_out = BTreeMap::new();
    for outcome in bill.outcomes {
        for attempt in &outcome.attempts {
            let last = usize::from(attempt.number) == outcome.attempts.len();
            if let Some(id) = &attempt.provider_request {
                let_out.insert(id.as_str(), last && settled.contains(&outcome.request));
            }
        }
    }
    let mut invoice = Invoice::default();
    for call in bill.calls.iter().filter(|call| call.billed) {
        let price = prices.of(call)?;
        match let_out.get(format!("req_{}", call.number).as_str()) {
            Some(true) => invoice.settled += price,
            Some(false) => invoice.other += price,
            None => invoice.unseen = (invoice.unseen.0 + price, invoice.unseen.1 + 1),
        }
    }
    Ok(invoice)
}

#[cfg(test)]
mod tests;
