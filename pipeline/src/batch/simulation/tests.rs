use std::time::Duration;

use super::*;
use crate::batch::limits::{Limits, RawLimits};
use crate::kafka::Instance;
use crate::mutation::Mutation;
use crate::simulation::{Faults, Trial, Violation, World, feeder, offline};
use crate::{Outgoing, Refused, StartPolicy};

const PARTITIONS: i32 = 2;

/// Two tables; which rows a record has is written in it.
struct Sample {
    version: u32,
}

/// Topic, partition, offset, ordinal, and whether the store refuses it.
type Row = (String, i32, i64, u64, bool);

impl Sink for Sample {
    type Row = Row;

    fn tables(&self) -> &[&'static str] {
        &["zero", "one"]
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn knows(&self, _version: u32) -> bool {
        true
    }

    fn rows(&self, _version: u32, record: &Record) -> Result<Vec<(usize, Row)>, Refused> {
        let text = String::from_utf8(record.value.clone().unwrap()).unwrap();
        let count = match text.as_str() {
            "bad" => return Err(Refused::DeadLetter { reason: "bad" }),
            "poison" => 1,
            count => count.parse().unwrap(),
        };
        let row = |n: u64| (record.topic.to_string(), record.partition, record.offset, n, text == "poison");
        Ok((0..count).map(|n| (usize::try_from(n % 2).unwrap(), row(n))).collect())
    }

    async fn insert(&self, _block: &Block<Row>) -> Result<(), InsertError> {
        Err(InsertError::Fatal("the model store is used".into()))
    }
}

fn topics() -> Vec<String> {
    vec!["events".into(), "decisions".into()]
}

fn config(ordinal: u32) -> BatchConfig {
    let raw = RawLimits {
        block_rows: 9,
        range_bytes: 1_500,
        range_age_min: Duration::from_millis(20),
        range_age_max: Duration::from_millis(100),
        inserts: 3,
        retry_max: Duration::from_millis(40),
        partition_bytes: 3_000,
        instance_bytes: 5_000,
        ..RawLimits::default()
    };
    BatchConfig {
        kafka: offline(),
        instance: Instance::new("sim", "account", ordinal).unwrap(),
        topics: topics(),
        dead_letters: "dead".into(),
        start: StartPolicy::Earliest,
        limits: Limits::new("batch", &raw).unwrap(),
    }
}

fn input(sim: &Sim) -> Outgoing {
    let random = &mut *sim.random();
    let value = match random.below(20) {
        0 => "bad".to_owned(),
        1 => "poison".to_owned(),
        _ => random.below(4).to_string(),
    };
    let topic = if random.one_in(2) { "events" } else { "decisions" };
    let partition = i32::try_from(random.below(2)).unwrap();
    Outgoing {
        topic: topic.into(),
        partition,
        key: None,
        headers: Vec::new(),
        value: Some(value.into_bytes()),
    }
}

fn play(sim: &Sim) -> Result<(), Violation> {
    let low = sim.random().millis(4);
    for topic in ["events", "decisions", "dead"] {
        sim.broker().create(topic, PARTITIONS, low);
    }
    let shelf = Rc::new(Shelf::new(|row: &Row| row.4));
    let mut world = World::new(sim);
    let records = 60 + sim.random().below(80);
    world.run_always("feeder", feeder(records, input));
    for ordinal in 0..2 {
        let shelf = Rc::clone(&shelf);
        world.run_always(&format!("account.{ordinal}"), move |sim| {
            let version = 1 + u32::try_from(sim.random().below(3)).unwrap();
            process(sim, config(ordinal), Arc::new(Sample { version }), &shelf)
        });
    }
    world.play(6_000, Faults::All)?;
    world.settle(120_000, |sim| unread(sim, "sim.account", &topics()))?;
    let reader = Reader { topics: &topics(), dead_letters: "dead", step: "account" };
    shelf.check(sim, &Sample { version: 1 }, &reader)
}

const TRIAL: Trial = Trial {
    test: ("pipeline --lib", "batch::simulation::tests::every_row_is_stored_once_whatever_happens"),
    seeds: 400,
    play,
};

#[test]
fn every_row_is_stored_once_whatever_happens() {
    TRIAL.run();
}

#[test]
fn a_broken_batch_driver_is_noticed() {
    for (mutation, kinds) in [
        (Mutation::NoPlusOne, ["rows", "refused"].as_slice()),
        (Mutation::SkipEpoch, &["rows"]),
        (Mutation::VersionInToken, &["token"]),
    ] {
        TRIAL.notices(mutation, kinds, 2_000);
    }
}
