//! Reads everything back and checks the four clauses on it.

use super::stage::{Stage, expect};
use crate::proof::{Bill, Clause, Course, Refold, answered, charged, judged, replayable};
use anyhow::{Context, Result};
use dev::console::say;
use dev::rig::prices::Prices;
use dev::rig::rows::{Counted, rows};
use dev::rig::tables::{Drift, Table};
use dev::rig::topics::Topics;
use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::decision::{Decision, Ruling};
use schemas::delivery::Delivery;
use schemas::event::Event;
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

    /// Rows that the tables must have.
    fn rows(&self) -> BTreeMap<String, u64> {
        let counted = Counted { deliveries: self.deliveries.len(), ledger: self.ledger.len() };
        rows(self.events.iter(), self.decisions.iter(), counted)
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
    let log = read_back(stage)?;
    say(&stage.line.command(&["query", "cost"])?);
    of_the_log(stage, &log, course)
}

fn read_back(stage: &Stage) -> Result<Log> {
    say("\nRead back from Kafka, ClickHouse and the stand-ins");
    let log = caught_up(stage)?;
    expect("records in topic dead-letters", 0, stage.topics.count(Topic::DeadLetters)?)?;
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
    let drift = Drift::read(&stage.line.command(&["query", "drift", "--json"])?)?;
    expect("rollups that differ from their facts", Vec::<String>::new(), drift.problems())?;
    say(&format!("{} sums of rollups are those of the facts", drift.measures()));
    say(&format!("rows by table, as counted in the topics: {:?}", log.rows()));
    Ok(log)
}
