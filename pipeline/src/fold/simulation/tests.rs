use std::sync::Arc;

use super::*;
use crate::StartPolicy;
use crate::fold::FoldLimits;
use crate::fold::testing::Counter;
use crate::kafka::Instance;
use crate::simulation::{Faults, Trial, Violation, World, feeder, offline, stamp};

const PARTITIONS: i32 = 3;

fn counter() -> Counter {
    Counter { input: "in".into(), output: "out".into(), noisy: false }
}

fn config(ordinal: u32) -> FoldConfig {
    FoldConfig {
        kafka: offline(),
        instance: Instance::new("sim", "count", ordinal).unwrap(),
        input: "in".into(),
        states: "states".into(),
        dead_letters: "dead".into(),
        start: StartPolicy::Earliest,
        limits: FoldLimits { records: 5, output_bytes: 400, ..FoldLimits::default() },
    }
}

fn input(sim: &Sim) -> Outgoing {
    let random = &mut *sim.random();
    let value = match random.below(40) {
        0 => "bad".to_owned(),
        1 => "refuse".to_owned(),
        2 => "panic".to_owned(),
        3 => "big 1000".to_owned(),
        4 | 5 => "forget".to_owned(),
        6..13 => format!("timer {}", random.below(300)),
        13..15 => format!("control {}", random.below(9)),
        _ => "add".to_owned(),
    };
    let key = (!value.starts_with("control")).then(|| vec![b'a' + u8::try_from(random.below(5)).unwrap()]);
    let partition = i32::try_from(random.below(3)).unwrap();
    Outgoing { topic: Arc::from("in"), partition, key, headers: Vec::new(), value: Some(value.into_bytes()) }
}

fn play(sim: &Sim) -> Result<(), Violation> {
    let low = sim.random().millis(4);
    for topic in ["in", "out", "dead"] {
        sim.broker().create(topic, PARTITIONS, low);
    }
    sim.broker().create("states", PARTITIONS, 0);
    stamp(sim, "states");
    watch_clocks(&mut sim.broker(), counter, &config(0));
    let mut world = World::new(sim);
    let records = 40 + sim.random().below(60);
    world.run_always("feeder", feeder(records, input));
    let instances = 2 + u32::try_from(sim.random().below(2)).unwrap();
    for ordinal in 0..instances {
        world.run_always(&format!("count.{ordinal}"), move |sim| process(sim, config(ordinal), counter()));
    }
    world.play(6_000, Faults::All)?;
    world.settle(60_000, |sim| unread(sim, &config(0)).or_else(|| due_timer(sim)))?;
    check(sim, counter, &config(0))
}

/// Every timer fires in the end.
fn due_timer(sim: &Sim) -> Option<String> {
    let broker = sim.broker();
    let partitions = broker.partitions("states");
    partitions.iter().find_map(|partition| {
        let (low, high) = broker.watermarks(partition);
        let entries = broker.compacted(partition, low, high);
        let due = |value: &[u8]| !value.ends_with(b" -1");
        let late = entries.iter().find(|(key, value)| !key.starts_with(b"@") && due(value));
        late.map(|(key, value)| format!("{partition:?} {key:?}: {}", String::from_utf8_lossy(value)))
    })
}

const TRIAL: Trial = Trial {
    test: ("pipeline --lib", "fold::simulation::tests::outputs_states_and_offsets_agree_whatever_happens"),
    seeds: 400,
    play,
};

#[test]
fn outputs_states_and_offsets_agree_whatever_happens() {
    TRIAL.run();
}

#[test]
fn a_broken_fold_driver_is_noticed() {
    for (mutation, kinds) in [
        (Mutation::NoPlusOne, ["refold", "states", "stalled"].as_slice()),
        (Mutation::RefreshMembership, &["refold", "states"]),
        (Mutation::RestoreToStable, &["refold", "states"]),
        (Mutation::NoRollBack, &["refold", "states"]),
        (Mutation::ClockOutside, &["clocks"]),
    ] {
        TRIAL.notices(mutation, kinds, 2_000);
    }
}
