//! How much the line adds to the time that a model takes, beside three bare transactions in a row.

pub(super) mod chain;
mod verification;

use super::arrivals::{Arrivals, wait_for_all};
use super::clients;
use super::deployment::{Deployment, PARTITIONS};
use super::load::{Callbacks, Latencies, Pool, Schedule};
use super::stand_ins::{ASK, StandIns};
use super::table::{Goal, Samples, Table, short};
use super::usage;
use anyhow::{Context, Result};
use chain::Writes;
use dev::console::say;
use dev::rig::instance::Instance as Line;
use dev::rig::process::Process;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};
use verification::Unverified;

/// Messages per second.
const RATES: [u32; 3] = [50, 200, 1_000];
/// The rate that is also measured with brokers that do not verify transactions.
const UNVERIFIED: u32 = 200;
/// By then the last transactions have ended and the brokers have taken the setting over.
const SETTLED: Duration = Duration::from_secs(3);
/// So many conversations that none gets a second message while it waits for an answer.
const PEOPLE: u64 = 5_000;
/// The first second of each run is not counted.
const WARM: Duration = Duration::from_secs(1);
const LENGTH: Duration = Duration::from_secs(10);
const THINKS: Duration = Duration::from_millis(50);
/// Load before the first run, so that connections stand, groups have settled and the brokers' code is compiled.
const FIRST: (f64, Duration) = (400.0, Duration::from_secs(15));
const CONNECTIONS: usize = 256;

/// Latencies in milliseconds of the rounds at one rate: 50 and 99 percent of each.
#[derive(Default)]
struct Measured {
    to_model: [Vec<f64>; 2],
    to_easemob: [Vec<f64>; 2],
    sum: [Vec<f64>; 2],
    /// Of the chain that writes as much, and of the thin one.
    chains: [[Vec<f64>; 2]; 2],
    /// Processor microseconds per message, of the line and of the chains.
    cost: [Vec<f64>; 3],
}

/// A floor in a process of its own.
struct Chain {
    process: Process,
    first_topic: String,
    arrivals: Arrivals,
}

struct Bench {
    deployment: Deployment,
    stand_ins: StandIns,
    line: Line,
    /// Writes to the first topic of a chain.
    producer: ThreadedProducer<DefaultProducerContext>,
    /// The one that writes as much, and the thin one.
    chains: [Chain; 2],
    callbacks: Arc<Callbacks>,
    /// The first number that was not used yet; the line and the chains use the same ones.
    next: u64,
}

/// Measures.
///
/// # Errors
/// When something does not start, or a message does not come out.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let seconds = LENGTH.as_secs() * rounds as u64;
    let count =
        RATES.iter().chain([&UNVERIFIED]).map(|rate| u64::from(*rate) * seconds).sum::<u64>() + 10_000;
    let stand_ins = StandIns::start(count, THINKS)?;
    let deployment = Deployment::new(&stand_ins.url)?;
    let line = deployment.start("ingest,decide,call,deliver")?;
    let chains = [
        Chain::start(&deployment, "floor", Writes::AsTheLine, count)?,
        Chain::start(&deployment, "thin", Writes::OnlyWhatLeadsOn, count)?,
    ];
    let producer = clients::idempotent(&deployment.kafka()).create().context("building a producer")?;
    let callbacks = Arc::new(Callbacks::new(deployment.seed, PEOPLE));
    let mut bench = Bench { deployment, stand_ins, line, producer, chains, callbacks, next: 0 };
    bench.run(FIRST.0, FIRST.1, &mut Measured::default())?;
    let mut all: Vec<Measured> = RATES.iter().map(|_| Measured::default()).collect();
    let mut unverified = Measured::default();
    for _ in 0..rounds {
        for (rate, measured) in RATES.iter().zip(&mut all) {
            bench.run((*rate).into(), LENGTH, measured)?;
        }
    }
    if let Err(error) = bench.run_unverified(rounds, &mut unverified) {
        say(&format!("without verification: {error:#}"));
    }
    Ok(table(&all, &unverified))
}

impl Chain {
    fn start(deployment: &Deployment, name: &str, writes: Writes, count: u64) -> Result<Self> {
        let spec = chain::Spec { kafka: deployment.kafka(), prefix: deployment.floor_topics(name)?, writes };
        let process = deployment.start_floor("line", name, &spec)?;
        let (first_topic, last_topic) = chain::ends(&spec.prefix);
        Ok(Self { process, first_topic, arrivals: Arrivals::open(&spec.kafka, &last_topic, ASK, count)? })
    }
}

impl Bench {
    /// The line, then the chains, at one rate.
    fn run(&mut self, rate: f64, length: Duration, measured: &mut Measured) -> Result<()> {
        self.deployment.patience.check()?;
        let runtime = self.deployment.net.runtime();
        let to: SocketAddr = (Ipv4Addr::LOCALHOST, self.deployment.ingest_port).into();
        let pool = Pool::open(runtime, to, CONNECTIONS, &self.callbacks)?;
        let process = self.line.process.id();
        let before = usage::cpu(process)?;
        let schedule = Schedule::new(Instant::now(), rate, length);
        let (first, end) = (self.next, self.next + schedule.count);
        self.next = end;
        pool.keep(runtime, &schedule, first)?;
        let notes = &self.stand_ins.notes;
        wait_for_all(&notes.sent, first..end)?;
        measured.cost[0].push(cost(process, before, schedule.count)?);
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

        for (at, chain) in self.chains.iter().enumerate() {
            let before = usage::cpu(chain.process.id())?;
            let schedule = Schedule::new(Instant::now(), rate, length);
            schedule.keep(|number, _| self.write(&chain.first_topic, first + number));
            wait_for_all(&chain.arrivals.marks, first..end)?;
            measured.cost[1 + at].push(cost(chain.process.id(), before, schedule.count)?);
            let arrived = |number| chain.arrivals.marks.at(first + number);
            let latencies =
                counted.clone().filter_map(|number| Some(arrived(number)? - schedule.due(number)));
            put(&mut measured.chains[at], &Latencies::new(latencies.collect()));
        }
        Ok(())
    }

    /// The same with brokers that do not verify transactions, if they are ours. A transaction that is open when the setting changes is
    /// refused, so none may be open.
    fn run_unverified(&mut self, rounds: usize, measured: &mut Measured) -> Result<()> {
        if !self.deployment.has_own_brokers() {
            return Ok(());
        }
        let runtime = self.deployment.net.runtime().handle().clone();
        sleep(SETTLED);
        let _unverified = Unverified::begin(&runtime, &self.deployment.kafka())?;
        sleep(SETTLED);
        (0..rounds).try_for_each(|_| self.run(UNVERIFIED.into(), LENGTH, measured))
    }

    /// Writes a record to a chain.
    fn write(&self, first_topic: &str, number: u64) {
        let person = self.callbacks.person(number);
        let partition = i32::try_from(person).unwrap_or_default() % PARTITIONS;
        let (key, body) = (person.to_string(), self.callbacks.body(number));
        let record = BaseRecord::to(first_topic).partition(partition).key(&key).payload(&body);
        // One that is not taken does not arrive, which ends the benchmark.
        self.producer.send(record).ok();
    }
}

/// Processor microseconds per message since `before`.
fn cost(process: u32, before: Duration, messages: u64) -> Result<f64> {
    let used = usage::cpu(process)?.saturating_sub(before);
    Ok(used.as_secs_f64() * 1e6 / messages as f64)
}

fn put(values: &mut [Vec<f64>; 2], latencies: &Latencies) {
    for (values, percent) in values.iter_mut().zip([50.0, 99.0]) {
        values.push(latencies.percentile(percent));
    }
}

fn table(all: &[Measured], unverified: &Measured) -> Table {
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let ratio =
        |one: &Measured, at: usize| samples(&one.sum[at]).median() / samples(&one.chains[0][at]).median();
    let mut table = Table {
        conditions: format!(
            "huiyin in one process with the roles ingest, decide, call and deliver, and the floor: three threads, each a \
             consumer and a transactional producer with the same settings, which pass the callbacks' bytes on over four topics, \
             the first and the last of them to three more, as decide writes decisions, states and ledger; a thin floor leaves those \
             out; 8 partitions. An open loop of signed callbacks in {PEOPLE} conversations, {} s at each rate, then the same to the \
             floors; a model that thinks for {} ms. To the model: from when the callback was due to the arrival of the model call; \
             to Easemob: from the model's reply to the arrival of the send; sum: both, per message. Floor: from when a record was \
             due to its arrival at a read_committed consumer. The role account does not run. Unverified: with \
             `transaction.partition.verification.enable=false` on the broker, which is no advice. Milliseconds.",
            LENGTH.as_secs(),
            THINKS.as_millis()
        ),
        columns: [
            "messages/s, percentile",
            "to the model",
            "to Easemob",
            "sum",
            "floor",
            "sum / floor",
            "thin floor",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..Table::default()
    };
    let rates = RATES.iter().map(ToString::to_string).zip(all);
    let unverified = (format!("{UNVERIFIED} unverified"), unverified);
    for (rate, one) in rates.chain(Some(unverified).filter(|(_, one)| !one.sum[0].is_empty())) {
        for (at, percentile) in ["p50", "p99"].iter().enumerate() {
            let mut row = vec![format!("{rate}, {percentile}")];
            let of = [&one.to_model[at], &one.to_easemob[at], &one.sum[at], &one.chains[0][at]];
            row.extend(of.map(|values| samples(values).text()));
            row.extend([short(ratio(one, at)), samples(&one.chains[1][at]).text()]);
            table.rows.push(row);
        }
        let [line, chain, thin] = one.cost.each_ref().map(|cost| samples(cost));
        let by = short(line.median() / chain.median());
        let what = format!("{rate}, CPU µs per message");
        let none = String::new;
        table.rows.push(vec![what, none(), none(), line.text(), chain.text(), by, thin.text()]);
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
