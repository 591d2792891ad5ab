//! How much the line adds to the time that a model takes, beside three bare transactions in a row.

pub(super) mod chain;

use super::arrivals::{Arrivals, wait_for_all};
use super::clients;
use super::deployment::{Deployment, PARTITIONS};
use super::load::{Callbacks, Latencies, Pool, Schedule};
use super::stand_ins::{ASK, StandIns};
use super::table::{Goal, Samples, Table, short};
use super::usage;
use anyhow::{Context, Result};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Messages per second.
const RATES: [u32; 3] = [50, 200, 1_000];
/// So many conversations that none gets its next message while it waits for an answer.
const PEOPLE: u64 = 5_000;
/// The first second of each run is not counted.
const WARM: Duration = Duration::from_secs(1);
const LENGTH: Duration = Duration::from_secs(10);
const THINKS: Duration = Duration::from_millis(50);
/// Load before the first run, so that connections stand and groups have settled.
const FIRST: (f64, Duration) = (200.0, Duration::from_secs(4));
const CONNECTIONS: usize = 256;

/// Latencies in milliseconds of the rounds at one rate: 50 and 99 percent of each.
#[derive(Default)]
struct Measured {
    to_model: [Vec<f64>; 2],
    to_easemob: [Vec<f64>; 2],
    sum: [Vec<f64>; 2],
    chain: [Vec<f64>; 2],
    /// Processor microseconds per message, of the line and of the chain.
    cost: [Vec<f64>; 2],
}

struct Bench {
    deployment: Deployment,
    stand_ins: StandIns,
    /// The line's and the chain's.
    processes: [u32; 2],
    /// Writes to the chain's first topic.
    producer: ThreadedProducer<DefaultProducerContext>,
    first_topic: String,
    /// The end of the chain.
    arrivals: Arrivals,
    callbacks: Arc<Callbacks>,
    /// The first number that was not used yet; the line and the chain use the same ones.
    next: u64,
}

/// Measures.
///
/// # Errors
/// When something does not start, or a message does not come out.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let seconds = LENGTH.as_secs() * rounds as u64;
    let count = RATES.iter().map(|rate| u64::from(*rate) * seconds).sum::<u64>() + 10_000;
    let stand_ins = StandIns::start(count, THINKS)?;
    let deployment = Deployment::new(&stand_ins.url)?;
    let line = deployment.start("ingest,decide,call,deliver")?;
    let prefix = deployment.floor_topics()?;
    let kafka = deployment.kafka();
    let floor = deployment.start_floor(&["chain", "--kafka", &kafka, "--prefix", &prefix])?;
    let (first_topic, last_topic) = chain::ends(&prefix);
    let arrivals = Arrivals::open(&kafka, &last_topic, (ASK, count))?;
    let producer = clients::idempotent(&kafka).create().context("building a producer")?;
    let callbacks = Arc::new(Callbacks::new(deployment.seed, PEOPLE));
    let processes = [line.process.id(), floor.id()];
    let mut bench =
        Bench { deployment, stand_ins, processes, producer, first_topic, arrivals, callbacks, next: 0 };
    bench.run(FIRST.0, FIRST.1, &mut Measured::default())?;
    let mut all: Vec<Measured> = RATES.iter().map(|_| Measured::default()).collect();
    for _ in 0..rounds {
        for (rate, measured) in RATES.iter().zip(&mut all) {
            bench.run((*rate).into(), LENGTH, measured)?;
        }
    }
    Ok(table(&all))
}

impl Bench {
    /// The line, then the chain, at one rate.
    fn run(&mut self, rate: f64, length: Duration, measured: &mut Measured) -> Result<()> {
        self.deployment.patience.check()?;
        let runtime = self.deployment.net.runtime();
        let to: SocketAddr = (Ipv4Addr::LOCALHOST, self.deployment.ingest_port).into();
        let pool = Pool::open(runtime, to, CONNECTIONS, &self.callbacks)?;
        let before = usage::cpu(self.processes[0])?;
        let schedule = Schedule::new(Instant::now(), rate, length);
        let (first, end) = (self.next, self.next + schedule.count);
        self.next = end;
        pool.keep(runtime, &schedule, first)?;
        let notes = &self.stand_ins.notes;
        wait_for_all(&notes.sent, first..end)?;
        measured.cost[0].push(self.cost(0, before, schedule.count)?);
        let counted = (WARM.as_secs_f64() * rate) as u64..schedule.count;
        let collect = |of: &dyn Fn(u64, u64) -> Option<Duration>| {
            let latencies = counted.clone().filter_map(|number| of(number, first + number));
            Latencies::new(latencies.collect())
        };
        let to_model = |due: u64, number| Some(notes.asked.at(number)? - schedule.due(due));
        let to_easemob =
            |_: u64, number| notes.sent.at(number)?.checked_duration_since(notes.replied.at(number)?);
        put(&mut measured.to_model, &collect(&to_model));
        put(&mut measured.to_easemob, &collect(&to_easemob));
        put(
            &mut measured.sum,
            &collect(&|due, number| Some(to_model(due, number)? + to_easemob(due, number)?)),
        );

        let before = usage::cpu(self.processes[1])?;
        let schedule = Schedule::new(Instant::now(), rate, length);
        schedule.keep(|number, _| self.write(first + number));
        wait_for_all(&self.arrivals.marks, first..end)?;
        measured.cost[1].push(self.cost(1, before, schedule.count)?);
        let latencies = counted
            .filter_map(|number| Some(self.arrivals.marks.at(first + number)? - schedule.due(number)))
            .collect();
        put(&mut measured.chain, &Latencies::new(latencies));
        Ok(())
    }

    /// Processor microseconds per message since `before`.
    fn cost(&self, process: usize, before: Duration, messages: u64) -> Result<f64> {
        let used = usage::cpu(self.processes[process])?.saturating_sub(before);
        Ok(used.as_secs_f64() * 1e6 / messages as f64)
    }

    /// Writes a record to the chain.
    fn write(&self, number: u64) {
        let person = self.callbacks.person(number);
        let partition = i32::try_from(person).unwrap_or_default() % PARTITIONS;
        let (key, body) = (person.to_string(), self.callbacks.body(number));
        let record = BaseRecord::to(&self.first_topic).partition(partition).key(&key).payload(&body);
        // One that is not taken does not arrive, which ends the benchmark.
        self.producer.send(record).ok();
    }
}

fn put(values: &mut [Vec<f64>; 2], latencies: &Latencies) {
    for (values, percent) in values.iter_mut().zip([50.0, 99.0]) {
        values.push(latencies.percentile(percent));
    }
}

fn table(all: &[Measured]) -> Table {
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let ratio = |one: &Measured, at: usize| samples(&one.sum[at]).median() / samples(&one.chain[at]).median();
    let mut table = Table {
        conditions: format!(
            "huiyin in one process with the roles ingest, decide, call and deliver, and the floor: three threads, each a \
             consumer and a transactional producer with the same settings, which pass the callbacks' bytes on over four topics; \
             8 partitions. An open loop of signed callbacks in {PEOPLE} conversations, {} s at each rate, then the same to the \
             floor; a model that thinks for {} ms. To the model: from when the callback was due to the arrival of the model call; \
             to Easemob: from the model's reply to the arrival of the send; sum: both, per message. Floor: from when a record was \
             due to its arrival at a read_committed consumer. The role account does not run. Milliseconds.",
            LENGTH.as_secs(),
            THINKS.as_millis()
        ),
        columns: ["messages/s, percentile", "to the model", "to Easemob", "sum", "floor", "sum / floor"]
            .map(str::to_owned)
            .to_vec(),
        ..Table::default()
    };
    for (rate, one) in RATES.iter().zip(all) {
        for (at, percentile) in ["p50", "p99"].iter().enumerate() {
            let mut row = vec![format!("{rate}, {percentile}")];
            let of = [&one.to_model[at], &one.to_easemob[at], &one.sum[at], &one.chain[at]];
            row.extend(of.map(|values| samples(values).text()));
            row.push(short(ratio(one, at)));
            table.rows.push(row);
        }
        let [line, chain] = &one.cost;
        let by = short(samples(line).median() / samples(chain).median());
        let (line, chain) = (samples(line).text(), samples(chain).text());
        table.rows.push(vec![
            format!("{rate}, CPU µs per message"),
            String::new(),
            String::new(),
            line,
            chain,
            by,
        ]);
    }
    let at_200 = RATES.iter().zip(all).find(|(rate, _)| **rate == 200);
    table.goals.extend(
        at_200.map(|(_, one)| {
            Goal::at_most("p50 of the sum at 200/s in ms", samples(&one.sum[0]).median(), 30.0)
        }),
    );
    for (rate, one) in RATES.iter().zip(all) {
        for (at, percentile) in ["p50", "p99"].iter().enumerate() {
            let what = format!("{percentile} of the sum at {rate}/s against the floor");
            table.goals.push(Goal::at_most(&what, ratio(one, at), 1.3));
        }
    }
    table
}
