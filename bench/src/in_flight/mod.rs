//! Ten thousand model calls in flight in one process: what they take, what they add, how they end.

mod requests;
mod watch;

use super::arrivals::{Arrivals, wait_for_all};
use super::deployment::Deployment;
use super::load::{Latencies, Schedule};
use super::stand_ins::{Marks, Notes, REPLY, StandIns};
use super::table::{Goal, Samples, Table};
use anyhow::{Result, ensure};
use requests::Requests;
use schemas::topic::Topic;
use std::time::{Duration, Instant};
use watch::Watch;

const THINKS: Duration = Duration::from_secs(10);
/// Requests per second: with the time that the model takes, some more than ten thousand in flight.
const RATE: f64 = 1_030.0;
/// How long the load goes on once every place is taken.
const FULL: Duration = Duration::from_secs(12);
const GIGABYTE: f64 = 1e9;
/// How long the process may take to end.
const BOUND: Duration = Duration::from_secs(60);

/// What the rounds gave.
#[derive(Default)]
struct Measured {
    running: Vec<f64>,
    megabytes: Vec<f64>,
    cost: Vec<f64>,
    to_model: [Vec<f64>; 2],
    to_log: [Vec<f64>; 2],
    drain: Vec<f64>,
}

/// Measures.
///
/// # Errors
/// When something does not start, a call is made twice, or a call that was made has no outcome.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let length = THINKS + FULL;
    let each = Schedule::new(Instant::now(), RATE, length).count;
    let count = each * rounds as u64;
    let stand_ins = StandIns::start(count, THINKS)?;
    let deployment = Deployment::new(&stand_ins.url)?;
    let requests = Requests::open(&deployment)?;
    let events = deployment.topic(Topic::Events);
    let outcomes = Arrivals::open(&deployment.kafka(), &events, REPLY, count)?;
    let notes = &stand_ins.notes;
    let mut measured = Measured::default();
    for round in 0..rounds as u64 {
        deployment.patience.check()?;
        let mut call = deployment.start("call")?;
        notes.forget_most_running();
        let watch = Watch::start(call.process.id());
        let schedule = Schedule::new(Instant::now(), RATE, length);
        requests.keep(&schedule, round * each)?;
        let end = Instant::now();
        let ended = end + call.process.end_within(BOUND)?;
        let (memory, cpu) = watch.last();
        let numbers = round * each..(round + 1) * each;
        let made: Vec<u64> = numbers.clone().filter(|number| notes.asked.at(*number).is_some()).collect();
        wait_for_all(&outcomes.marks, made.iter().copied())?;
        let last_reply = made.iter().filter_map(|number| notes.replied.at(*number)).max().unwrap_or(end);
        measured.running.push(notes.most_running() as f64);
        measured.megabytes.push(memory as f64 / 1e6);
        measured.cost.push(cpu.as_secs_f64() * 1e6 / made.len() as f64);
        measured.drain.push(ended.saturating_duration_since(last_reply).as_secs_f64());
        measured.latencies(&schedule, &numbers, notes, &outcomes.marks);
    }
    ensure!(notes.asked.again() == 0, "{} calls were made twice", notes.asked.again());
    Ok(table(&measured))
}

impl Measured {
    /// Of the requests that came while the places were all taken.
    fn latencies(
        &mut self,
        schedule: &Schedule,
        numbers: &std::ops::Range<u64>,
        notes: &Notes,
        outcomes: &Marks,
    ) {
        let full = numbers.start + (THINKS.as_secs_f64() * RATE) as u64..numbers.end;
        let to_model = |number: u64| {
            Some(notes.asked.at(number)?.saturating_duration_since(schedule.due(number - numbers.start)))
        };
        let to_log =
            |number: u64| Some(outcomes.at(number)?.saturating_duration_since(notes.replied.at(number)?));
        let to_model = Latencies::new(full.clone().filter_map(to_model).collect());
        // Those that ended while others began.
        let ended = numbers.start..numbers.end - full.start + numbers.start;
        let to_log = Latencies::new(ended.filter_map(to_log).collect());
        for (at, percent) in [50.0, 99.0].into_iter().enumerate() {
            self.to_model[at].push(to_model.percentile(percent));
            self.to_log[at].push(to_log.percentile(percent));
        }
    }
}

fn table(measured: &Measured) -> Table {
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let row = |what: &str, values: &[f64]| vec![what.to_owned(), samples(values).text()];
    let most = samples(&measured.megabytes).median() * 1e6;
    Table {
        conditions: format!(
            "One process of huiyin with the role call, 8 partitions, max_running 24,000; {RATE} requests/s, each in a lane of its \
             own with a prompt of two lines, written to `requests` in an open loop for {} s, to a model that takes {} s, over \
             HTTP/1.1, so that each running call has a connection. Then SIGTERM, with the calls in flight. Latencies of the \
             time in which all places were taken: to the model from when the request was due to be written to the arrival of the \
             call, to the log from the model's reply to the arrival of its `answered` at a read_committed consumer. Every call that \
             was made had its outcome committed before the process ended, and none was made twice in {} rounds.",
            (THINKS + FULL).as_secs(),
            THINKS.as_secs(),
            measured.drain.len()
        ),
        columns: ["figure", "huiyin"].map(str::to_owned).to_vec(),
        rows: vec![
            row("most calls in flight", &measured.running),
            row("most resident memory in MB", &measured.megabytes),
            row("CPU µs per call, the process's start and end included", &measured.cost),
            row("to the model, p50 in ms", &measured.to_model[0]),
            row("to the model, p99 in ms", &measured.to_model[1]),
            row("to the log, p50 in ms", &measured.to_log[0]),
            row("to the log, p99 in ms", &measured.to_log[1]),
            row("end of the process after the last reply in s", &measured.drain),
        ],
        goals: vec![
            Goal::at_least("calls in flight", samples(&measured.running).median(), 10_000.0),
            Goal::at_most("resident memory in bytes", most, GIGABYTE),
        ],
    }
}
