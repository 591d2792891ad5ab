//! How long people wait while a shadow answers the same messages on the same machine, beside how long they wait without it, and beside how much two runs
//! without it differ.

use super::arrivals::wait_for_all;
use super::deployment::Deployment;
use super::load::{Callbacks, Latencies, Pool, Schedule};
use super::stand_ins::{Marks, ModelPace, StandIns};
use super::table::{Goal, Samples, Table};
use super::usage;
use anyhow::{Result, ensure};
use dev::rig::instance::Instance;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Messages per second.
const RATE: f64 = 50.0;
/// So many conversations that none gets a second message while it waits for an answer.
const PEOPLE: u64 = 5_000;
const LENGTH: Duration = Duration::from_secs(20);
/// The first seconds of each run are not counted.
const WARM: Duration = Duration::from_secs(2);
const THINKS: Duration = Duration::from_millis(500);
/// Load before the first run, so that connections stand, groups have settled and the brokers' code is compiled.
const FIRST: (f64, Duration) = (200.0, Duration::from_secs(10));
const CONNECTIONS: usize = 256;
/// How long a shadow may take to end.
const BOUND: Duration = Duration::from_secs(30);

/// Of the runs without a shadow, once more without one, and with one, in the order in which they were made.
#[derive(Default)]
struct Measured {
    /// 50 and 99 percent, in milliseconds.
    without: [Vec<f64>; 2],
    again: [Vec<f64>; 2],
    beside: [Vec<f64>; 2],
    /// Processor microseconds of the line and of the shadow per message.
    cost: [Vec<f64>; 3],
    /// How much later than the line's the shadow's calls came, 50 percent, in milliseconds.
    behind: Vec<f64>,
}

struct Bench {
    deployment: Deployment,
    line: Instance,
    /// What the line calls and sends to, and what the shadow calls.
    live: StandIns,
    shadow: StandIns,
    callbacks: Arc<Callbacks>,
    next: u64,
}

/// Measures.
///
/// # Errors
/// When something does not start, a message is not answered, or the shadow sends something.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let each = (RATE * LENGTH.as_secs_f64()) as u64 + 1;
    let first = (FIRST.0 * FIRST.1.as_secs_f64()) as u64 + 1;
    let count = each * 3 * rounds as u64 + first;
    let live = StandIns::start(count, ModelPace::at_once_after(THINKS))?;
    let shadow = StandIns::start(count, ModelPace::at_once_after(THINKS))?;
    let deployment = Deployment::new(&live.url)?;
    let line = deployment.start("ingest,decide,call,deliver")?;
    let callbacks = Arc::new(Callbacks::new(deployment.seed, PEOPLE));
    let mut bench = Bench { deployment, line, live, shadow, callbacks, next: 0 };
    bench.run(FIRST.0, FIRST.1)?;
    let mut measured = Measured::default();
    for _ in 0..rounds {
        let before = usage::cpu(bench.line.process.id())?;
        let (latencies, numbers) = bench.run(RATE, LENGTH)?;
        put(&mut measured.without, &latencies);
        measured.cost[0].push(cost(&bench.line, before, &numbers)?);
        let (latencies, _) = bench.run(RATE, LENGTH)?;
        put(&mut measured.again, &latencies);
        bench.beside(&mut measured)?;
    }
    ensure!(
        (0..bench.next).all(|number| bench.shadow.notes.sent.at(number).is_none()),
        "the shadow has sent"
    );
    Ok(table(&measured))
}

impl Bench {
    /// A run with a shadow, which is ended behind it.
    fn beside(&mut self, measured: &mut Measured) -> Result<()> {
        let mut shadow = self.deployment.start_shadow(&self.shadow.url)?;
        let before = [usage::cpu(self.line.process.id())?, usage::cpu(shadow.process.id())?];
        let (latencies, numbers) = self.run(RATE, LENGTH)?;
        wait_for_all(&self.shadow.notes.asked, numbers.clone())?;
        put(&mut measured.beside, &latencies);
        measured.cost[1].push(cost(&self.line, before[0], &numbers)?);
        measured.cost[2].push(cost(&shadow, before[1], &numbers)?);
        let (ours, theirs) = (&self.live.notes.asked, &self.shadow.notes.asked);
        measured.behind.push(behind(ours, theirs, numbers).percentile(50.0));
        shadow.process.end_within(BOUND)?;
        Ok(())
    }

    /// Load, and how long it took from when each message was due to the arrival of its answer at Easemob.
    fn run(&mut self, rate: f64, length: Duration) -> Result<(Latencies, Range<u64>)> {
        self.deployment.patience.check()?;
        let runtime = self.deployment.net.runtime();
        let to: SocketAddr = (Ipv4Addr::LOCALHOST, self.deployment.ingest_port).into();
        let pool = Pool::open(runtime, to, CONNECTIONS, &self.callbacks)?;
        let schedule = Schedule::new(Instant::now(), rate, length);
        let first = self.next;
        self.next += schedule.count;
        pool.keep(runtime, &schedule, first)?;
        wait_for_all(&self.live.notes.sent, first..self.next)?;
        let counted = (WARM.as_secs_f64() * rate) as u64..schedule.count;
        let took = |number| Some(self.live.notes.sent.at(first + number)? - schedule.due(number));
        Ok((Latencies::new(counted.filter_map(took).collect()), first..self.next))
    }
}

fn behind(ours: &Marks, theirs: &Marks, numbers: Range<u64>) -> Latencies {
    let later = |number| Some(theirs.at(number)?.saturating_duration_since(ours.at(number)?));
    Latencies::new(numbers.filter_map(later).collect())
}

fn cost(instance: &Instance, before: Duration, numbers: &Range<u64>) -> Result<f64> {
    let used = usage::cpu(instance.process.id())?.saturating_sub(before);
    Ok(used.as_secs_f64() * 1e6 / (numbers.end - numbers.start).max(1) as f64)
}

fn put(values: &mut [Vec<f64>; 2], latencies: &Latencies) {
    for (values, percent) in values.iter_mut().zip([50.0, 99.0]) {
        values.push(latencies.percentile(percent));
    }
}

fn table(measured: &Measured) -> Table {
    let Measured { without, again, beside, cost, behind } = measured;
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let ratio = |(later, earlier): (&f64, &f64)| later / earlier;
    let noise = |at: usize| again[at].iter().zip(&without[at]).map(ratio);
    let ratios = |at: usize| Samples::new(beside[at].iter().zip(&again[at]).map(ratio));
    let row = |what: &str, at: usize| {
        let all = [
            samples(&without[at]),
            samples(&again[at]),
            Samples::new(noise(at)),
            samples(&beside[at]),
            ratios(at),
        ];
        std::iter::once(what.to_owned()).chain(all.iter().map(Samples::text)).collect::<Vec<_>>()
    };
    let most_noise = noise(1).map(|ratio| ratio.max(1.0 / ratio)).fold(1.0, f64::max);
    let of = |what: &str, without: String, beside: &[f64]| {
        vec![what.to_owned(), without, String::new(), String::new(), samples(beside).text(), String::new()]
    };
    Table {
        conditions: format!(
            "huiyin in one process with the roles ingest, decide, call and deliver, 8 partitions, and in every third run another one with \
             the role shadow on the same machine and the same brokers, which answers the same messages by a model of its own. An open loop \
             of {RATE} signed callbacks per second in {PEOPLE} conversations for {} s, models that think for {} ms. People wait from when a \
             callback was due to the arrival of its answer at Easemob. The ratio is that of a run to the one before it.",
            LENGTH.as_secs(),
            THINKS.as_millis()
        ),
        columns: ["of people's messages", "without", "again without", "ratio", "with a shadow", "ratio"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row("p50 in ms", 0),
            row("p99 in ms", 1),
            of("CPU µs of the line per message", samples(&cost[0]).text(), &cost[1]),
            of("CPU µs of the shadow per message", String::new(), &cost[2]),
            of("the shadow's calls come later by, p50 in ms", String::new(), behind),
        ],
        goals: vec![Goal::at_most(
            "p99 against the run before, as far as two runs without a shadow differ",
            ratios(1).median(),
            most_noise,
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goal_is_the_ratio_to_the_run_before_and_its_bar_what_two_runs_without_a_shadow_differ_by() {
        let measured = |p99: f64| Measured {
            without: [vec![500.0; 3], vec![600.0, 700.0, 600.0]],
            again: [vec![500.0; 3], vec![600.0, 650.0, 610.0]],
            beside: [vec![500.0; 3], vec![p99, p99, 700.0]],
            ..Measured::default()
        };
        assert!(table(&measured(640.0)).goals[0].met);
        assert!(!table(&measured(700.0)).goals[0].met);
    }
}
