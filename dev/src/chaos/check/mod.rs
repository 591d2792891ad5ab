//! Counts what came of a run, and names whatever is not as it must be.

mod accepted;
mod answers;
mod calls;
mod evidence;
mod money;
mod recovery;
mod sends;
pub(crate) mod waits;

use super::faults::Faults;
use super::log::DeadLetter;
use crate::proof::{Clause, Course, judged, replayable};
use anyhow::Result;
use evidence::some;
pub(crate) use evidence::{Evidence, Found};

/// Every promise, and whether it holds.
///
/// # Errors
/// When a call of the invoice has no price.
pub(crate) fn check(evidence: &Evidence) -> Result<Vec<Found>> {
    let events: Vec<_> = evidence.log.events.iter().map(|event| event.value.clone()).collect();
    Ok(vec![
        accepted::accepted(evidence),
        Found::new(judged(&evidence.callbacks, &events, Course::Disturbed), []),
        answers::answers(&evidence.log),
        answers::order(&evidence.log, &evidence.sends),
        sends::sends(evidence),
        calls::calls(evidence),
        money::money(evidence)?,
        rows(evidence),
        refold(evidence),
        waits::isolation(evidence),
        waits::stalls(evidence),
        recovery::recovery(evidence),
        played(evidence),
    ])
}

/// The log folded again.
fn refold(evidence: &Evidence) -> Found {
    let log = &evidence.log;
    let differ = evidence.refold.as_ref().map_or(-1, |refold| i128::from(refold.differ));
    let events = log.events.len()..=evidence.events_then;
    let clause = replayable(&evidence.refold, events, log.decisions.len());
    Found::new(clause, [("refold differences", differ)])
}

/// Rows against records, exactly.
fn rows(evidence: &Evidence) -> Found {
    let expected = evidence.log.rows();
    let (rows, sources) = &evidence.rows;
    let mut problems = Vec::new();
    for (table, records) in &expected {
        let stored = rows.get(table).copied().unwrap_or_default();
        let distinct = sources.get(table).copied().unwrap_or_default();
        if (stored, distinct) != (*records, *records) {
            problems.push(format!("table {table}: {stored} rows from {distinct} of {records} records"));
        }
    }
    problems.extend(evidence.drift.problems());
    let (blamed, others): (Vec<&DeadLetter>, Vec<&DeadLetter>) =
        evidence.log.dead_letters.iter().partition(|letter| is_blamed(letter, &evidence.done.faults));
    problems.extend(
        others.iter().map(|letter| format!("{} gave {} up: {}", letter.step, letter.place, letter.reason)),
    );
    let one = |(table, count): (&String, &u64)| format!("{table} {count}");
    let figure = format!(
        "rows = records: {}; {} sums of rollups = those of the facts; {} records were blamed for three ends of their process and given up: {}",
        expected.iter().map(one).collect::<Vec<_>>().join(", "),
        evidence.drift.measures(),
        blamed.len(),
        some(blamed.iter().map(|letter| &letter.place))
    );
    let sums =
        [("rows", rows.values().sum::<u64>().into()), ("records", expected.values().sum::<u64>().into())];
    Found::new(
        Clause {
            name: "rows",
            figure,
            source: "topics decisions, events, deliveries, ledger; ClickHouse",
            problems,
        },
        sums,
    )
}

/// A record that ran at three unclean ends in a row or more, alone of its like at the last, is taken for their cause, as
/// it must be; where the cause was a kill, it is innocent.
fn is_blamed(letter: &DeadLetter, faults: &Faults) -> bool {
    let kills = faults.0.iter().filter(|fault| fault.role.is_some_and(|role| role.label() == letter.step));
    matches!(letter.reason.as_str(), "crash" | "crashed") && kills.count() >= 3
}

/// The schedule itself went as it must.
fn played(evidence: &Evidence) -> Found {
    let figure = format!(
        "{} acts, {} faults to processes and brokers; at most {} calls in flight",
        evidence.done.told.len(),
        evidence.done.faults.0.len(),
        evidence.done.most_running
    );
    let problems = evidence.done.problems.clone();
    let sums = [("most calls in flight", i128::from(evidence.done.most_running))];
    Found::new(Clause { name: "played", figure, source: "the run itself", problems }, sums)
}

#[cfg(test)]
mod tests;
