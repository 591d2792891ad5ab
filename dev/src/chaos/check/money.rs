//! Charged exactly: settled = stored − uncertain = billed for what was let out.

use super::evidence::{Evidence, Found};
use crate::proof::{Clause, yuan};
use anyhow::Result;
use schemas::ledger::LedgerKind;
use std::collections::{BTreeMap, BTreeSet};

/// What the providers bill, in 10⁻¹², by what became of it here, and how many calls that is.
#[derive(Default)]
struct Bill {
    settled: (i128, usize),
    uncertain: (i128, usize),
    /// The provider told no usage: its reply was cut.
    untold: (i128, usize),
    /// No outcome knows of the call.
    unseen: (i128, usize),
}

/// Compares the ledger, the table and the invoice.
///
/// # Errors
/// When a call of the invoice has no price.
pub(crate) fn money(evidence: &Evidence) -> Result<Found> {
    let ledger = || evidence.log.ledger.iter().map(|entry| &entry.value);
    let of = |kind| ledger().filter(move |entry| entry.kind == kind);
    let amount = |kind| of(kind).filter_map(|entry| Some(entry.amount.as_ref()?.pico)).sum::<i128>();
    let (settled, uncertain) = (amount(LedgerKind::Settle), amount(LedgerKind::Uncertain));
    let reruns = of(LedgerKind::Uncertain).filter(|entry| entry.amount.is_none()).count();
    let bill = bill(evidence)?;
    let mut problems = Vec::new();
    for (what, ours, theirs) in [
        ("settled, and billed for the answers", settled, bill.settled.0),
        ("uncertain, and billed for other outcomes", uncertain, bill.uncertain.0),
        ("settled and uncertain, and stored in model_calls", settled + uncertain, evidence.stored),
    ] {
        if ours != theirs {
            problems.push(format!("{what}: {} and {}", yuan(ours), yuan(theirs)));
        }
    }
    let mut charged = BTreeSet::new();
    for entry in of(LedgerKind::Settle) {
        if !charged.insert(entry.request) {
            problems.push(format!("request {} was settled twice", entry.request));
        }
    }
    if charged.is_empty() {
        problems.push("nothing was settled".to_owned());
    }
    let figure = format!(
        "{} settled for {} answers = stored {} − uncertain {} = billed {}; apart: {} billed for {} calls that left no \
         outcome ({reruns} facts without an amount), {} for {} replies that were cut",
        yuan(settled),
        charged.len(),
        yuan(evidence.stored),
        yuan(uncertain),
        yuan(bill.settled.0),
        yuan(bill.unseen.0),
        bill.unseen.1,
        yuan(bill.untold.0),
        bill.untold.1,
    );
    let source = "topic ledger, table model_calls, the providers' invoice × price table";
    let apart = settled - bill.settled.0;
    Ok(Found::new(Clause { name: "charged", figure, source, problems }, [("settled − billed", apart)]))
}

/// Sorts the billed calls. The provider's own id of a call joins it to its attempt; a reply that was cut before it told
/// the id is joined by its request and number.
fn bill(evidence: &Evidence) -> Result<Bill> {
    let settled: BTreeSet<_> = evidence
        .log
        .ledger
        .iter()
        .filter(|entry| entry.value.kind == LedgerKind::Settle)
        .map(|entry| entry.value.request)
        .collect();
    let (mut known, mut nameless) = (BTreeMap::new(), BTreeSet::new());
    for (_, outcome) in evidence.log.outcomes() {
        for attempt in &outcome.attempts {
            let last = usize::from(attempt.number) == outcome.attempts.len();
            let let_out = last && settled.contains(&outcome.request);
            match &attempt.provider_request {
                Some(id) => drop(known.insert(id.clone(), (let_out, attempt.usage.is_some()))),
                None => drop(nameless.insert((outcome.request.to_string(), attempt.number))),
            }
        }
    }
    let mut bill = Bill::default();
    // The last run of an attempt is the one that is recorded.
    for call in evidence.calls.iter().rev().filter(|call| call.billed) {
        let price = evidence.prices.of(call)?;
        let mut is_nameless =
            || call.attempt().is_some_and(|(request, number)| nameless.remove(&(request.to_owned(), number)));
        let sum = match known.get(&format!("req_{}", call.number)) {
            Some((true, _)) => &mut bill.settled,
            Some((false, true)) => &mut bill.uncertain,
            Some((false, false)) => &mut bill.untold,
            None if is_nameless() => &mut bill.untold,
            None => &mut bill.unseen,
        };
        *sum = (sum.0 + price, sum.1 + 1);
    }
    Ok(bill)
}
