//! How many callbacks are taken, at which price, and how soon they are answered: beside the same without a filter, and a bare handler.

pub(super) mod floor;

use super::deployment::Deployment;
use super::load::{Callbacks, Latencies, Numbered, Pool, Schedule, closed};
use super::table::{Goal, Samples, Table, short};
use super::usage;
use anyhow::Result;
use dev::rig::home::free_ports;
use schemas::topic::{Topic, TopicNames};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Connections that ask for as much as they get.
const GREEDY: usize = 128;
/// Connections for work that falls due, more than are ever needed at a time.
const PATIENT: usize = 512;
const PEOPLE: u64 = 10_000;
const WARM: Duration = Duration::from_secs(3);
const CLOSED: Duration = Duration::from_secs(7);
const OPEN: Duration = Duration::from_secs(9);

/// A dictionary of 64,000 words with the default views, and personal data hidden on every way.
const FILTER: &str = r#"
[app.personal_data]
people = { style = "stars" }
model = { style = "placeholder" }
said = { style = "stars" }

[[filter.dictionary]]
name = "words"
file = "words.tsv"
action = "block"
"#;

/// One of the three, with what was measured of it, round by round.
struct Side {
    to: SocketAddr,
    process: u32,
    /// Callbacks per second, as many as it takes.
    most: Vec<f64>,
    /// Processor microseconds per callback at that rate.
    cost_of_most: Vec<f64>,
    /// Latencies in milliseconds at half of our rate: 50, 99 and 99.9 percent.
    latency: [Vec<f64>; 3],
    /// Processor microseconds per callback at that rate.
    cost_of_half: Vec<f64>,
}

/// What all are asked.
struct Asked<'a> {
    deployment: &'a Deployment,
    callbacks: Arc<Callbacks>,
    numbers: Arc<AtomicU64>,
}

/// Measures.
///
/// # Errors
/// When something does not start, or a reply is not what it must be.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let deployment = Deployment::new("http://127.0.0.1:1")?;
    deployment.write_beside("words.tsv", &super::safety::dictionary()?)?;
    let (ours, ours_port) = deployment.start_beside("filtered", "ingest", FILTER)?;
    let (unfiltered, unfiltered_port) = deployment.start_beside("unfiltered", "ingest", "")?;
    let [port] = free_ports()?;
    let topic = TopicNames::new(deployment.floor_topics("floor")?).of(Topic::Events);
    let spec = floor::Spec { kafka: deployment.kafka(), topic, port };
    let mut floor = deployment.start_floor("ingest", "floor", &spec)?;
    deployment.wait_listening(&mut floor, port)?;
    let asked = Asked {
        callbacks: Arc::new(Callbacks::new(deployment.seed, PEOPLE)),
        numbers: Arc::default(),
        deployment: &deployment,
    };
    let mut sides = [
        Side::new(ours_port, ours.process.id()),
        Side::new(unfiltered_port, unfiltered.process.id()),
        Side::new(port, floor.id()),
    ];
    for side in &sides {
        asked.most(side.to, WARM)?;
    }
    for _ in 0..rounds {
        for side in &mut sides {
            side.measure_most(&asked)?;
        }
    }
    let half = Samples::new(sides[0].most.iter().copied()).median() / 2.0;
    for _ in 0..rounds {
        for side in &mut sides {
            side.measure_half(&asked, half)?;
        }
    }
    deployment.patience.check()?;
    Ok(table(&sides, half))
}

impl Asked<'_> {
    fn most(&self, to: SocketAddr, length: Duration) -> Result<f64> {
        let work = Numbered { work: Arc::clone(&self.callbacks), next: Arc::clone(&self.numbers) };
        closed(self.deployment.net.runtime(), to, GREEDY, length, &work)
    }

    fn at(&self, to: SocketAddr, per_second: f64, length: Duration) -> Result<Latencies> {
        let runtime = self.deployment.net.runtime();
        let pool = Pool::open(runtime, to, PATIENT, &self.callbacks)?;
        let schedule = Schedule::new(Instant::now(), per_second, length);
        let first = self.numbers.fetch_add(schedule.count, Ordering::Relaxed);
        let taken = pool.keep(runtime, &schedule, first)?;
        Ok(Latencies::new(taken.into_iter().map(|(_, latency)| latency).collect()))
    }
}

impl Side {
    fn new(port: u16, process: u32) -> Self {
        Self {
            to: (Ipv4Addr::LOCALHOST, port).into(),
            process,
            most: Vec::new(),
            cost_of_most: Vec::new(),
            latency: Default::default(),
            cost_of_half: Vec::new(),
        }
    }

    fn measure_most(&mut self, asked: &Asked<'_>) -> Result<()> {
        asked.deployment.patience.check()?;
        let before = usage::cpu(self.process)?;
        let most = asked.most(self.to, CLOSED)?;
        let used = usage::cpu(self.process)?.saturating_sub(before);
        self.most.push(most);
        self.cost_of_most.push(used.as_secs_f64() * 1e6 / (most * CLOSED.as_secs_f64()));
        Ok(())
    }

    fn measure_half(&mut self, asked: &Asked<'_>, per_second: f64) -> Result<()> {
        asked.deployment.patience.check()?;
        asked.at(self.to, per_second, Duration::from_secs(1))?;
        let before = usage::cpu(self.process)?;
        let latencies = asked.at(self.to, per_second, OPEN)?;
        let used = usage::cpu(self.process)?.saturating_sub(before);
        for (values, percent) in self.latency.iter_mut().zip([50.0, 99.0, 99.9]) {
            values.push(latencies.percentile(percent));
        }
        self.cost_of_half.push(used.as_secs_f64() * 1e6 / latencies.len() as f64);
        Ok(())
    }
}

fn table([ours, unfiltered, floor]: &[Side; 3], half: f64) -> Table {
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let ratio = |ours: &[f64], other: &[f64]| {
        Samples::new(ours.iter().zip(other).map(|(ours, other)| ours / other)).median()
    };
    let row = |what: &str, of: fn(&Side) -> &[f64]| {
        let by = |other: &Side| short(ratio(of(ours), of(other)));
        let [ours, without, bare] = [ours, unfiltered, floor].map(|side| samples(of(side)).text());
        vec![what.to_owned(), ours, without, bare, by(unfiltered), by(floor)]
    };
    let at_half = format!("at {}/s", short(half));
    Table {
        conditions: format!(
            "huiyin with the role ingest (signature, a dictionary of 64,000 words with the default views, personal data, the record with its headers), the same \
             without a filter, and the floor, a \
             bare axum 0.8 handler with a FutureProducer that parses the callback by serde, writes its bytes and awaits the \
             acknowledgement; all idempotent with acks=all and linger.ms=1, 8 partitions, one after the other in each round.\n\
             Callbacks of 700 bytes, each signed, in {PEOPLE} conversations. The rate: {GREEDY} connections, each waits for its \
             reply, {} s. Latencies: an open loop at half of huiyin's rate, the same for all, {} s, counted from when a \
             callback was due. Ratios are the median of those of the rounds.",
            CLOSED.as_secs(),
            OPEN.as_secs()
        ),
        columns: ["figure", "huiyin", "without filter", "floor", "huiyin / without filter", "huiyin / floor"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row("callbacks/s", |side| &side.most),
            row("CPU µs per callback at that rate", |side| &side.cost_of_most),
            row(&format!("p50 in ms {at_half}"), |side| &side.latency[0]),
            row(&format!("p99 in ms {at_half}"), |side| &side.latency[1]),
            row(&format!("p99.9 in ms {at_half}"), |side| &side.latency[2]),
            row(&format!("CPU µs per callback {at_half}"), |side| &side.cost_of_half),
        ],
        goals: vec![
            Goal::at_least(
                "callbacks/s against those without filter",
                ratio(&ours.most, &unfiltered.most),
                0.95,
            ),
            Goal::at_least("callbacks/s against the floor", ratio(&ours.most, &floor.most), 0.9),
            Goal::at_most(
                "p99 at half load against the floor",
                ratio(&ours.latency[1], &floor.latency[1]),
                1.3,
            ),
        ],
    }
}
