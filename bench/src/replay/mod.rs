//! `replay`: how soon a replay of a long log begins, how fast it decides it once more with recorded models, and how much faster than it happened.

mod generate;

use super::exactly_once::shape::access;
use super::table::{Goal, Samples, Table, short};
use super::usage::cpu;
use anyhow::{Context, Result, anyhow, ensure};
use catalogue::{Bundle, Contents, RawCatalogue, validate};
use clap::Args;
use conversation::{Bundles, Deployment, Settings, States};
use dev::console::say;
use dev::rig::home::Home;
use dev::rig::net::Net;
use dev::stack::Borrowed;
use generate::{Generated, PER_SECOND, Talk, generate};
use pipeline::StartPolicy;
use pipeline::kafka::{Publisher, PublisherLimits};
use replay::launch::{Launch, begin};
use replay::live::NoModels;
use replay::log::{Log as _, Stretch};
use replay::range::{Arguments, FORM, Manifest, Outputs, Times, bounds};
use replay::results::Models;
use replay::run::{Progress, Tally};
use replay::shadow::{self, Names};
use replay::world::Line;
use schemas::topic::{Topic, TopicNames};
use std::process;
use std::sync::Arc;
use std::thread::{available_parallelism, scope, sleep};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Partitions of the log.
const PARTITIONS: i32 = 8;

/// How long the log is.
#[derive(Args, Clone, Copy)]
pub(super) struct Length {
    /// Of `replay`: records of the log
    #[arg(long, default_value_t = 5_000_000)]
    events: u64,
}

/// One replay.
struct Run {
    /// From the launch to the first records that were folded, in seconds.
    start: f64,
    /// Records per second of the whole.
    rate: f64,
    /// What the process used for a record, in microseconds.
    cpu: f64,
    tally: Tally,
}

/// How a log is replayed.
#[derive(Clone, Copy)]
struct How {
    outputs: Outputs,
    threads: usize,
}

/// The deployment whose log is replayed.
struct Scene {
    line: Line,
    publisher: Arc<Publisher>,
    runtime: Runtime,
    generated: Generated,
}

/// Measures.
///
/// # Errors
/// When the stack refuses, or a replay is not equal to what was recorded.
pub(super) fn measure(rounds: usize, length: Length) -> Result<Table> {
    let (stack, net) = (Borrowed::up()?, Net::new()?);
    let home = crate::home::new(&stack, &net)?;
    let ten = Scene::new(&stack, &home, length.events, Talk::TenQuestions)?;
    let long = Scene::new(&stack, &home, length.events, Talk::WithoutEnd)?;
    let cores = available_parallelism().map_or(1, usize::from);
    let mut measured = Measured { cores, ..Measured::default() };
    for round in 0..rounds {
        measured.read.push(ten.read()?);
        let how = |outputs, threads| How { outputs, threads };
        measured.results.push(ten.replay(&format!("round-{round}-results"), how(Outputs::Results, 1))?);
        measured.one.push(ten.replay(&format!("round-{round}-1"), how(Outputs::All, 1))?);
        measured
            .results_all
            .push(ten.replay(&format!("round-{round}-results-all"), how(Outputs::Results, cores))?);
        measured.all.push(ten.replay(&format!("round-{round}-all"), how(Outputs::All, cores))?);
        measured.read_long.push(long.read()?);
        measured.long.push(long.replay(&format!("round-{round}-long"), how(Outputs::Results, 1))?);
    }
    table(&ten.generated, &long.generated, &measured)
}

/// What was measured: records of `events` per second of reading alone, and replays.
#[derive(Default)]
struct Measured {
    cores: usize,
    read: Vec<f64>,
    results: Vec<Run>,
    one: Vec<Run>,
    results_all: Vec<Run>,
    all: Vec<Run>,
    read_long: Vec<f64>,
    long: Vec<Run>,
}

/// The bundle of one app with one model.
fn bundle() -> Result<Bundle> {
    let raw: RawCatalogue = toml::from_str(&crate::route::file("")).context("reading the bundle")?;
    validate(&raw).map_err(|problems| anyhow!("{problems:?}"))
}

impl Scene {
    fn new(stack: &Borrowed, home: &Home, events: u64, talk: Talk) -> Result<Self> {
        let kafka = access(&stack.kafka())?;
        let deployment = Deployment {
            name: home.name.clone(),
            kafka: kafka.clone(),
            topics: TopicNames::new(format!("{}{}-", home.prefix(), talk.label())),
            partitions: PARTITIONS,
        };
        let settings = Settings { ordinal: 0, start: StartPolicy::Earliest, batch_records: 1_000 };
        let bundle = bundle()?;
        let bundles = Bundles::with([(bundle.hash()?, bundle)], Contents::default());
        let line = Line::new(deployment, settings, Arc::new(bundles));
        let began = Instant::now();
        let generated = generate(&line, &stack.kafka(), events, talk)?;
        say(&format!("{} records in {} s", generated.events, short(began.elapsed().as_secs_f64())));
        let limits = PublisherLimits { records: 200_000, kibibytes: 262_144 };
        let publisher = Arc::new(Publisher::bulk(&kafka, limits)?);
        Ok(Self { line, publisher, runtime: Runtime::new()?, generated })
    }

    /// The least that any replay does: reads every record of the topics that it holds against one another, on one thread. Records of
    /// `events` per second.
    fn read(&self) -> Result<f64> {
        let deployment = self.line.deployment();
        let began = Instant::now();
        let mut events = 0;
        for partition in 0..PARTITIONS {
            for topic in [Topic::Events, Topic::Decisions, Topic::Requests] {
                let name = deployment.topics.of(topic);
                let mut log = Stretch::from(&deployment.kafka, &name, partition, 0)?;
                while log.next()?.is_some() {
                    events += u64::from(topic == Topic::Events);
                }
            }
        }
        ensure!(events == self.generated.events, "{events} records were read");
        Ok(events as f64 / began.elapsed().as_secs_f64())
    }

    fn manifest(&self, name: &Names, outputs: Outputs) -> Result<Manifest> {
        let deployment = self.line.deployment();
        let times = Times { from: self.generated.from, to: self.generated.to, warm_up: 0 };
        let events = deployment.topics.of(Topic::Events);
        let arguments = Arguments {
            from: times.from.to_string(),
            to: times.to.to_string(),
            apps: Vec::new(),
            sample: None,
            dataset: None,
            candidate: None,
            models: Models::Recorded,
            fork_at: None,
            warm_up: None,
            state: None,
            outputs,
        };
        Ok(Manifest {
            form: FORM,
            name: name.name().clone(),
            arguments,
            from: times.from,
            to: times.to,
            warm_up: times.warm_up,
            version: "bench".to_owned(),
            engine: ::safety::ENGINE,
            incarnation: "bench".to_owned(),
            spans: bounds(&deployment.kafka, &events, PARTITIONS, times)?,
        })
    }

    /// Replays the whole log under a new name, as `huiyin replay run` does.
    fn replay(&self, name: &str, How { outputs, threads }: How) -> Result<Run> {
        let line = self.line.clone().writing(outputs);
        let deployment = self.line.deployment();
        let names = Names::new(&deployment.topics, name.parse()?);
        let progress = Progress::default();
        let (began, used) = (Instant::now(), cpu(process::id())?);
        let settings = shadow::Settings { partitions: PARTITIONS, replication: 1 };
        let resolve = || self.manifest(&names, outputs);
        let begun = begin::<anyhow::Error>(&deployment.kafka, &names, settings, &self.publisher, resolve)?;
        let launch = Launch {
            manifest: begun.manifest(),
            line: &line,
            candidate: None,
            fallback: None,
            chosen: None,
            names: &names,
            publisher: &self.publisher,
            models: &NoModels,
            progress: &progress,
            threads,
            is_resumed: false,
            states: &|_| Ok(States::default()),
        };
        let (start, ran) = scope(|scope| {
            let first = scope.spawn(|| {
                while progress.events() == 0 && began.elapsed() < Duration::from_secs(120) {
                    sleep(Duration::from_millis(2));
                }
                began.elapsed().as_secs_f64()
            });
            let ran = launch.run(self.runtime.handle());
            (first.join().unwrap_or(f64::NAN), ran)
        });
        let (ran, took) = (ran?, began.elapsed().as_secs_f64());
        let tally = ran.tally;
        shadow::delete(&deployment.kafka, &deployment.topics, names.name())?;
        ensure!(tally.different == 0, "the replay differs: {:?}", tally.differences);
        ensure!(tally.events == self.generated.events, "{} records were folded", tally.events);
        let rate = tally.events as f64 / took;
        let cpu = (cpu(process::id())? - used).as_secs_f64() * 1e6 / tally.events as f64;
        say(&format!("{name}: {} events/s, first after {} s", short(rate), short(start)));
        Ok(Run { start, rate, cpu, tally })
    }
}

/// How many times faster than it happened.
fn times(runs: &[Run]) -> Samples {
    // A message and its answer.
    let real = f64::from(PER_SECOND) * 2.0;
    Samples::new(runs.iter().map(|run| run.rate / real))
}

fn goals(Measured { results, one, .. }: &Measured) -> Vec<Goal> {
    let rate = |runs: &[Run]| Samples::new(runs.iter().map(|run| run.rate)).median();
    let starts = Samples::new(results.iter().chain(one).map(|run| run.start));
    vec![
        Goal::at_least("events/s on one thread, results alone", rate(results), 50_000.0),
        Goal::at_least("events/s on one thread, all outputs", rate(one), 50_000.0),
        Goal::at_least("times real time, all outputs", times(one).median(), 20.0),
        Goal::at_most("s until the first record is folded", starts.median(), 10.0),
    ]
}

fn table(ten: &Generated, long: &Generated, measured: &Measured) -> Result<Table> {
    let Measured { cores, results, one, results_all, all, .. } = measured;
    let rates = |runs: &[Run]| Samples::new(runs.iter().map(|run| run.rate));
    let read = |read: &[f64]| Samples::new(read.iter().copied());
    let starts = Samples::new(results.iter().chain(one).chain(results_all).chain(all).map(|run| run.start));
    let last = one.last().context("nothing was measured")?;
    let row = |name: String, runs: &[Run], floor: &[f64]| {
        let share = short(rates(runs).median() / read(floor).median());
        let cpu = Samples::new(runs.iter().map(|run| run.cpu));
        vec![name, rates(runs).text(), share, cpu.text(), times(runs).text()]
    };
    let floor = |name: &str, floor: &[f64]| {
        vec![
            format!("reading {name} (floor)"),
            read(floor).text(),
            "1".to_owned(),
            String::new(),
            String::new(),
        ]
    };
    let rows = vec![
        row("ten questions: results, one thread".to_owned(), results, &measured.read),
        row(format!("ten questions: results, {cores} threads"), results_all, &measured.read),
        row("ten questions: all outputs, one thread".to_owned(), one, &measured.read),
        row(format!("ten questions: all outputs, {cores} threads"), all, &measured.read),
        floor("the same records", &measured.read),
        row("without an end: results, one thread".to_owned(), &measured.long, &measured.read_long),
        floor("the same records", &measured.read_long),
    ];
    Ok(Table {
        conditions: format!(
            "{} records of {PARTITIONS} partitions on the local stack, as {PER_SECOND} messages a second and their answers leave them. Ten questions: 1,000 \
             people of a partition talk at a time, and each asks ten questions before others come; a request has {} bytes on average. Without an end: the same \
             people talk through the whole log, and a request has {}. Production's own bundle holds, models are \
             recorded: every record is read beside its decision, folded and compared, {} decisions, all equal to the byte, and {} turns with both sides go to the results. \
             With all outputs (`--outputs all`, the default) what the line would write goes to topics of the replay as well. The floor reads `events`, `decisions` and `requests` on one thread and does nothing \
             with them. The time is from the launch to the last acknowledgement, CPU that of the whole process, the client's threads included. The start, from the launch to \
             the first records that are folded, takes {} s.",
            ten.events,
            ten.request,
            long.request,
            last.tally.decisions,
            last.tally.joined.turns,
            starts.text(),
        ),
        columns: [
            "people talk",
            "events/s",
            "/ floor",
            "CPU µs per event",
            "times real time at 100 messages/s",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
        goals: goals(measured),
    })
}
