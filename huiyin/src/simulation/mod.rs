//! The whole line on the model broker: messages in, answers and rows out, with several instances of each role.
//!
//! Real are decide's fold with its adapter, the cores of the call and the batch driver, and account's row builder. The
//! model, Easemob and the tables are models; ingest is a process that writes what it would.

mod customers;
mod easemob;
mod proof;
mod provider;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use account::AccountSink;
use conversation::{Bundles, Conversations, Deployment};
use pipeline::batch::{self, BatchConfig};
use pipeline::call::simulation::{Checker, Outcomes};
use pipeline::call::{self as calls, CallConfig};
use pipeline::fold::{FoldConfig, FoldLimits, simulation as folds};
use pipeline::kafka::Instance;
use pipeline::mutation::Mutation;
use pipeline::simulation::{Faults, Sim, Trial, Violation, World, feeder, offline, stamp};
use pipeline::{Outgoing, Record, StartPolicy};
use schemas::cancel::Cancel;
use schemas::event::{ConfigSwitch, Event};
use schemas::ids::EventId;
use schemas::topic::{Topic, TopicNames};
use schemas::wire;

const PARTITIONS: i32 = 2;

/// The bundle, and what is made of it.
#[derive(Clone)]
struct Line {
    bundles: Arc<Bundles>,
    rules: Arc<call::Rules>,
    deployment: Deployment,
    now: Arc<AtomicI64>,
}

fn topic(topic: Topic) -> Arc<str> {
    TopicNames::new("").of(topic).into()
}

impl Line {
    fn new(sim: &Sim) -> Self {
        let raw: catalogue::RawCatalogue = toml::from_str(include_str!("bundle.toml")).unwrap();
        let bundle = catalogue::validate(&raw).unwrap();
        let hash = bundle.hash().unwrap();
        for name in Topic::ALL {
            sim.broker().create(&topic(name), PARTITIONS, 0);
        }
        stamp(sim, &topic(Topic::States));
        let switch = Event::Config(ConfigSwitch { bundle: hash.clone(), at: sim.now() });
        for partition in 0..PARTITIONS {
            let outgoing = encoded(&switch, "admin", partition);
            sim.broker().publish(&outgoing);
        }
        let bundles = Arc::new(Bundles::of([(hash.clone(), bundle)]));
        let ready = bundles.get(&hash).unwrap();
        let (bundle, engines) = (Arc::clone(&ready.bundle), Arc::clone(&ready.engines));
        let rules = Arc::new(call::Rules { bundle, engines });
        let deployment = Deployment {
            name: "sim".to_owned(),
            kafka: offline(),
            topics: TopicNames::new(""),
            partitions: PARTITIONS,
        };
        Self { bundles, rules, deployment, now: Arc::new(AtomicI64::new(sim.now())) }
    }

    fn fold(&self) -> Conversations {
        Conversations::new(&self.deployment, Arc::clone(&self.bundles))
    }
}

/// A record as `step` writes it.
fn encoded<R: wire::Record>(record: &R, step: &str, partition: i32) -> Outgoing {
    let encoded = wire::encode(record, &format!("/huiyin/sim/{step}")).unwrap();
    let (key, headers, value) = (encoded.key, encoded.headers, Some(encoded.value));
    Outgoing { topic: topic(encoded.topic), partition, key, headers, value }
}

fn decoded<R: wire::Record>(record: &Record) -> R {
    wire::decode(|name| record.header(name), record.value.as_deref()).unwrap()
}

fn instance(role: &str, ordinal: u32) -> Instance {
    Instance::new("sim", role, ordinal).unwrap()
}

fn fold_config(ordinal: u32) -> FoldConfig {
    FoldConfig {
        kafka: offline(),
        instance: instance("decide", ordinal),
        input: topic(Topic::Events),
        states: topic(Topic::States),
        dead_letters: topic(Topic::DeadLetters),
        start: StartPolicy::Earliest,
        limits: FoldLimits { records: 8, ..FoldLimits::default() },
    }
}

fn limits() -> calls::RawLimits {
    calls::RawLimits {
        running: 12,
        share_percent: 100,
        partition_records: 40,
        records: 80,
        cover: Duration::from_millis(50),
        quarantine_patience: Duration::from_millis(200),
        ..calls::RawLimits::default()
    }
}

fn call_config(role: &str, input: Topic, ordinal: u32) -> CallConfig {
    CallConfig {
        kafka: offline(),
        instance: instance(role, ordinal),
        topic: topic(input),
        dead_letters: topic(Topic::DeadLetters),
        start: StartPolicy::Earliest,
        limits: calls::Limits::new(role, limits()).unwrap(),
    }
}

/// The one record that a step derives from another has an id that is derived from the other's.
fn outcomes(input: Topic, output: Topic) -> Outcomes {
    Outcomes {
        input: topic(input),
        output: topic(output),
        input_id: |record| {
            let id = String::from_utf8_lossy(record.header(wire::ID).unwrap_or_default()).into_owned();
            EventId::derive(&id, 0).to_string().into_bytes()
        },
        output_id: |record| {
            let is_outcome = record
                .header(wire::KIND)
                .is_some_and(|kind| [b"answered".as_slice(), b"delivery", b"retraction"].contains(&kind));
            record.header(wire::ID).filter(|_| is_outcome).map(<[u8]>::to_vec)
        },
        cancels: |record| {
            let is_cancel = record.header(wire::KIND) == Some(Cancel::KIND.as_bytes());
            let request = || decoded::<Cancel>(record).request.to_string();
            is_cancel.then(|| EventId::derive(&request(), 0).to_string().into_bytes())
        },
        deadly: |_| false,
    }
}

fn batch_config(sink: &AccountSink, ordinal: u32) -> BatchConfig {
    let raw = batch::RawLimits {
        block_rows: 20,
        range_age_min: Duration::from_millis(20),
        range_age_max: Duration::from_millis(200),
        retry_max: Duration::from_millis(40),
        ..batch::RawLimits::default()
    };
    BatchConfig {
        kafka: offline(),
        instance: instance("account", ordinal),
        topics: sink.topics(),
        dead_letters: topic(Topic::DeadLetters),
        start: StartPolicy::Earliest,
        limits: batch::Limits::new("account.batch", &raw).unwrap(),
    }
}

fn sink() -> AccountSink {
    let raw =
        toml::from_str("url = \"http://127.0.0.1:1\"\npseudonym_key = \"0123456789abcdef0123456789abcdef\"");
    AccountSink::new(&account::validate(&raw.unwrap()).unwrap(), &TopicNames::new("")).unwrap()
}

/// What the roles do is seen and kept here.
struct Seen {
    answered: Rc<Checker>,
    delivered: Rc<Checker>,
    rows: Rc<batch::simulation::Shelf<account::Row>>,
    sends: easemob::Sends,
}

impl Seen {
    fn new(sim: &Sim) -> Self {
        let broker = &mut *sim.broker();
        let answered = outcomes(Topic::Requests, Topic::Events);
        let delivered = outcomes(Topic::Answers, Topic::Deliveries);
        Self {
            answered: Checker::new(broker, "sim.call", answered, limits()),
            delivered: Checker::new(broker, "sim.deliver", delivered, limits()),
            rows: Rc::new(batch::simulation::Shelf::new(|_| false)),
            sends: easemob::Sends::default(),
        }
    }

    fn open(&self, sim: &Sim, topics: &[String]) -> Option<String> {
        folds::unread(sim, &fold_config(0))
            .or_else(|| self.answered.unread(sim, "sim.call"))
            .or_else(|| self.delivered.unread(sim, "sim.deliver"))
            .or_else(|| proof::pending(sim))
            .or_else(|| batch::simulation::unread(sim, "sim.account", topics))
    }

    fn check(&self, sim: &Sim, line: &Line) -> Result<(), Violation> {
        proof::one_answer_per_turn(sim)?;
        folds::check(sim, || line.fold(), &fold_config(0))?;
        self.answered.check(sim)?;
        self.delivered.check(sim)?;
        self.sends.check(sim)?;
        proof::in_order(sim)?;
        proof::recalled(sim)?;
        let sink = sink();
        self.rows.check(
            sim,
            &sink,
            &batch::simulation::Reader {
                topics: &sink.topics(),
                dead_letters: &topic(Topic::DeadLetters),
                step: "account",
            },
        )
    }
}

/// One instance of each role behind ingest.
fn run_roles(world: &mut World, sim: &Sim, (line, seen): (&Line, &Seen), ordinal: u32) {
    let of = line.clone();
    world.run_always(&format!("decide.{ordinal}"), move |sim| {
        folds::process(sim, fold_config(ordinal), of.fold())
    });
    let handler = Arc::new(provider::Provider::new(sim, &line.now, &line.rules));
    let witness = Rc::clone(&seen.answered);
    world.run_always(&format!("call.{ordinal}"), move |sim| {
        let config = call_config("call", Topic::Requests, ordinal);
        calls::simulation::process(sim, config, Arc::clone(&handler), &witness)
    });
    let handler = Arc::new(easemob::Easemob::new(sim, &line.now, &seen.sends));
    let witness = Rc::clone(&seen.delivered);
    world.run_always(&format!("deliver.{ordinal}"), move |sim| {
        let config = call_config("deliver", Topic::Answers, ordinal);
        calls::simulation::process(sim, config, Arc::clone(&handler), &witness)
    });
    let rows = Rc::clone(&seen.rows);
    world.run_always(&format!("account.{ordinal}"), move |sim| {
        let sink = sink();
        batch::simulation::process(sim, batch_config(&sink, ordinal), Arc::new(sink), &rows)
    });
}

fn play(sim: &Sim) -> Result<(), Violation> {
    let line = Line::new(sim);
    let mut world = World::new(sim);
    let people = Rc::new(RefCell::new(customers::Customers::default()));
    let messages = 40 + sim.random().below(40);
    world.run_always("feeder", feeder(messages, move |sim| people.borrow_mut().next(sim)));
    let of = line.clone();
    folds::watch_clocks(&mut sim.broker(), move || of.fold(), &fold_config(0));
    let seen = Seen::new(sim);
    for ordinal in 0..2 {
        run_roles(&mut world, sim, (&line, &seen), ordinal);
    }
    let now = Arc::clone(&line.now);
    world.each_step(move |sim| now.store(sim.now(), Ordering::Relaxed));
    world.play(14_000, Faults::All)?;
    let topics = sink().topics();
    world.settle(400_000, |sim| seen.open(sim, &topics))?;
    seen.check(sim, &line)
}

const TRIAL: Trial = Trial {
    test: ("huiyin --bins", "simulation::every_message_is_answered_once_and_accounted_whatever_happens"),
    seeds: 60,
    play,
};

#[test]
fn every_message_is_answered_once_and_accounted_whatever_happens() {
    TRIAL.run();
}

#[test]
fn a_broken_line_is_noticed() {
    for (mutation, kinds) in [
        (Mutation::TwoWriters, ["answers"].as_slice()),
        (Mutation::DropMap, &["repeated", "duplicate"]),
        (Mutation::NoRollBack, &["refold", "states", "answers"]),
        (Mutation::VersionInToken, &["token"]),
    ] {
        TRIAL.notices(mutation, kinds, 200);
    }
}
