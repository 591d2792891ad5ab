//! The fold driver on a real broker.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use pipeline::Stop;
use pipeline::fold::testing::Counter;
use pipeline::fold::{FoldConfig, FoldDriver, FoldLimits, Handle, refold};
use pipeline::kafka::testing::{Fault, Topics, committed, config, plan_fault, produce, unique};
use pipeline::kafka::{Instance, read_all, stamp};
use pipeline::{
    ATTEMPTS_HEADER, OFFSET_HEADER, Outgoing, PARTITION_HEADER, REASON_HEADER, Record, StartPolicy,
};

const INCARNATION: &str = "inc-1";
const PATIENCE: Duration = Duration::from_secs(60);

struct World {
    input: String,
    output: String,
    states: String,
    dead: String,
    deployment: String,
    _topics: Topics,
}

impl World {
    fn new(name: &str, partitions: i32) -> Self {
        let name = unique(name);
        let [input, output, states, dead] =
            ["in", "out", "states", "dead"].map(|part| format!("{name}-{part}"));
        let topics =
            Topics::create(partitions, &[(&input, false), (&output, false), (&states, true), (&dead, false)]);
        stamp(&config(), &states, partitions, INCARNATION).unwrap();
        Self { input, output, states, dead, deployment: name, _topics: topics }
    }

    fn config(&self, ordinal: u32) -> FoldConfig {
        FoldConfig {
            kafka: config(),
            instance: Instance::new(&self.deployment, "count", ordinal).unwrap(),
            input: self.input.as_str().into(),
            states: self.states.as_str().into(),
            dead_letters: self.dead.as_str().into(),
            start: StartPolicy::Earliest,
            limits: FoldLimits::default(),
        }
    }

    fn counter(&self) -> Counter {
        Counter { input: self.input.as_str().into(), output: self.output.as_str().into(), noisy: false }
    }

    fn start(&self, ordinal: u32) -> Handle {
        FoldDriver::spawn(self.config(ordinal), self.counter(), INCARNATION).unwrap()
    }

    fn send(&self, partition: i32, records: &[(&str, &str)]) {
        let record = |(key, value): &(&str, &str)| Outgoing {
            topic: self.input.as_str().into(),
            partition,
            key: (!key.is_empty()).then(|| key.as_bytes().to_vec()),
            headers: Vec::new(),
            value: Some(value.as_bytes().to_vec()),
        };
        produce(&records.iter().map(record).collect::<Vec<_>>());
    }

    fn outputs(&self) -> Vec<String> {
        committed(&self.output).into_iter().map(|record| text(&record)).collect()
    }

    fn await_outputs(&self, count: usize) -> Vec<String> {
        await_that(&format!("{count} outputs"), || {
            let outputs = self.outputs();
            (outputs.len() >= count).then_some(outputs)
        })
    }
}

fn text(record: &Record) -> String {
    String::from_utf8(record.value.clone().unwrap()).unwrap()
}

fn await_that<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(found) = check() {
            return found;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("no {what} in time");
}

fn await_owned(handle: &Handle, count: usize) {
    await_that("ownership", || {
        let health = handle.health();
        assert!(health.alive, "the driver ended");
        (health.owned.len() == count).then_some(())
    });
}

fn await_refused(handle: &Handle, refused: &[(i32, &str)]) {
    await_that("refusal", || {
        let health = handle.health().refused;
        let found: Vec<_> = health.iter().map(|(partition, reason)| (partition.index, *reason)).collect();
        (found == refused).then_some(())
    });
}

fn end(handle: Handle, mode: Stop) {
    assert_eq!(handle.stop(mode, Duration::ZERO).failure, None);
}

fn adds(from: usize, count: usize) -> Vec<(String, &'static str)> {
    (from..from + count).map(|n| (format!("k{}", n % 10), "add")).collect()
}

fn borrowed<'a>(records: &'a [(String, &'a str)]) -> Vec<(&'a str, &'a str)> {
    records.iter().map(|(key, value)| (key.as_str(), *value)).collect()
}

/// The highest count of each key, and that no count is there twice.
fn counted_once(outputs: &[String], each: usize) {
    let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for output in outputs {
        let (key, count) = output.trim_end_matches('/').split_once('=').unwrap();
        seen.entry(key.to_owned()).or_default().push(count.parse().unwrap());
    }
    for (key, counts) in seen {
        assert_eq!(counts, (1..=each).collect::<Vec<_>>(), "{key}");
    }
}

#[test]
fn every_record_counts_once_through_restarts_aborts_and_unknown_outcomes() {
    let world = World::new("once", 2);
    let id = world.config(0).instance.transactional_id();
    let first = world.start(0);
    await_owned(&first, 2);
    for (round, fault) in
        [None, Some(Fault::Abort), Some(Fault::LoseBefore), Some(Fault::LoseAfter)].iter().enumerate()
    {
        if let Some(fault) = fault {
            plan_fault(&id, *fault);
        }
        world.send(0, &borrowed(&adds(0, 100)));
        counted_once(&world.await_outputs((round + 1) * 100), (round + 1) * 10);
    }
    end(first, Stop::Restart);
    world.send(0, &borrowed(&adds(0, 100)));
    let second = world.start(0);
    counted_once(&world.await_outputs(500), 50);
    end(second, Stop::Leave);
    counted_once(&world.outputs(), 50);
}

#[test]
fn states_and_controls_are_restored_after_a_restart_and_tombstones_forget() {
    let world = World::new("restore", 1);
    world.send(0, &[("", "control c1"), ("a", "add"), ("b", "add"), ("b", "forget"), ("a", "add")]);
    let first = world.start(0);
    assert_eq!(world.await_outputs(3), ["a=1/c1", "b=1/c1", "a=2/c1"]);
    end(first, Stop::Restart);
    let states = read_all(&config(), &world.states, 0, PATIENCE).unwrap();
    let keys: Vec<_> = states.keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
    assert_eq!(keys, ["@control", "@incarnation", "a"]);
    world.send(0, &[("a", "add"), ("b", "add")]);
    let second = world.start(0);
    assert_eq!(world.await_outputs(5)[3..], ["a=3/c1", "b=1/c1"]);
    end(second, Stop::Leave);
}

#[test]
fn a_fenced_twin_ends_and_nobody_reads_an_aborted_record() {
    let world = World::new("twin", 1);
    let first = world.start(0);
    await_owned(&first, 1);
    world.send(0, &borrowed(&adds(0, 20)));
    world.await_outputs(20);
    let second = world.start(0);
    let mut sent = 20;
    let has_ended = |handle: &Handle| handle.health().failure.is_some();
    await_that("end of one twin", || {
        world.send(0, &borrowed(&adds(0, 10)));
        sent += 10;
        (has_ended(&first) || has_ended(&second)).then_some(())
    });
    counted_once(&world.await_outputs(sent), sent / 10);
    let (survivor, ended) = if has_ended(&first) { (second, first) } else { (first, second) };
    let failure = ended.join().failure.unwrap();
    assert!(failure.contains("is used by another process"), "{failure}");
    end(survivor, Stop::Leave);
}

#[test]
fn two_instances_share_the_partitions_and_scaling_in_hands_them_back_without_loss() {
    let world = World::new("rebalance", 4);
    let first = world.start(0);
    await_owned(&first, 4);
    let send_all = || {
        for partition in 0..4 {
            let records: Vec<(String, &str)> = (0..25).map(|_| (format!("p{partition}"), "add")).collect();
            world.send(partition, &borrowed(&records));
        }
    };
    send_all();
    let second = world.start(1);
    send_all();
    await_owned(&second, 2);
    await_owned(&first, 2);
    send_all();
    end(second, Stop::Leave);
    send_all();
    await_owned(&first, 4);
    counted_once(&world.await_outputs(400), 100);
    end(first, Stop::Leave);
}

#[test]
fn timers_fire_through_clock_records_that_the_driver_appends_once() {
    let world = World::new("timers", 1);
    let driver = world.start(0);
    await_owned(&driver, 1);
    world.send(0, &[("a", "timer 300"), ("b", "timer 200"), ("c", "timer 60000")]);
    let fired = world.await_outputs(2);
    assert!(fired[0].starts_with("fired b ") && fired[1].starts_with("fired a "), "{fired:?}");
    let clocks = || committed(&world.input).iter().filter(|record| text(record) == "clock").count();
    assert!((1..=2).contains(&clocks()), "{}", clocks());
    let before = clocks();
    for number in 1..=10 {
        world.send(0, &[("d", "add")]);
        world.await_outputs(2 + number);
    }
    assert_eq!(clocks(), before, "no clock without a due timer");
    end(driver, Stop::Leave);
}

#[test]
fn a_record_that_ends_the_process_three_times_becomes_a_dead_letter_and_the_rest_is_folded() {
    let world = World::new("poison", 2);
    world.send(1, &[("a", "add"), ("b", "panic"), ("a", "add")]);
    for _ in 0..3 {
        assert_eq!(world.start(0).join().failure.as_deref(), Some("its thread panicked"));
    }
    let survivor = world.start(0);
    assert_eq!(world.await_outputs(2), ["a=1/", "a=2/"]);
    let dead = committed(&world.dead).remove(0);
    assert_eq!(dead.value.as_deref(), Some(b"panic".as_slice()));
    let header = |name| String::from_utf8_lossy(dead.header(name).unwrap()).into_owned();
    assert_eq!(
        [PARTITION_HEADER, OFFSET_HEADER, REASON_HEADER, ATTEMPTS_HEADER].map(header),
        ["1", "1", "crashed", "3"]
    );
    // Records are still taken one by one, each announced by a commit: no abort of those loses one.
    let id = world.config(0).instance.transactional_id();
    for fault in [Fault::Abort, Fault::LoseBefore, Fault::Abort, Fault::Abort] {
        plan_fault(&id, fault);
        world.send(1, &[("a", "add"), ("a", "add")]);
    }
    counted_once(&world.await_outputs(10), 10);
    end(survivor, Stop::Leave);
}

#[test]
fn another_incarnation_and_an_unknown_version_refuse_the_partition_and_the_driver_serves_on() {
    let world = World::new("refuse", 2);
    world.send(0, &[("a", "add"), ("a", "future"), ("a", "add")]);
    world.send(1, &[("b", "add")]);
    let first = world.start(0);
    assert_eq!(world.await_outputs(2).len(), 2);
    await_refused(&first, &[(0, "future_version")]);
    world.send(1, &[("b", "add")]);
    assert_eq!(world.await_outputs(3).last().map(String::as_str), Some("b=2/"));
    end(first, Stop::Restart);

    world.send(1, &[("b", "add")]);
    let stranger = FoldDriver::spawn(world.config(0), world.counter(), "inc-2").unwrap();
    await_refused(&stranger, &[(0, "incarnation"), (1, "incarnation")]);
    end(stranger, Stop::Leave);
    assert_eq!(world.outputs().len(), 3);
}

#[test]
fn a_dead_letter_that_cannot_be_written_ends_the_driver() {
    let world = World::new("undead", 1);
    world.send(0, &[("a", "nonsense")]);
    let config = FoldConfig { dead_letters: "t-no-such-topic".into(), ..world.config(0) };
    let handle = FoldDriver::spawn(config, world.counter(), INCARNATION).unwrap();
    let failure = handle.join().failure.unwrap();
    assert!(failure.starts_with("write dead letter: "), "{failure}");
}

#[test]
fn folding_the_log_again_gives_the_same_bytes_and_a_fold_that_breaks_its_contract_does_not() {
    let world = World::new("refold", 1);
    let driver = world.start(0);
    await_owned(&driver, 1);
    world.send(0, &[("", "control c1"), ("a", "timer 100"), ("b", "add"), ("x", "nonsense"), ("a", "add")]);
    world.await_outputs(3);
    world.send(0, &[("", "control c2"), ("a", "add"), ("b", "forget"), ("b", "add")]);
    world.await_outputs(5);
    end(driver, Stop::Leave);
    let log = committed(&world.input);
    let live: Vec<_> = committed(&world.output).into_iter().chain(committed(&world.dead)).collect();
    let again = |noisy| {
        let mut outputs = refold(Counter { noisy, ..world.counter() }, &world.config(0), 0, &log).unwrap();
        outputs.sort_by_key(|output| output.topic.as_ref() == world.dead);
        outputs
    };
    let bytes = |outputs: &[Outgoing]| {
        outputs.iter().map(|o| (o.key.clone(), o.headers.clone(), o.value.clone())).collect::<Vec<_>>()
    };
    let live: Vec<_> = live.into_iter().map(|r| (r.key, r.headers.to_vec(), r.value)).collect();
    assert_eq!(live.len(), 6);
    assert_eq!(bytes(&again(false)), live);
    assert_ne!(bytes(&again(true)), live);
}
