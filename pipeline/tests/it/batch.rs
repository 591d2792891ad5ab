//! The batch driver on a real broker, with a store in memory that deduplicates by token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pipeline::batch::{BatchConfig, BatchDriver, Block, Handle, InsertError, Limits, RawLimits, Sink};
use pipeline::kafka::testing::{self, Fault, Topics, plan_fault, unique};
use pipeline::kafka::{Consumer, Instance, Outcome, Polled, TransactionalProducer};
use pipeline::{OFFSET_HEADER, Outgoing, REASON_HEADER, Record, Refused, StartPolicy, Stop};

/// What the store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Takes,
    Away,
    /// Stores, but the answer is lost.
    Mute,
    NoTable,
}

#[derive(Debug, Default)]
struct Tables {
    blocks: BTreeMap<(usize, String), Vec<String>>,
    repeated: usize,
    /// How often anything was to be inserted.
    asked: usize,
}

/// One store, shared by all processes of a test.
#[derive(Debug)]
struct Store {
    mood: Mutex<Mood>,
    tables: Mutex<Tables>,
}

impl Store {
    fn new(mood: Mood) -> Arc<Self> {
        Arc::new(Self { mood: Mutex::new(mood), tables: Mutex::default() })
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn insert(&self, block: &Block<String>) -> Result<(), InsertError> {
        let mood = *self.mood.lock().unwrap();
        self.tables.lock().unwrap().asked += 1;
        match mood {
            Mood::Away => return Err(InsertError::Retry("away".into())),
            Mood::NoTable => return Err(InsertError::Fatal("no such table".into())),
            Mood::Takes | Mood::Mute => {}
        }
        let mut tables = self.tables.lock().unwrap();
        let key = (block.table, block.token.clone());
        if let Some(known) = tables.blocks.get(&key) {
            assert_eq!(*known, block.rows, "token {} was used for other rows", block.token);
            tables.repeated += 1;
        } else if block.rows.iter().any(|row| row.contains("poison")) {
            return Err(InsertError::Rejected("poison".into()));
        } else {
            tables.blocks.insert(key, block.rows.clone());
        }
        if mood == Mood::Mute { Err(InsertError::Retry("answer lost".into())) } else { Ok(()) }
    }

    fn rows(&self, table: usize) -> Vec<String> {
        let tables = self.tables.lock().unwrap();
        let mut rows: Vec<String> = tables
            .blocks
            .iter()
            .filter(|((t, _), _)| *t == table)
            .flat_map(|(_, rows)| rows.clone())
            .collect();
        rows.sort();
        rows
    }

    fn tokens(&self) -> BTreeSet<String> {
        self.tables.lock().unwrap().blocks.keys().map(|(_, token)| token.clone()).collect()
    }

    fn asked(&self) -> usize {
        self.tables.lock().unwrap().asked
    }

    fn repeated(&self) -> usize {
        self.tables.lock().unwrap().repeated
    }
}

/// Every record is a row of table 0; every second one also of table 1. Rows name the version that built them.
struct Process {
    store: Arc<Store>,
    version: u32,
    knows: Vec<u32>,
}

impl Sink for Process {
    type Row = String;

    fn tables(&self) -> &[&'static str] {
        &["all", "even"]
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn knows(&self, version: u32) -> bool {
        self.knows.contains(&version)
    }

    fn rows(&self, version: u32, record: &Record) -> Result<Vec<(usize, String)>, Refused> {
        let text = String::from_utf8(record.value.clone().unwrap()).unwrap();
        match text.as_str() {
            "undecodable" => return Err(Refused::DeadLetter { reason: "undecodable" }),
            "newer" => return Err(Refused::Pause { reason: "schema" }),
            "crash" => panic!("row builder crashes"),
            _ => {}
        }
        let mut rows = vec![(0, format!("{text} v{version}"))];
        if record.offset % 2 == 0 {
            rows.push((1, format!("{text} v{version}")));
        }
        Ok(rows)
    }

    async fn insert(&self, block: &Block<String>) -> Result<(), InsertError> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.store.insert(block)
    }
}

/// Topics, group and store of one test.
struct Line {
    topics: Vec<String>,
    letters: String,
    role: String,
    store: Arc<Store>,
    runtime: tokio::runtime::Runtime,
    raw: RawLimits,
    _created: Topics,
}

impl Line {
    fn new(name: &str, partitions: i32, mood: Mood) -> Self {
        let topics = vec![unique(name), unique(name)];
        let letters = unique("letters");
        let created =
            Topics::create(partitions, &[(&topics[0], false), (&topics[1], false), (&letters, false)]);
        Self {
            topics,
            letters,
            role: unique("account"),
            store: Store::new(mood),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
            raw: RawLimits {
                block_rows: 40,
                range_age_min: Duration::from_millis(50),
                retry_max: Duration::from_millis(200),
                ..RawLimits::default()
            },
            _created: created,
        }
    }

    fn outgoing(&self, topic: usize, partition: i32, text: String) -> Outgoing {
        let topic = self.topics[topic].as_str().into();
        Outgoing { topic, partition, key: None, headers: vec![], value: Some(text.into_bytes()) }
    }

    fn write(&self, topic: usize, partition: i32, texts: impl IntoIterator<Item = String>) {
        let outgoing = |text| self.outgoing(topic, partition, text);
        testing::produce(&texts.into_iter().map(outgoing).collect::<Vec<_>>());
    }

    fn config(&self, ordinal: u32) -> BatchConfig {
        BatchConfig {
            kafka: testing::config(),
            instance: Instance::new("test", &self.role, ordinal).unwrap(),
            topics: self.topics.clone(),
            dead_letters: self.letters.as_str().into(),
            start: StartPolicy::Earliest,
            limits: Limits::new("batch", &self.raw).unwrap(),
        }
    }

    fn spawn_as(&self, ordinal: u32, incarnation: &str, version: u32, knows: &[u32]) -> Handle {
        let sink = Process { store: Arc::clone(&self.store), version, knows: knows.to_vec() };
        let runtime = self.runtime.handle().clone();
        BatchDriver::spawn(self.config(ordinal), Arc::new(sink), runtime, incarnation.into()).unwrap()
    }

    fn spawn(&self) -> Handle {
        self.spawn_as(0, "one", 1, &[1])
    }

    fn dead_letters(&self) -> Vec<(i64, String)> {
        let text = |r: &Record, name| String::from_utf8(r.header(name).unwrap().to_vec()).unwrap();
        let letters = testing::committed(&self.letters);
        letters.iter().map(|r| (text(r, OFFSET_HEADER).parse().unwrap(), text(r, REASON_HEADER))).collect()
    }
}

fn texts(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}-{i:05}")).collect()
}

fn built(texts: impl IntoIterator<Item = String>, version: u32) -> Vec<String> {
    let mut rows: Vec<String> = texts.into_iter().map(|text| format!("{text} v{version}")).collect();
    rows.sort();
    rows
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(40);
    while !holds() {
        assert!(Instant::now() < end, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn caught_up(handle: &Handle) {
    until("catch up", || handle.caught_up(Duration::from_secs(5)));
}

#[test]
fn after_a_restart_there_is_one_row_per_record() {
    let line = Line::new("restart", 2, Mood::Takes);
    let all: Vec<Vec<String>> = (0..4).map(|i| texts(&format!("first-{i}"), 300)).collect();
    for (i, some) in all.iter().enumerate() {
        line.write(i / 2, (i % 2) as i32, some.clone());
    }
    let handle = line.spawn();
    caught_up(&handle);
    assert_eq!(line.store.rows(0), built(all.concat(), 1));
    let health = handle.stop(Stop::Restart, Duration::from_secs(5));
    assert!(health.failure.is_none() && !health.alive, "{health:?}");
    let counts = health.status.topics.values().fold((0, 0), |sum, c| (sum.0 + c.records, sum.1 + c.rows));
    assert_eq!(counts, (1_200, 1_800));

    let more = texts("second", 200);
    line.write(1, 1, more.clone());
    let handle = line.spawn();
    caught_up(&handle);
    handle.stop(Stop::Leave, Duration::from_secs(5));
    assert_eq!(line.store.rows(0), built([all.concat(), more].concat(), 1));
    assert_eq!(line.store.rows(1).len(), 700);
    assert_eq!(line.store.repeated(), 0, "nothing was pending, so nothing is repeated");
    assert!(
        line.store
            .tokens()
            .iter()
            .all(|token| line.topics.iter().any(|t| token.starts_with(&format!("{t}:"))))
    );
}

#[test]
fn a_crash_between_insert_and_commit_replays_the_same_blocks_by_the_builder_that_opened_them() {
    let line = Line::new("crash", 1, Mood::Mute);
    let before = texts("before", 30);
    line.write(0, 0, before.clone());
    let handle = line.spawn_as(0, "one", 1, &[1]);
    until("store the range", || line.store.rows(0).len() == 30 && line.store.rows(1).len() == 15);
    handle.stop(Stop::Restart, Duration::ZERO);
    let tokens = line.store.tokens();

    let after = texts("after", 70);
    line.write(0, 0, after.clone());
    line.store.set(Mood::Takes);
    let repeated = line.store.repeated();
    let handle = line.spawn_as(0, "one", 2, &[1, 2]);
    caught_up(&handle);
    handle.stop(Stop::Leave, Duration::from_secs(5));
    assert_eq!(line.store.repeated(), repeated + 2, "both tables' blocks came again under their tokens");
    assert!(tokens.is_subset(&line.store.tokens()));
    let mut expected = [built(before, 1), built(after, 2)].concat();
    expected.sort();
    assert_eq!(line.store.rows(0), expected);
    assert_eq!(line.store.rows(1).len(), 50);
}

#[test]
fn a_pending_range_whose_builder_is_gone_refuses_the_partition_and_stores_nothing() {
    let line = Line::new("builder", 1, Mood::Mute);
    line.write(0, 0, texts("x", 10));
    let handle = line.spawn_as(0, "one", 1, &[1]);
    until("store the range", || line.store.rows(1).len() == 5);
    handle.stop(Stop::Restart, Duration::ZERO);
    line.store.set(Mood::Takes);
    line.write(0, 0, texts("y", 10));
    let handle = line.spawn_as(0, "one", 2, &[2]);
    until("refuse", || handle.health().refused.values().any(|reason| *reason == "unknown_builder"));
    assert!(!handle.health().is_ready() && !handle.caught_up(Duration::from_secs(5)));
    handle.stop(Stop::Leave, Duration::from_secs(5));
    assert_eq!(line.store.rows(0).len(), 10);
}

#[test]
fn while_the_store_is_away_the_driver_waits_and_then_loses_nothing() {
    let mut line = Line::new("away", 1, Mood::Away);
    line.raw =
        RawLimits { range_bytes: 1 << 20, partition_bytes: 2 << 20, instance_bytes: 2 << 20, ..line.raw };
    let long = "long".repeat(2_000);
    let all: Vec<String> = texts("row", 1_000).into_iter().map(|text| format!("{text}{long}")).collect();
    line.write(0, 0, all.clone());
    let handle = line.spawn();
    until("notice", || handle.health().status.retrying_since.is_some());
    until("fill its memory", || handle.health().status.buffered_bytes >= 2 << 20);
    // Between its attempts the driver goes on reading, if anything does.
    let asked = line.store.asked();
    until("try again and again", || line.store.asked() >= asked + 10);
    let health = handle.health();
    let held = health.status.buffered_bytes;
    assert!(held < 4 << 20, "paused partitions hold {held} bytes");
    assert!(health.is_ready() && line.store.rows(0).is_empty());
    line.store.set(Mood::NoTable);
    until("need an operator", || handle.health().status.store_refuses);
    assert!(!handle.health().is_ready());
    line.store.set(Mood::Takes);
    caught_up(&handle);
    assert!(handle.health().is_ready());
    handle.stop(Stop::Leave, Duration::from_secs(5));
    assert_eq!(line.store.rows(0), built(all, 1));
}

#[test]
fn the_record_that_the_store_refuses_is_found_and_becomes_a_dead_letter() {
    let line = Line::new("poison", 1, Mood::Takes);
    let mut all = texts("row", 39);
    all.insert(17, "poison".into());
    all.push("undecodable".into());
    all.push("crash".into());
    all.extend(texts("last", 5));
    line.write(0, 0, all.clone());
    let handle = line.spawn();
    caught_up(&handle);
    let health = handle.stop(Stop::Leave, Duration::from_secs(5));
    let good = all.iter().filter(|t| t.contains('-')).cloned();
    assert_eq!(line.store.rows(0), built(good, 1));
    let mut letters = line.dead_letters();
    letters.sort();
    let expected = [(17, "rejected"), (40, "undecodable"), (41, "panic")];
    assert_eq!(letters, expected.map(|(offset, reason)| (offset, reason.to_owned())));
    assert_eq!(health.status.topics.values().map(|c| c.dead_letters).sum::<u64>(), 3);
    let whole = line.store.tokens().into_iter().filter(|token| token.ends_with(":0-39")).count();
    assert_eq!(whole, 1, "the table without the poison took its block whole: {:?}", line.store.tokens());
}

#[test]
fn a_record_for_a_newer_version_stops_its_partition_and_no_other() {
    let line = Line::new("newer", 2, Mood::Takes);
    let mut some = texts("a", 5);
    some.push("newer".into());
    some.extend(texts("unseen", 5));
    line.write(0, 0, some);
    line.write(0, 1, texts("b", 5));
    let handle = line.spawn();
    until("stop the partition", || {
        handle.health().refused.iter().any(|(partition, reason)| (partition.index, *reason) == (0, "schema"))
    });
    until("store the rest", || line.store.rows(0).len() == 10);
    handle.stop(Stop::Leave, Duration::from_secs(5));
    assert_eq!(line.store.rows(0), built([texts("a", 5), texts("b", 5)].concat(), 1));
    assert!(line.dead_letters().is_empty());
}

#[test]
fn two_instances_share_the_partitions_and_every_row_is_stored_once() {
    let line = Line::new("two", 4, Mood::Takes);
    let mut all = Vec::new();
    let mut write = |name: &str| {
        let some = texts(name, 480);
        let outgoing = |(i, text): (usize, &String)| line.outgoing(i % 2, (i / 2 % 4) as i32, text.clone());
        testing::produce(&some.iter().enumerate().map(outgoing).collect::<Vec<_>>());
        all.extend(some);
    };
    write("alone");
    let first = line.spawn_as(0, "one", 1, &[1]);
    until("own everything", || first.health().owned.len() == 8);
    let second = line.spawn_as(1, "one", 1, &[1]);
    for round in 0..6 {
        write(&format!("round{round}"));
    }
    until("share", || (first.health().owned.len(), second.health().owned.len()) == (4, 4));
    write("shared");
    caught_up(&first);
    caught_up(&second);
    first.stop(Stop::Leave, Duration::from_secs(5));
    write("left");
    until("own everything", || second.health().owned.len() == 8);
    caught_up(&second);
    second.stop(Stop::Leave, Duration::from_secs(5));
    assert_eq!(line.store.rows(0), built(all, 1));
}

#[test]
fn topics_that_were_created_anew_are_refused() {
    let line = Line::new("incarnation", 1, Mood::Takes);
    line.write(0, 0, texts("old", 10));
    let handle = line.spawn();
    caught_up(&handle);
    handle.stop(Stop::Restart, Duration::from_secs(5));
    line.write(0, 0, texts("new", 10));
    let handle = line.spawn_as(0, "two", 1, &[1]);
    until("refuse", || handle.health().refused.len() == 2);
    let health = handle.stop(Stop::Leave, Duration::from_secs(5));
    assert!(health.refused.values().all(|reason| *reason == "incarnation"), "{health:?}");
    assert_eq!(line.store.rows(0).len(), 10);
}

#[test]
fn markers_and_aborted_records_of_transactions_are_no_rows_and_do_not_hold_up_the_end() {
    let line = Line::new("aborted", 1, Mood::Takes);
    let instance = Instance::new("test", &unique("writer"), 0).unwrap();
    let mut member = Consumer::join(&testing::config(), &instance, &[&line.topics[1]]).unwrap();
    until("join", || match member.poll(Duration::from_millis(50)) {
        Polled::Assigned(partitions) => {
            member.assign_paused(&partitions.into_iter().map(|p| (p, 0)).collect::<Vec<_>>()).is_ok()
        }
        _ => false,
    });
    let mut producer = TransactionalProducer::new(&testing::config(), &instance).unwrap();
    let metadata = member.group_metadata().unwrap();
    let mut write = |name: &str, fault: Option<Fault>| {
        if let Some(fault) = fault {
            plan_fault(&instance.transactional_id(), fault);
        }
        let records: Vec<Outgoing> =
            texts(name, 10).into_iter().map(|text| line.outgoing(0, 0, text)).collect();
        producer.run(&records, &[], &metadata)
    };
    assert_eq!(write("a", None), Outcome::Committed);
    assert!(matches!(write("gone", Some(Fault::Abort)), Outcome::Aborted(_)));
    assert_eq!(write("b", None), Outcome::Committed);
    assert!(matches!(write("gone too", Some(Fault::Abort)), Outcome::Aborted(_)));
    let handle = line.spawn();
    caught_up(&handle);
    assert_eq!(line.store.rows(0), built([texts("a", 10), texts("b", 10)].concat(), 1));
    handle.stop(Stop::Restart, Duration::from_secs(5));
    let handle = line.spawn();
    caught_up(&handle);
    assert_eq!(handle.stop(Stop::Leave, Duration::from_secs(5)).failure, None);
    member.leave(Duration::from_secs(2));
}
