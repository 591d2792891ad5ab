//! Reads everything back and checks the four clauses on it.

use super::stage::{Stage, expect};
use crate::proof::{Bill, Clause, Course, Refold, answered, charged, judged, replayable};
use anyhow::{Context, Result};
use dev::console::say;
use dev::rig::prices::Prices;
use dev::rig::tables::Table;
use dev::rig::topics::Topics;
use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::decision::{Decision, Ruling};
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::findings::Findings;
use schemas::ids::TurnId;
use schemas::ledger::LedgerEntry;
use schemas::topic::Topic;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

/// Longest time that the account step may lag behind.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(60);

/// What the topics hold.
struct Log {
    events: Vec<Event>,
    decisions: Vec<Decision>,
    answers: Vec<Answer>,
    deliveries: Vec<Delivery>,
    ledger: Vec<LedgerEntry>,
    outcomes: Vec<Answered>,
}

impl Log {
    fn read(topics: &Topics) -> Result<Self> {
        let events: Vec<Event> = topics.all()?;
        let outcomes = events.iter().filter_map(|event| match event {
            Event::Answered(answered) => Some(answered.clone()),
            _ => None,
        });
        Ok(Self {
            outcomes: outcomes.collect(),
            decisions: topics.all()?,
            answers: topics.all()?,
            deliveries: topics.all()?,
            ledger: topics.all()?,
            events,
        })
    }

    /// Whether every turn has its end, every outcome its decision, and every answer its delivery.
    fn is_quiet(&self) -> bool {
        let turns = |is_it: fn(&Decision) -> bool| -> BTreeSet<TurnId> {
            self.decisions
                .iter()
                .filter(|decision| is_it(decision))
                .filter_map(|decision| decision.turn)
                .collect()
        };
        let ended = turns(|decision| decision.input == "answered" || decision.ruling == Ruling::Lost);
        let decided = self.decisions.iter().filter(|decision| decision.input == "answered").count();
        turns(|decision| decision.ruling == Ruling::Asked).is_subset(&ended)
            && decided >= self.outcomes.len()
            && self.deliveries.iter().filter(|end| !end.result.is_retraction()).count() >= self.answers.len()
    }

    /// What the filter found, at every place that judged.
    fn findings(&self) -> usize {
        let of_events = self.events.iter().map(|event| Findings::listed(event.verdict()));
        let of_guard = self.decisions.iter().map(|decision| Findings::listed(decision.verdict.as_ref()));
        of_events.chain(of_guard).sum()
    }

    /// Rows that the tables must have.
    fn rows(&self) -> BTreeMap<String, u64> {
        let of_message = |decision: &&Decision| matches!(decision.input.as_str(), "message" | "missed");
        let rows = [
            ("messages", self.decisions.iter().filter(of_message).count()),
            ("model_calls", self.outcomes.iter().map(|outcome| outcome.attempts.len()).sum()),
            ("replies", self.deliveries.len()),
            ("safety_events", self.findings()),
        ];
        let filled = rows.into_iter().filter(|(_, count)| *count > 0);
        filled.map(|(table, count)| (table.to_owned(), u64::try_from(count).unwrap_or(u64::MAX))).collect()
    }
}

/// Waits until the tables hold what the topics hold, shows the sums, folds the log again, and checks every clause.
///
/// # Errors
/// When something cannot be read, or the tables do not catch up.
pub(crate) fn audit(stage: &Stage, course: Course) -> Result<Vec<Clause>> {
    let log = read_back(stage)?;
    let cost = Table::read(&stage.line.command(&["query", "cost", "--json"])?)?;
    let config = stage.home.dir.join("huiyin.toml");
    let config = fs::read_to_string(&config).with_context(|| format!("reading {}", config.display()))?;
    let calls = stage.model.ledger()?;
    let bill = Bill {
        ledger: &log.ledger,
        answers: &log.answers,
        outcomes: &log.outcomes,
        calls: &calls,
        stored: cost.pico("cost")?,
    };
    let charged = charged(&bill, &Prices::read(&config)?)?;
    let mut clauses = of_the_log(stage, &log, course)?;
    clauses.insert(2, charged);
    Ok(clauses)
}

/// As [`audit`], without the clause that compares with an invoice: a real model has none.
///
/// # Errors
/// As [`audit`].
pub(crate) fn without_invoice(stage: &Stage, course: Course) -> Result<Vec<Clause>> {
    of_the_log(stage, &read_back(stage)?, course)
}

fn read_back(stage: &Stage) -> Result<Log> {
    say("\nRead back from Kafka, ClickHouse and the stand-ins");
    let log = caught_up(stage)?;
    expect("records in topic dead-letters", 0, stage.topics.count(Topic::DeadLetters)?)?;
    say(&stage.line.command(&["query", "cost"])?);
    Ok(log)
}

fn of_the_log(stage: &Stage, log: &Log, course: Course) -> Result<Vec<Clause>> {
    let refold = stage.line.command(&["refold", "--json"]).and_then(|json| Refold::read(&json));
    let events = log.events.len()..=stage.topics.count(Topic::Events)?;
    Ok(vec![
        judged(&stage.easemob.callbacks()?, &log.events, course),
        answered(&log.decisions, &log.answers, &log.deliveries, &stage.easemob.sends()?),
        replayable(&refold, events, log.decisions.len()),
    ])
}

fn caught_up(stage: &Stage) -> Result<Log> {
    let mut last = String::new();
    let caught_up = stage.patience.until("the tables to hold what the topics hold", CAUGHT_UP_WITHIN, || {
        let log = Log::read(stage.topics)?;
        let counts = Table::read(&stage.line.command(&["query", "counts", "--json"])?)?;
        let (rows, distinct) = (counts.counts_by("table", "rows")?, counts.counts_by("table", "sources")?);
        last = format!("tables {rows:?}, distinct {distinct:?}, topics {:?}", log.rows());
        Ok((log.is_quiet() && rows == log.rows() && distinct == rows).then_some(log))
    });
    let log = caught_up.with_context(|| last.clone())?;
    say(&format!("rows by table, as counted in the topics: {:?}", log.rows()));
    Ok(log)
}
