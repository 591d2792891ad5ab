//! Counts what came of a run, and names whatever is not as it must be.

mod accepted;
mod answers;
mod calls;
mod money;
mod recovery;
mod sends;
pub(crate) mod waits;

use super::blows::Blows;
use super::load::Said;
use super::log::{Letter, Log};
use super::play::Done;
use crate::proof::{Clause, Refold, judged, replayable};
use anyhow::Result;
use dev::rig::easemob::{Callback, RestSend};
use dev::rig::model::Call;
use dev::rig::prices::Prices;
use std::collections::BTreeMap;

/// Everything that is known of a run.
pub(crate) struct Evidence {
    pub(crate) done: Done,
    pub(crate) said: Vec<Said>,
    pub(crate) log: Log,
    /// The providers' invoice.
    pub(crate) calls: Vec<Call>,
    /// What Easemob's REST side took.
    pub(crate) sends: Vec<RestSend>,
    pub(crate) callbacks: Vec<Callback>,
    /// Rows of each table, and how many places of the log they come from.
    pub(crate) rows: (BTreeMap<String, u64>, BTreeMap<String, u64>),
    /// Sum of the costs in table `model_calls`, in 10⁻¹².
    pub(crate) stored: i128,
    pub(crate) prices: Prices,
    pub(crate) refold: Result<Refold>,
}

/// A promise, and the sums of the run's last line that belong to it.
pub(crate) struct Found {
    pub(crate) clause: Clause,
    pub(crate) sums: Vec<(&'static str, i128)>,
}

impl Found {
    fn new(clause: Clause, sums: impl IntoIterator<Item = (&'static str, i128)>) -> Self {
        Self { clause, sums: sums.into_iter().collect() }
    }
}

/// Every promise, and whether it holds.
///
/// # Errors
/// When a call of the invoice has no price.
pub(crate) fn check(evidence: &Evidence) -> Result<Vec<Found>> {
    let events: Vec<_> = evidence.log.events.iter().map(|event| event.value.clone()).collect();
    Ok(vec![
        accepted::accepted(evidence),
        Found::new(judged(&evidence.callbacks, &events, true), []),
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
    let clause = replayable(&evidence.refold, log.events.len(), log.decisions.len());
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
    let (blamed, others): (Vec<&Letter>, Vec<&Letter>) =
        evidence.log.dead_letters.iter().partition(|letter| is_blamed(letter, &evidence.done.blows));
    problems.extend(
        others.iter().map(|letter| format!("{} gave {} up: {}", letter.step, letter.place, letter.reason)),
    );
    let one = |(table, count): (&String, &u64)| format!("{table} {count}");
    let figure = format!(
        "rows = records: {}; {} records were blamed for three ends of their process and given up: {}",
        expected.iter().map(one).collect::<Vec<_>>().join(", "),
        blamed.len(),
        some(blamed.iter().map(|letter| &letter.place))
    );
    let sums =
        [("rows", rows.values().sum::<u64>().into()), ("records", expected.values().sum::<u64>().into())];
    Found::new(
        Clause { name: "rows", figure, source: "topics decisions, events, deliveries; ClickHouse", problems },
        sums,
    )
}

/// A record that ran at three unclean ends in a row or more, alone of its like at the last, is taken for their cause, as
/// it must be; where the cause was a kill, it is innocent.
fn is_blamed(letter: &Letter, blows: &Blows) -> bool {
    let kills = blows.0.iter().filter(|blow| blow.role.is_some_and(|role| role.label() == letter.step));
    matches!(letter.reason.as_str(), "crash" | "crashed") && kills.count() >= 3
}

/// The schedule itself went as it must.
fn played(evidence: &Evidence) -> Found {
    let figure = format!(
        "{} acts, {} blows to processes and brokers; at most {} calls in flight",
        evidence.done.told.len(),
        evidence.done.blows.0.len(),
        evidence.done.most_running
    );
    let problems = evidence.done.problems.clone();
    let sums = [("most calls in flight", i128::from(evidence.done.most_running))];
    Found::new(Clause { name: "played", figure, source: "the run itself", problems }, sums)
}

/// A count as a sum.
fn sum(count: usize) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// The first few ids of many, for a message.
fn some<T: ToString>(ids: impl IntoIterator<Item = T>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    let shown = ids.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    if ids.len() > 10 { format!("{shown} and {} more", ids.len() - 10) } else { shown }
}

#[cfg(test)]
mod tests;
