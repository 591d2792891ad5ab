//! `restore`: how fast the fold driver brings states back, from a log that has seen an hour of work.

pub(super) mod child;
mod states;

use super::exactly_once::shape::access;
use super::table::{Goal, Samples, Table, short};
use crate::contestant;
use anyhow::{Context, Result, anyhow, ensure};
use child::Spec;
use dev::console::say;
use dev::rig::home::Home;
use dev::rig::net::Net;
use dev::rig::topics;
use dev::stack::Borrowed;
use pipeline::kafka::{Admin, Config, Property, RawConfig, Topic, stamp};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use states::{CHURN, PARTITIONS, Shape, Writer};
use std::collections::{BTreeMap, HashMap};
use std::env;
use std::thread::sleep;
use std::time::{Duration, Instant};

const INCARNATION: &str = "8b7d2e0a-6f1f-4f0e-9a65-3f6f6d6b6c11";
/// The brokers look for something to compact every 15 s.
const COMPACTION: Duration = Duration::from_secs(35);
const PATIENCE: Duration = Duration::from_secs(90);
/// A fraction of the conversations and of the hour, for a quick look: 10 for a tenth.
const PART: &str = "HUIYIN_BENCH_PART";
const SHAPES: [Shape; 2] = [
    Shape { name: "1 M conversations of 2 KB", conversations: 1_000_000, turns: 3, churn: CHURN },
    Shape { name: "100 k conversations of 16 KB", conversations: 100_000, turns: 32, churn: CHURN },
];

/// One shape's figures.
#[derive(Default)]
struct Figures {
    written: f64,
    live: f64,
    /// Bytes in the log and the seconds that a bare client took to read them.
    read: f64,
    bare: Vec<f64>,
    /// Seconds until ready, and peak memory in MiB.
    decide: Vec<(f64, f64)>,
    bytes: Vec<(f64, f64)>,
}

/// Measures both shapes, each `rounds` times on one log.
///
/// # Errors
/// When the stack or a process does not do what it must.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let (stack, net) = (Borrowed::up()?, Net::new()?);
    let home = crate::home::new(&stack, &net)?;
    let mut all = Vec::new();
    let part: u64 = env::var(PART).ok().map_or(Ok(1), |text| text.parse()).context(PART)?;
    for (number, shape) in SHAPES.iter().enumerate() {
        let shape = shape.part(part);
        all.push((shape, figures(&stack, &home, number, shape, rounds)?));
    }
    Ok(table(&all))
}

fn figures(stack: &Borrowed, home: &Home, number: usize, shape: Shape, rounds: usize) -> Result<Figures> {
    let bootstrap = stack.kafka();
    let config = access(&bootstrap)?;
    let topic = |kind: &str| format!("{}{kind}-{number}", home.prefix());
    let (input, states) = (topic("events"), topic("states"));
    create(&config, &input, schemas::topic::Topic::Events)?;
    create(&config, &states, schemas::topic::Topic::States)?;
    stamp(&config, &states, PARTITIONS, INCARNATION)?;
    let begun = Instant::now();
    let written = Writer::new(&small_batches(&bootstrap)?, &states, shape)?.write()?;
    say(&format!(
        "{}: {} B written in {:.0} s",
        shape.name,
        short(written as f64),
        begun.elapsed().as_secs_f64()
    ));
    sleep(COMPACTION);
    let mut figures = Figures { written: written as f64, ..Figures::default() };
    let mut newest = HashMap::new();
    figures.read = bare(&bootstrap, &states, |message| keep_newest(&mut newest, message))?.0;
    figures.live = newest.values().sum::<usize>() as f64;
    for round in 0..rounds {
        let (bytes, seconds) = bare(&bootstrap, &states, |_| {})?;
        say(&format!("bare client: {} B in {seconds:.1} s", short(bytes)));
        figures.bare.push(seconds);
        // They take turns: in a virtual machine the first one also pays for memory that its host had taken back.
        for is_read in [round % 2 == 1, round % 2 == 0] {
            let name = format!("restore-{number}-{round}-{is_read}");
            let spec = Spec {
                bootstrap: bootstrap.clone(),
                deployment: home.name.clone(),
                name: name.clone(),
                input: input.clone(),
                states: states.clone(),
                incarnation: INCARNATION.to_owned(),
                is_read,
            };
            let took = run(home, &name, &spec).with_context(|| format!("restoring {}", shape.name))?;
            say(&format!("{name}: ready after {:.1} s, {:.0} MiB", took.0, took.1));
            if is_read { figures.decide.push(took) } else { figures.bytes.push(took) }
        }
    }
    topics::delete(&bootstrap, &[home.prefix()])?;
    Ok(figures)
}

/// As `topics create` makes it.
fn create(config: &Config, name: &str, topic: schemas::topic::Topic) -> Result<()> {
    let settings = topic.settings().into_iter().map(|(name, value)| (name.to_owned(), value));
    let topic =
        Topic { name: name.to_owned(), partitions: PARTITIONS, replication: 1, config: settings.collect() };
    Admin::new(config)?.create(&[topic])?;
    Ok(())
}

/// Transactions of a fold that is not overloaded hold few records of a partition.
fn small_batches(bootstrap: &str) -> Result<Config> {
    let properties = [("batch.num.messages", 40), ("linger.ms", 5)];
    let properties = properties.map(|(name, value)| (name.to_owned(), Property::Number(value)));
    let raw = RawConfig {
        bootstrap: bootstrap.to_owned(),
        heartbeat_interval: Duration::from_millis(500),
        properties: BTreeMap::from(properties),
    };
    Config::new(raw).map_err(|problems| anyhow!("setting up the writer: {problems:?}"))
}

fn run(home: &Home, name: &str, spec: &Spec) -> Result<(f64, f64)> {
    let mut process = contestant::start(home, "restore", name, spec)?;
    let begun = Instant::now();
    loop {
        let output = process.output()?;
        if let Some(took) = output.lines().find_map(|line| line.strip_prefix("took ")) {
            let mut numbers = took.split(' ').filter_map(|number| number.parse().ok());
            return numbers.next().zip(numbers.next()).context("reading how long it took");
        }
        process.check()?;
        ensure!(begun.elapsed() < PATIENCE, "not ready in time; {}", process.tail());
        sleep(Duration::from_millis(50));
    }
}

fn size(message: &BorrowedMessage<'_>) -> usize {
    message.key_len() + message.payload_len()
}

/// Keeps the size of the newest entry of each key.
fn keep_newest(newest: &mut HashMap<Vec<u8>, usize>, message: &BorrowedMessage<'_>) {
    let key = message.key().unwrap_or_default();
    match message.payload() {
        Some(_) => newest.insert(key.to_vec(), size(message)),
        None => newest.remove(key),
    };
}

/// Reads all of the topic by a bare client and hands every message to `take`: the bytes, and the seconds that it took.
fn bare(bootstrap: &str, topic: &str, mut take: impl FnMut(&BorrowedMessage<'_>)) -> Result<(f64, f64)> {
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "bench.reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("fetch.queue.backoff.ms", "1")
        .create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    let begun = Instant::now();
    reader.assign(&list)?;
    let (mut bytes, mut ended) = (0, 0);
    while ended < PARTITIONS {
        match reader.poll(Duration::from_secs(10)).context("the reader waits in vain")? {
            Ok(message) => {
                bytes += size(&message);
                take(&message);
            }
            Err(KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok((bytes as f64, begun.elapsed().as_secs_f64()))
}

fn table(all: &[(Shape, Figures)]) -> Table {
    let mut table = Table {
        conditions: "The topic `states` as `topics create` makes it, 8 partitions, with the entries that decide writes: a core, turns \
                     and a bucket of seen ids per conversation, lz4, at most 40 entries in a batch, then an hour of 200 turns a second \
                     (four fifths of them in one fifth of the conversations), then half a minute for compaction. MB/s are bytes of keys \
                     and values in the log, superseded ones included, from assignment to ready of all partitions."
            .to_owned(),
        columns: ["log", "who", "seconds", "MB/s", "peak MiB"].map(str::to_owned).to_vec(),
        ..Table::default()
    };
    for (shape, figures) in all {
        let per_second = |seconds: f64| figures.read / 1e6 / seconds;
        let log = format!(
            "{}: {} B, of them {} B live, {} B before compaction",
            shape.name,
            short(figures.read),
            short(figures.live),
            short(figures.written)
        );
        let rows: [(&str, Vec<(f64, f64)>); 3] = [
            ("bare client, counts only", figures.bare.iter().map(|seconds| (*seconds, f64::NAN)).collect()),
            ("fold driver, keeps the bytes", figures.bytes.clone()),
            ("fold driver, reads decide's states", figures.decide.clone()),
        ];
        for (who, took) in rows {
            table.rows.push(vec![
                log.clone(),
                who.to_owned(),
                Samples::new(took.iter().map(|took| took.0)).text(),
                Samples::new(took.iter().map(|took| per_second(took.0))).text(),
                Samples::new(took.iter().map(|took| took.1)).text(),
            ]);
        }
        let seconds = Samples::new(figures.decide.iter().map(|took| took.0)).median();
        let what = |what: &str| format!("{}, {what}", shape.name);
        table.goals.push(Goal::at_least(&what("MB/s"), per_second(seconds), 300.0));
        table.goals.push(Goal::at_most(&what("seconds to take over"), seconds, 8.0));
    }
    table
}
