//! Which rows the tables must have, counted from the records alone: not by the code that builds them.

use std::collections::BTreeMap;

use schemas::answered::{Answered, Attempt};
use schemas::decision::{Decision, Ruling};
use schemas::event::Event;
use schemas::findings::Findings;

/// How many records there are that give one row each.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Records of topic `deliveries`.
    pub deliveries: usize,
    /// Records of topic `ledger`.
    pub ledger: usize,
}

/// Rows by table that these records give; tables without any are left out.
pub fn rows<'a>(
    events: impl Iterator<Item = &'a Event>,
    decisions: impl Iterator<Item = &'a Decision>,
    counted: Counted,
) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    events.for_each(|event| of_event(event, &mut rows));
    decisions.for_each(|decision| of_decision(decision, &mut rows));
    add(&mut rows, "replies", counted.deliveries);
    add(&mut rows, "ledger", counted.ledger);
    rows
}

fn add(rows: &mut BTreeMap<String, u64>, table: &str, count: usize) {
    if count > 0 {
        *rows.entry(table.to_owned()).or_default() += u64::try_from(count).unwrap_or(u64::MAX);
    }
}

fn of_event(event: &Event, rows: &mut BTreeMap<String, u64>) {
    add(rows, "safety_events", Findings::listed(event.verdict()));
    match event {
        Event::Answered(end) => {
            let told = |attempt: &&Attempt| attempt.raw_usage.is_some() || attempt.provider_request.is_some();
            add(rows, "requests", 1);
            add(rows, "model_calls", attempts(end).count());
            add(rows, "raw_usage", attempts(end).filter(told).count());
        }
        Event::Feedback(_) | Event::Reaction(_) => add(rows, "feedback", 1),
        Event::Config(_) | Event::Retract(_) | Event::Takeover(_) | Event::Act(_) => add(rows, "audit", 1),
        _ => {}
    }
}

fn of_decision(decision: &Decision, rows: &mut BTreeMap<String, u64>) {
    add(rows, "safety_events", Findings::listed(decision.verdict.as_ref()));
    add(rows, "messages", usize::from(decision.is_on_its_message()));
    add(rows, "feedback", usize::from(decision.rating.is_some()));
    add(rows, "requests", usize::from(decision.ruling == Ruling::Lost));
}

/// Attempts at models and at the review of an answer.
fn attempts(end: &Answered) -> impl Iterator<Item = &Attempt> {
    end.attempts.iter().chain(end.review.iter().flat_map(|review| &review.attempts))
}
