use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use super::*;
use crate::call::Name;
use crate::call::handler::{Admission, Decoded, Done, Job, Share};
use crate::call::limits::{Limits, RawLimits};
use crate::kafka::{Instance, Partition};
use crate::mutation::Mutation;
use crate::simulation::{Faults, Random, Trial, Violation, World, feeder, offline};
use crate::{Outgoing, Record, Refused, StartPolicy};

const PARTITIONS: i32 = 3;

/// Work whose records say how it goes: lane, app, milliseconds, what else happens, the record's name. One that cancels says
/// `cancel` and what.
struct Sample {
    now: Arc<AtomicI64>,
}

impl Sample {
    /// Until that time.
    async fn time(&self, until: i64) {
        std::future::poll_fn(|_| {
            if self.now.load(Ordering::Relaxed) >= until { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

fn words(record: &Record) -> Vec<String> {
    let text = String::from_utf8(record.value.clone().unwrap()).unwrap();
    text.split(' ').map(str::to_owned).collect()
}

fn outcome(record: &Record, how: &str) -> Done {
    let value = format!("{how} {}", words(record)[0]).into_bytes();
    let offset = ("offset".into(), record.offset.to_be_bytes().to_vec());
    let headers = vec![offset, ("name".into(), name(record))];
    let partition = record.partition;
    Done {
        outputs: vec![Outgoing { topic: "out".into(), partition, key: None, headers, value: Some(value) }],
    }
}

fn name(record: &Record) -> Vec<u8> {
    words(record)[4].clone().into_bytes()
}

fn cancels(record: &Record) -> Option<Vec<u8>> {
    (words(record)[0] == "cancel").then(|| words(record)[1].clone().into_bytes())
}

impl Handler for Sample {
    fn cancels(&self, record: &Record) -> Result<Option<Name>, Refused> {
        Ok(cancels(record).map(Name::from))
    }

    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        let words = words(record);
        if words[3] == "bad" {
            return Err(Refused::DeadLetter { reason: "bad" });
        }
        Ok(Admission {
            lane: words[0].as_bytes().into(),
            shares: vec![Share { kind: "app", name: words[1].as_str().into() }],
            hard_deadline: Duration::from_millis(400),
            commit_start: words[3] == "announced",
            name: Some(name(record).into()),
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        let words = words(&job.record);
        let (now, millis) = (self.now.load(Ordering::Relaxed), words[2].parse::<i64>().unwrap());
        let until = now + millis;
        let stuck = words[3] == "stuck";
        let over = async {
            if words[3] == "waits" {
                self.time(now + millis / 3).await;
                let _left = job.place.leave();
                self.time(now + millis / 3 * 2).await;
            }
            self.time(until).await;
            if stuck {
                std::future::pending::<()>().await;
            }
        };
        // Some do not listen, and are cut.
        let deaf = until % 5 == 0;
        tokio::select! {
            // Otherwise chance would choose that is none of the seed's.
            biased;
            () = over => {}
            () = job.cancellation.happened(), if !deaf => return outcome(&job.record, "cancelled"),
        }
        assert!(words[3] != "panic", "the call was asked to panic");
        let mut done = outcome(&job.record, "done");
        if words[3] == "big" {
            done.outputs[0].value = Some(vec![0; 2_000]);
        }
        done
    }

    fn overdue(&self, record: &Record, _rerun: bool) -> Done {
        outcome(record, "overdue")
    }

    fn crowded(&self, record: &Record, _rerun: bool) -> Done {
        outcome(record, "crowded")
    }

    fn cancelled(&self, record: &Record, _rerun: bool) -> Done {
        outcome(record, "cancelled")
    }

    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        outcome(record, "oversize")
    }

    fn dead(&self, record: &Record, _reason: &'static str, _rerun: bool) -> Done {
        outcome(record, "dead")
    }

    fn ownership(&self, _owned: &[i32], _all: usize) {}
}

fn raw() -> RawLimits {
    RawLimits {
        running: 8,
        records: 60,
        partition_records: 30,
        partition_bytes: 3_000,
        bytes: 6_000,
        lane_records: 5,
        plan_outcomes: 6,
        plan_bytes: 2_000,
        output_bytes: 1_000,
        quarantine_records: 3,
        quarantine_patience: Duration::from_secs(1),
        cover: Duration::from_millis(50),
        ..RawLimits::default()
    }
}

fn config(ordinal: u32) -> CallConfig {
    CallConfig {
        kafka: offline(),
        instance: Instance::new("sim", "call", ordinal).unwrap(),
        topic: "in".into(),
        dead_letters: "dead".into(),
        start: StartPolicy::Earliest,
        limits: Limits::new("call", raw()).unwrap(),
    }
}

/// What was asked, by partition.
type Asked = Rc<RefCell<Vec<i32>>>;

/// The next record; some cancel one of the last ones.
fn input(sim: &Sim, asked: &Asked) -> Outgoing {
    let random = &mut *sim.random();
    let mut asked = asked.borrow_mut();
    let earlier = asked.len().checked_sub(1 + usize::try_from(random.below(6)).unwrap());
    let (value, partition) = match earlier.filter(|_| random.one_in(6)) {
        Some(earlier) => (format!("cancel {earlier}"), asked[earlier]),
        None => {
            let partition = i32::try_from(random.below(3)).unwrap();
            asked.push(partition);
            (work(random, asked.len() - 1), partition)
        }
    };
    Outgoing {
        topic: "in".into(),
        partition,
        key: None,
        headers: Vec::new(),
        value: Some(value.into_bytes()),
    }
}

fn work(random: &mut Random, name: usize) -> String {
    let lane = if random.one_in(3) { 0 } else { random.below(9) };
    let app = if lane < 4 { "a" } else { "b" };
    let how = match random.below(40) {
        0 => "bad",
        1 => "panic",
        2 => "big",
        3 => "stuck",
        4 => "deadly",
        5..12 => "announced",
        12..20 => "waits",
        _ => "well",
    };
    format!("{lane} {app} {} {how} {name}", random.below(120))
}

fn outcomes() -> Outcomes {
    Outcomes {
        input: "in".into(),
        output: "out".into(),
        input_id: name,
        output_id: |record| record.header("name").map(<[u8]>::to_vec),
        cancels,
        deadly: |record| words(record).get(3).is_some_and(|how| how == "deadly"),
    }
}

fn play(sim: &Sim) -> Result<(), Violation> {
    play_with(sim, Faults::All)
}

/// Nothing goes wrong but what calls do.
fn play_deadly(sim: &Sim) -> Result<(), Violation> {
    play_with(sim, Faults::None)?;
    let partitions = sim.broker().partitions("out");
    for partition in partitions {
        let asked = Partition { topic: "in".into(), index: partition.index };
        let asked = sim.broker().decided(&asked);
        for record in sim.broker().decided(&partition) {
            let offset = i64::from_be_bytes(record.header("offset").unwrap().try_into().unwrap());
            let how = words(asked.iter().find(|asked| asked.offset == offset).unwrap())[3].clone();
            let ended = words(&record)[0].clone();
            let guilty = matches!(how.as_str(), "bad" | "panic" | "deadly");
            if (ended == "dead" && !guilty) || (ended == "done" && guilty) {
                return Err(Violation { kind: "blamed", detail: format!("{how} at {offset} is {ended}") });
            }
        }
    }
    Ok(())
}

fn play_with(sim: &Sim, faults: Faults) -> Result<(), Violation> {
    let low = sim.random().millis(4);
    for topic in ["in", "out", "dead"] {
        sim.broker().create(topic, PARTITIONS, low);
    }
    let checker = Checker::new(&mut sim.broker(), "sim.call", outcomes(), raw());
    let now = Arc::new(AtomicI64::new(0));
    let mut world = World::new(sim);
    let records = 40 + sim.random().below(60);
    let asked = Asked::default();
    world.run_always("feeder", feeder(records, move |sim| input(sim, &asked)));
    let instances = 2 + u32::try_from(sim.random().below(2)).unwrap();
    for ordinal in 0..instances {
        let (handler, checker) = (Arc::new(Sample { now: Arc::clone(&now) }), Rc::clone(&checker));
        world.run_always(&format!("call.{ordinal}"), move |sim| {
            process(sim, config(ordinal), Arc::clone(&handler), &checker)
        });
    }
    world.each_step(move |sim| now.store(sim.now(), Ordering::Relaxed));
    world.play(6_000, faults)?;
    world.settle(120_000, |sim| checker.unread(sim, "sim.call"))?;
    checker.check(sim)?;
    only_what_was_cancelled(sim)?;
    in_order(sim)
}

/// Names of what was cancelled, in time or not.
fn all_cancelled(sim: &Sim) -> BTreeSet<Vec<u8>> {
    sim.broker().decided_of("in").iter().filter_map(|record| cancels(record)).collect()
}

/// What ended as cancelled had been.
fn only_what_was_cancelled(sim: &Sim) -> Result<(), Violation> {
    let cancelled = all_cancelled(sim);
    let ended = sim.broker().decided_of("out");
    for record in ended {
        let name = record.header("name").unwrap().to_vec();
        if words(&record)[0] == "cancelled" && !cancelled.contains(&name) {
            return Err(Violation { kind: "cancel", detail: format!("nobody cancelled {name:?}") });
        }
    }
    Ok(())
}

/// Calls of one lane that ran to an end have their outcomes in their order. One that was cancelled before it ran may run after
/// later ones, where that end was lost with its process.
fn in_order(sim: &Sim) -> Result<(), Violation> {
    let cancelled = all_cancelled(sim);
    let partitions = sim.broker().partitions("out");
    for partition in partitions {
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        let records = sim.broker().decided(&partition);
        for record in records {
            let text = String::from_utf8(record.value.clone().unwrap()).unwrap();
            let Some(lane) = text.strip_prefix("done ") else { continue };
            if cancelled.contains(record.header("name").unwrap()) {
                continue;
            }
            let offset = i64::from_be_bytes(record.header("offset").unwrap().try_into().unwrap());
            let before = last.insert(lane.to_owned(), offset);
            if before.is_some_and(|before| before > offset) {
                let detail = format!("{partition:?} lane {lane}: {offset} comes after {before:?}");
                return Err(Violation { kind: "order", detail });
            }
        }
    }
    Ok(())
}

const TRIAL: Trial = Trial {
    test: (
        "pipeline --lib",
        "call::shell::simulation::tests::every_record_has_one_outcome_in_the_order_of_its_lane",
    ),
    seeds: 400,
    play,
};

#[test]
fn every_record_has_one_outcome_in_the_order_of_its_lane() {
    TRIAL.run();
}

const DEADLY: Trial = Trial {
    test: (
        "pipeline --lib",
        "call::shell::simulation::tests::whoever_ends_the_process_is_found_and_nobody_else_is_blamed",
    ),
    seeds: 200,
    play: play_deadly,
};

#[test]
fn whoever_ends_the_process_is_found_and_nobody_else_is_blamed() {
    DEADLY.run();
}

#[test]
fn a_broken_call_driver_is_noticed() {
    for (mutation, kinds) in [
        (
            Mutation::SkipEpoch,
            ["duplicate", "map", "lost", "overlap", "panic", "frontier", "refused"].as_slice(),
        ),
        (Mutation::DropMap, &["repeated", "duplicate"]),
        (Mutation::NoPlusOne, &["map", "repeated", "duplicate", "stalled"]),
        (Mutation::EarlyCancel, &["cancel"]),
        (Mutation::RefreshMembership, &["map", "lost", "frontier", "duplicate"]),
    ] {
        TRIAL.notices(mutation, kinds, 2_000);
    }
}
