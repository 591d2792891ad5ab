//! A tenth of the conversations waits, since the model asked them to come again in eight seconds: what the others notice of it.

use super::arrivals::{Arrivals, wait_for_all};
use super::deployment::Deployment;
use super::load::{Latencies, Schedule};
use super::requests::Requests;
use super::stand_ins::{BUSY_ONE_IN, BUSY_SECONDS, Marks, ModelPace, REPLY, StandIns};
use super::table::{Goal, Samples, Table};
use anyhow::{Result, ensure};
use schemas::topic::Topic;
use std::time::{Duration, Instant};

/// How long the model takes for an answer.
const THINKS: Duration = Duration::from_millis(500);
/// Requests per second.
const RATE: f64 = 300.0;
/// Requests that run at a time. One app has half of them, 200: more than the 150 that the model has at a time, and fewer than
/// these with the 240 that wait.
const MAX_RUNNING: u32 = 400;
/// Nobody is asked to wait at first: a target that serves nobody yet is left alone by all.
const WELL: Duration = Duration::from_secs(4);
/// Then as many wait as will.
const FILLING: Duration = Duration::from_secs(10);
/// What is measured begins behind that.
const MEASURED: Duration = Duration::from_secs(20);
/// How long the process may take to end.
const BOUND: Duration = Duration::from_secs(60);

/// The others of one run.
struct Others {
    per_second: f64,
    /// From when a request was due to be written to its outcome in the log, in milliseconds.
    p50: f64,
    p99: f64,
}

/// What the rounds gave.
#[derive(Default)]
struct Measured {
    without: Vec<Others>,
    beside: Vec<Others>,
    /// Median of those that were asked to wait, in milliseconds.
    waited: Vec<f64>,
}

/// Measures.
///
/// # Errors
/// When something does not start, a request has no outcome, or nobody waited.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let length = WELL + FILLING + MEASURED;
    let each = Schedule::new(Instant::now(), RATE, length).count;
    let count = each * 2 * rounds as u64;
    let stand_ins = StandIns::start(count, ModelPace::at_once_after(THINKS))?;
    let deployment = Deployment::running_at_most(&stand_ins.url, MAX_RUNNING)?;
    let requests = Requests::open(&deployment)?;
    let outcomes = Arrivals::open(&deployment.kafka(), &deployment.topic(Topic::Events), REPLY, count)?;
    let mut call = deployment.start("call")?;
    let mut measured = Measured::default();
    let well = (WELL.as_secs_f64() * RATE) as u64;
    for run in 0..2 * rounds as u64 {
        deployment.patience.check()?;
        let (first, is_busy) = (run * each, run % 2 == 1);
        stand_ins.notes.be_busy(if is_busy { first + well..first + each } else { 0..0 });
        let schedule = Schedule::new(Instant::now(), RATE, length);
        requests.keep(&schedule, first)?;
        wait_for_all(&outcomes.marks, first..first + each)?;
        let all = Run { schedule, first, marks: &outcomes.marks };
        let others = all.others();
        if is_busy {
            measured.beside.push(others);
            measured.waited.push(all.waited());
        } else {
            measured.without.push(others);
        }
    }
    call.process.end_within(BOUND)?;
    let waits = f64::from(BUSY_SECONDS) * 1e3;
    ensure!(measured.waited.iter().all(|waited| *waited >= waits), "nobody waited: {:?}", measured.waited);
    Ok(table(&measured))
}

/// One run, all of whose outcomes are there.
struct Run<'a> {
    schedule: Schedule,
    first: u64,
    marks: &'a Marks,
}

impl Run<'_> {
    /// What was due while as many wait as will.
    fn steady(&self) -> impl Iterator<Item = u64> {
        ((WELL + FILLING).as_secs_f64() * RATE) as u64..self.schedule.count
    }

    fn is_other(&self, number: u64) -> bool {
        !(self.first + number).is_multiple_of(BUSY_ONE_IN)
    }

    fn took(&self, number: u64) -> Option<Duration> {
        Some(self.marks.at(self.first + number)?.saturating_duration_since(self.schedule.due(number)))
    }

    fn others(&self) -> Others {
        let others = || self.steady().filter(|number| self.is_other(*number));
        let latencies = Latencies::new(others().filter_map(|number| self.took(number)).collect());
        let arrived = || others().filter_map(|number| self.marks.at(self.first + number));
        let span = arrived().min().zip(arrived().max()).map(|(first, last)| last - first);
        Others {
            per_second: latencies.len() as f64 / span.unwrap_or_default().as_secs_f64(),
            p50: latencies.percentile(50.0),
            p99: latencies.percentile(99.0),
        }
    }

    fn waited(&self) -> f64 {
        let waited = self.steady().filter(|number| !self.is_other(*number));
        Latencies::new(waited.filter_map(|number| self.took(number)).collect()).percentile(50.0)
    }
}

fn table(measured: &Measured) -> Table {
    let Measured { without, beside, waited } = measured;
    let of = |runs: &[Others], figure: fn(&Others) -> f64| Samples::new(runs.iter().map(figure)).text();
    let ratio = |figure: fn(&Others) -> f64| {
        let pairs = beside.iter().zip(without);
        Samples::new(pairs.map(|(beside, without)| figure(beside) / figure(without)))
    };
    let row = |what: &str, figure: fn(&Others) -> f64| {
        vec![what.to_owned(), of(without, figure), of(beside, figure), ratio(figure).text()]
    };
    let waits = RATE * f64::from(BUSY_SECONDS) / BUSY_ONE_IN as f64;
    Table {
        conditions: format!(
            "One process of huiyin with the role call, 8 partitions, max_running {MAX_RUNNING}, of which half is the one app's; {RATE} \
             requests/s, each in a lane of its own, written to `requests` in an open loop for {} s, to a model that takes {} ms. In every \
             second run it refuses the first call of one conversation in {BUSY_ONE_IN} with 503 and `Retry-After: {BUSY_SECONDS}`, so that \
             {waits} wait at a time. Told are the other conversations, of the last {} s: from when a request was due to be written to the \
             arrival of its `answered` at a read_committed consumer. The ratio is that of a run to the one before it.",
            (WELL + FILLING + MEASURED).as_secs(),
            THINKS.as_millis(),
            MEASURED.as_secs(),
        ),
        columns: ["of the others", "nobody waits", "a tenth waits", "ratio"].map(str::to_owned).to_vec(),
        rows: vec![
            row("outcomes per second", |others| others.per_second),
            row("p50 in ms", |others| others.p50),
            row("p99 in ms", |others| others.p99),
            row("p99 beyond the model's time in ms", |others| others.p99 - THINKS.as_secs_f64() * 1e3),
            vec![
                "those that wait, p50 in ms".to_owned(),
                String::new(),
                Samples::new(waited.iter().copied()).text(),
                String::new(),
            ],
        ],
        goals: vec![
            Goal::at_least(
                "outcomes per second against the run in which nobody waits",
                ratio(|others| others.per_second).median(),
                0.9,
            ),
            Goal::at_most("p99 against it", ratio(|others| others.p99).median(), 1.1),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goals_are_ratios_to_the_run_before() {
        let others = |per_second, p99| Others { per_second, p50: 500.0, p99 };
        let measured = Measured {
            without: vec![others(270.0, 600.0), others(270.0, 500.0)],
            beside: vec![others(270.0, 600.0), others(270.0, 600.0)],
            waited: vec![8_600.0],
        };
        let goals = table(&measured).goals;
        assert!(goals[0].met && goals[1].met, "{goals:?}");
        let measured = Measured { beside: vec![others(100.0, 6_000.0)], ..measured };
        assert!(table(&measured).goals.iter().all(|goal| !goal.met));
    }
}
