//! Simulation: seeded schedules of deliveries, answers, crashes, twins and hand-overs against a model of the broker
//! and of a store that deduplicates by token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Machine;
use crate::batch::action::{Action, Assignment, Commit, DeadLetter, Due};
use crate::batch::assigned::Start;
use crate::batch::limits::{Limits, RawLimits};
use crate::batch::pending::Pending;
use crate::batch::sink::{Block, InsertError};
use crate::kafka::Partition;
use crate::{Record, Refusal, Refused};

/// Offset, ordinal within the record, version of the builder.
type Row = (i64, usize, u32);

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

fn record(topic: &str, partition: i32, offset: i64, kind: u8) -> Arc<Record> {
    let value = Some(vec![kind]);
    Arc::new(Record {
        topic: topic.into(),
        partition,
        offset,
        timestamp: 0,
        key: None,
        headers: crate::Headers::default(),
        value,
    })
}

const BAD: u8 = 1;
const POISON: u8 = 2;

fn kind(record: &Record) -> u8 {
    record.value.as_ref().unwrap()[0]
}

/// Rows of a record as builder `version` makes them: newer versions make more.
fn build(record: &Record, version: u32) -> Result<Vec<(usize, Row)>, Refused> {
    if kind(record) == BAD {
        return Err(Refused::DeadLetter { reason: "bad" });
    }
    let mut rows = Vec::new();
    if kind(record) == POISON || record.offset % 3 != 0 {
        rows.push((0, (record.offset, 0, version)));
    }
    for ordinal in 0..(record.offset.unsigned_abs() as usize + version as usize) % 3 {
        rows.push((1, (record.offset, ordinal, version)));
    }
    Ok(rows)
}

#[derive(Default)]
struct Store {
    blocks: BTreeMap<(usize, String), Vec<Row>>,
    takes_poison: bool,
}

impl Store {
    fn insert(&mut self, block: &Block<Row>, poison: &BTreeSet<(String, i64)>) -> Result<(), InsertError> {
        assert!(!block.rows.is_empty(), "empty block {}", block.token);
        let place = block.token.rsplit_once(':').unwrap().0.to_owned();
        let is_poison = |row: &Row| poison.contains(&(place.clone(), row.0));
        if let Some(known) = self.blocks.get(&(block.table, block.token.clone())) {
            assert_eq!(*known, block.rows, "token {} was used for other rows", block.token);
        } else if block.table == 0 && !self.takes_poison && block.rows.iter().any(is_poison) {
            return Err(InsertError::Rejected("poison".into()));
        } else {
            self.blocks.insert((block.table, block.token.clone()), block.rows.clone());
        }
        Ok(())
    }
}

struct Process {
    machine: Machine<Row>,
    id: u64,
    version: u32,
    /// Index of the next record to deliver.
    reading: BTreeMap<Partition, usize>,
    paused: BTreeSet<Partition>,
    inserts: Vec<(Assignment, Arc<Block<Row>>)>,
    letters: Vec<DeadLetter>,
}

struct World {
    random: Random,
    log: BTreeMap<Partition, Vec<Arc<Record>>>,
    poison: BTreeSet<(String, i64)>,
    committed: BTreeMap<Partition, (i64, Vec<u8>)>,
    store: Store,
    letters: BTreeSet<(String, i64)>,
    processes: Vec<Process>,
    ids: u64,
    version: u32,
    now: u64,
    /// The store changes its mind about poison; then no insert may outlive its process.
    fickle: bool,
    faults: bool,
    seen: Seen,
}

/// How often the schedules came by what they are meant to try.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    replays: u32,
    splits: u32,
    resumed_splits: u32,
    repeated_tokens: u32,
    pauses: u32,
    stale_answers: u32,
}

impl Seen {
    fn note(&mut self, pending: Option<&Pending>) {
        self.replays += u32::from(pending.is_some());
        self.resumed_splits += u32::from(pending.is_some_and(|p| p.tables.iter().any(|t| t.split.is_some())));
    }
}

fn place(partition: &Partition) -> String {
    format!("{}:{}", partition.topic, partition.index)
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let mut log = BTreeMap::new();
        let mut poison = BTreeSet::new();
        for index in 0..2 {
            let partition = Partition { topic: "t".into(), index };
            let mut offset = i64::try_from(random.below(3)).unwrap();
            let records: Vec<_> = (0..random.below(60))
                .map(|_| {
                    offset += 1 + i64::from(random.chance(20)) * 2;
                    let kind = [0, 0, 0, 0, 0, 0, 0, BAD, POISON][random.below(9) as usize];
                    if kind == POISON {
                        poison.insert((place(&partition), offset));
                    }
                    record("t", index, offset, kind)
                })
                .collect();
            log.insert(partition, records);
        }
        let fickle = random.chance(30);
        let mut world = Self {
            random,
            log,
            poison,
            committed: BTreeMap::new(),
            store: Store::default(),
            letters: BTreeSet::new(),
            processes: Vec::new(),
            ids: 0,
            version: 1,
            now: 0,
            fickle,
            faults: true,
            seen: Seen::default(),
        };
        world.start();
        world
    }

    /// A new process, perhaps of a newer version and with other limits, owns both partitions.
    fn start(&mut self) {
        self.version += u32::from(self.random.chance(30));
        let raw = RawLimits {
            block_rows: 1 + self.random.below(12) as usize,
            range_bytes: 1_000_000,
            range_age_min: Duration::from_millis(self.random.below(50)),
            range_age_max: Duration::from_millis(200),
            inserts: 1 + self.random.below(3) as usize,
            retry_max: Duration::from_millis(30),
            partition_bytes: 1_000_000,
            instance_bytes: 1_000_000,
            ..RawLimits::default()
        };
        let mut limits = Limits::new("batch", &raw).unwrap();
        // Few records are enough to pause.
        (limits.range_bytes, limits.partition_bytes, limits.instance_bytes) = (2_000, 4_000, 6_000);
        self.ids += 1;
        let mut process = Process {
            machine: Machine::new(limits, self.ids, &["zero", "one"]),
            id: self.ids,
            version: self.version,
            reading: BTreeMap::new(),
            paused: BTreeSet::new(),
            inserts: Vec::new(),
            letters: Vec::new(),
        };
        for (partition, log) in &self.log {
            let fresh = !self.committed.contains_key(partition);
            let (position, payload) = self.committed.get(partition).cloned().unwrap_or((0, Vec::new()));
            let pending = Pending::decode(&payload, position).unwrap();
            self.seen.note(pending.as_ref());
            process.machine.assign(partition.clone(), Ok(Start { position, pending, fresh }), self.now);
            process.reading.insert(partition.clone(), log.iter().take_while(|r| r.offset < position).count());
        }
        self.processes.push(process);
    }

    fn owner(&self) -> u64 {
        self.ids
    }

    fn pick(&mut self) -> usize {
        self.random.below(self.processes.len() as u64) as usize
    }

    fn deliver(&mut self, at: usize) {
        let process = &mut self.processes[at];
        for (partition, log) in &self.log {
            if process.paused.contains(partition) {
                continue;
            }
            let index = process.reading.get_mut(partition).unwrap();
            if self.faults && self.random.chance(10) {
                *index = index.saturating_sub(self.random.below(4) as usize);
            }
            for _ in 0..self.random.below(6) {
                let Some(record) = log.get(*index) else { break };
                *index += 1;
                if let Some(version) = process.machine.builder(partition, record.offset, process.version) {
                    process.machine.record(Arc::clone(record), build(record, version), version, self.now);
                }
            }
        }
    }

    fn step(&mut self, at: usize) {
        let owner = self.owner();
        let process = &mut self.processes[at];
        let due = process.machine.step(self.now);
        for Commit { assignment, offset, pending } in due.commits {
            let roll = if self.faults { self.random.below(10) } else { 9 };
            let applied = process.id == owner && roll != 0;
            if applied {
                let split = pending.as_ref().is_some_and(|p| p.tables.iter().any(|t| t.split.is_some()));
                self.seen.splits += u32::from(split);
                let payload = pending.map(|p| p.encode()).unwrap_or_default();
                let before = self.committed.insert(assignment.partition.clone(), (offset, payload));
                assert!(before.is_none_or(|(b, _)| b <= offset), "committed offset went back");
            }
            if applied && roll != 1 {
                process.machine.committed(&assignment, self.now);
            } else {
                process.machine.not_committed(&assignment, self.now);
            }
        }
        for action in due.actions {
            match action {
                Action::Insert { assignment, block } => process.inserts.push((assignment, block)),
                Action::DeadLetter(letter) => process.letters.push(letter),
                Action::Pause(partition) => {
                    self.seen.pauses += 1;
                    process.paused.insert(partition);
                }
                Action::Resume(partition) => drop(process.paused.remove(&partition)),
            }
        }
    }

    fn answer(&mut self, at: usize) {
        if !self.processes[at].letters.is_empty() && self.random.chance(50) {
            let letter = self.processes[at].letters.remove(0);
            self.letters.insert((place(&letter.assignment.partition), letter.record.offset));
            self.processes[at].machine.dead_lettered(&letter);
        }
        if self.processes[at].inserts.is_empty() {
            return;
        }
        let which = self.random.below(self.processes[at].inserts.len() as u64) as usize;
        let (assignment, block) = self.processes[at].inserts.remove(which);
        let known = self.store.blocks.contains_key(&(block.table, block.token.clone()));
        self.seen.repeated_tokens += u32::from(known);
        let machine = &self.processes[at].machine;
        let current =
            machine.partitions().any(|(p, a)| *p == assignment.partition && a.epoch == assignment.epoch);
        self.seen.stale_answers += u32::from(!current);
        let roll = if self.faults { self.random.below(10) } else { 9 };
        let result = match roll {
            0 => Err(InsertError::Retry("not there".into())),
            1 => self.store.insert(&block, &self.poison).and(Err(InsertError::Retry("answer lost".into()))),
            2 => Err(InsertError::Fatal("no table".into())),
            _ => self.store.insert(&block, &self.poison),
        };
        let letter = self.processes[at].machine.inserted(assignment, block.table, &result, self.now);
        self.processes[at].letters.extend(letter);
    }

    /// The owner ends: killed with its inserts lost or still running, or it lives on as a twin that was replaced.
    fn crash(&mut self) {
        let owner = self.owner();
        let at = self.processes.iter().position(|process| process.id == owner).unwrap();
        if self.fickle || self.random.chance(50) {
            let dead = self.processes.remove(at);
            for (_, block) in dead.inserts {
                if !self.fickle && self.random.chance(50) {
                    drop(self.store.insert(&block, &self.poison));
                }
            }
        }
        if self.fickle {
            self.store.takes_poison = self.random.chance(50);
        }
        if self.processes.len() > 3 {
            self.processes.remove(0);
        }
        self.start();
    }

    /// The owner is asked to give its partitions up, gets some time, and a new one takes over.
    fn hand_over(&mut self) {
        let owner = self.owner();
        let at = self.processes.iter().position(|process| process.id == owner).unwrap();
        let all: Vec<Partition> = self.log.keys().cloned().collect();
        self.processes[at].machine.drain(&all);
        let before: Vec<_> =
            self.processes[at].inserts.iter().map(|(_, block)| block.token.clone()).collect();
        for _ in 0..self.random.below(40) {
            self.step(at);
            let tokens: Vec<_> =
                self.processes[at].inserts.iter().map(|(_, block)| block.token.clone()).collect();
            assert!(
                tokens.iter().all(|token| before.contains(token)),
                "an insert was started while draining"
            );
            self.answer(at);
            if self.processes[at].machine.is_drained(&all) {
                break;
            }
        }
        for partition in &all {
            self.processes[at].machine.forget(partition);
        }
        self.processes.remove(at);
        self.start();
    }

    /// The owner loses a partition and gets it again while answers to the former assignment are still to come.
    fn lose_and_regain(&mut self) {
        let owner = self.owner();
        let process = self.processes.iter_mut().find(|process| process.id == owner).unwrap();
        let partition = Partition { topic: "t".into(), index: self.random.below(2) as i32 };
        process.machine.forget(&partition);
        let fresh = !self.committed.contains_key(&partition);
        let (position, payload) = self.committed.get(&partition).cloned().unwrap_or((0, Vec::new()));
        let pending = Pending::decode(&payload, position).unwrap();
        self.seen.note(pending.as_ref());
        process.machine.assign(partition.clone(), Ok(Start { position, pending, fresh }), self.now);
        process.paused.remove(&partition);
        let next = self.log[&partition].iter().take_while(|r| r.offset < position).count();
        process.reading.insert(partition, next);
    }

    fn run(&mut self) {
        for _ in 0..self.random.below(400) {
            let at = self.pick();
            match self.random.below(100) {
                0..35 => self.deliver(at),
                35..60 => self.step(at),
                60..92 => self.answer(at),
                92..95 => self.crash(),
                95..97 => self.hand_over(),
                97 => self.lose_and_regain(),
                _ => self.now += self.random.below(60),
            }
            self.now += 1;
        }
    }

    /// Faults stop: everything must end.
    fn settle(&mut self) {
        self.faults = false;
        let owner = self.owner();
        self.processes.retain(|process| process.id == owner);
        for _ in 0..5_000 {
            self.now += 20;
            self.deliver(0);
            self.step(0);
            self.answer(0);
            let process = &self.processes[0];
            let read = self.log.iter().all(|(partition, log)| process.reading[partition] == log.len());
            if read && process.machine.partitions().all(|(_, assigned)| assigned.is_clean()) {
                return;
            }
        }
        panic!("records are left although faults have stopped");
    }

    fn check(&self) {
        let mut stored: BTreeMap<(String, i64, usize), Vec<Row>> = BTreeMap::new();
        for ((table, token), rows) in &self.store.blocks {
            let place = token.rsplit_once(':').unwrap().0;
            for row in rows {
                stored.entry((place.to_owned(), row.0, *table)).or_default().push(*row);
            }
        }
        for (partition, log) in &self.log {
            for record in log {
                let place = place(partition);
                let letter = self.letters.contains(&(place.clone(), record.offset));
                let of =
                    |table| stored.get(&(place.clone(), record.offset, table)).cloned().unwrap_or_default();
                let (zero, one) = (of(0), of(1));
                if kind(record) == BAD {
                    assert!(letter && zero.is_empty() && one.is_empty());
                    continue;
                }
                let versions: BTreeSet<u32> = zero.iter().chain(&one).map(|row| row.2).collect();
                assert!(versions.len() <= 1, "two builders for {place} {}: {versions:?}", record.offset);
                let fits = |version: u32| {
                    let rows = build(record, version).unwrap();
                    let want =
                        |t| rows.iter().filter(|(table, _)| *table == t).map(|(_, r)| *r).collect::<Vec<_>>();
                    let zero_fits =
                        if kind(record) == POISON && zero.is_empty() { letter } else { zero == want(0) };
                    zero_fits && one == want(1)
                };
                let builders = 1..=self.version;
                assert!(
                    builders.clone().any(fits),
                    "{place} {} has rows {zero:?} {one:?} letter {letter} kind {}",
                    record.offset,
                    kind(record)
                );
                assert!(kind(record) == POISON || !letter, "a good record became a dead letter");
            }
        }
    }
}

#[test]
fn every_row_ends_exactly_once_under_crashes_twins_and_hand_overs() {
    let mut total = Seen::default();
    for seed in 0..4_000 {
        let result = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            world.run();
            world.settle();
            world.check();
            world.seen
        });
        let Ok(seen) = result else { panic!("seed {seed} failed") };
        total.replays += seen.replays;
        total.splits += seen.splits;
        total.resumed_splits += seen.resumed_splits;
        total.repeated_tokens += seen.repeated_tokens;
        total.pauses += seen.pauses;
        total.stale_answers += seen.stale_answers;
    }
    let Seen { replays, splits, resumed_splits, repeated_tokens, pauses, stale_answers } = total;
    let rarest = [replays, splits, resumed_splits, repeated_tokens, pauses, stale_answers].into_iter().min();
    assert!(rarest > Some(500), "the schedules hardly try something: {total:?}");
}

fn replaying(records: u32, last: i64) -> (Machine<Row>, Partition) {
    let partition = Partition { topic: "t".into(), index: 0 };
    let pending = Pending { first: 4, last, version: 1, records, tables: Vec::new() };
    let mut machine = Machine::new(Limits::new("batch", &RawLimits::default()).unwrap(), 1, &["zero", "one"]);
    machine.assign(partition.clone(), Ok(Start { position: 4, pending: Some(pending), fresh: false }), 0);
    (machine, partition)
}

fn refusal_after(machine: &mut Machine<Row>, partition: &Partition, offsets: &[i64]) -> Option<Refusal> {
    for offset in offsets {
        let version = machine.builder(partition, *offset, 7).unwrap();
        assert_eq!(version, 1, "a pending range is built by the version that opened it");
        let record = record("t", 0, *offset, BAD);
        machine.record(Arc::clone(&record), build(&record, version), version, 0);
    }
    let Due { actions, commits } = machine.step(0);
    let refusal = machine.partitions().next().unwrap().1.refused;
    let only_paused = commits.is_empty() && matches!(actions.as_slice(), [Action::Pause(_)]);
    assert!(refusal.is_none() || only_paused, "a refused replay must do nothing: {actions:?} {commits:?}");
    refusal
}

#[test]
fn a_replay_that_is_not_exactly_the_pending_range_is_refused_and_inserts_nothing() {
    let (mut same, partition) = replaying(2, 6);
    assert_eq!(refusal_after(&mut same, &partition, &[4, 6]), None);
    let (mut fewer, partition) = replaying(3, 6);
    assert_eq!(refusal_after(&mut fewer, &partition, &[4, 6]), Some(Refusal::Differs { first: 4, last: 6 }));
    let (mut past, partition) = replaying(2, 6);
    assert_eq!(refusal_after(&mut past, &partition, &[4, 7]), Some(Refusal::Gone { first: 4, last: 6 }));
}

/// Two partitions without anything pending, and a machine that knows them.
fn two(raw: &RawLimits) -> (Machine<Row>, [Partition; 2]) {
    let partitions = [0, 1].map(|index| Partition { topic: "t".into(), index });
    let mut machine = Machine::new(Limits::new("batch", raw).unwrap(), 1, &["zero", "one"]);
    for partition in &partitions {
        machine.assign(partition.clone(), Ok(Start { position: 1, pending: None, fresh: false }), 0);
    }
    (machine, partitions)
}

/// Takes the record at offset 1 of a partition.
fn take(machine: &mut Machine<Row>, partition: &Partition, now: u64) {
    let record = record("t", partition.index, 1, 0);
    machine.record(Arc::clone(&record), build(&record, 1), 1, now);
}

fn opened(due: Due<Row>) -> Vec<Assignment> {
    let opens = |commit: Commit| commit.pending.map(|_| commit.assignment);
    due.commits.into_iter().filter_map(opens).collect()
}

fn nothing(due: &Due<Row>) -> bool {
    due.actions.is_empty() && due.commits.is_empty()
}

#[test]
fn while_no_insert_is_free_a_range_fills_on_until_it_is_as_old_as_is_allowed() {
    let raw = RawLimits {
        inserts: 1,
        range_age_min: Duration::from_millis(10),
        range_age_max: Duration::from_millis(1_000),
        ..RawLimits::default()
    };
    let (mut machine, [one, other]) = two(&RawLimits { ranges_per_second: 1_000, ..raw });
    take(&mut machine, &one, 0);
    let first = opened(machine.step(10)).remove(0);
    machine.committed(&first, 11);
    assert!(matches!(machine.step(11).actions.as_slice(), [Action::Insert { .. }]));
    take(&mut machine, &other, 20);
    assert!(nothing(&machine.step(900)));
    assert_eq!(opened(machine.step(1_020)).remove(0).partition, other, "it is old enough");

    let (mut machine, [one, other]) =
        two(&RawLimits { inserts: 1, range_age_min: Duration::from_millis(10), ..RawLimits::default() });
    take(&mut machine, &one, 0);
    let first = opened(machine.step(500)).remove(0);
    machine.committed(&first, 501);
    let Some(Action::Insert { assignment, block }) = machine.step(501).actions.pop() else {
        panic!("nothing is inserted")
    };
    take(&mut machine, &other, 501);
    assert!(nothing(&machine.step(2_000)));
    machine.inserted(assignment, block.table, &Err(InsertError::Retry("away".into())), 2_000);
    assert_eq!(opened(machine.step(2_000)).remove(0).partition, other, "the store may take the other table");
}

#[test]
fn when_memory_is_full_and_no_insert_runs_ranges_are_closed_whatever_their_age() {
    let raw =
        RawLimits { range_bytes: 600, partition_bytes: 600, instance_bytes: 600, ..RawLimits::default() };
    let (mut machine, partitions) = two(&raw);
    partitions.iter().for_each(|partition| take(&mut machine, partition, 0));
    let full = machine.step(0);
    assert!(
        full.commits.is_empty() && matches!(full.actions.as_slice(), [Action::Pause(_), Action::Pause(_)]),
        "{full:?}"
    );
    assert_eq!(opened(machine.step(1)).len(), 2);
}

#[test]
fn behind_a_backlog_a_range_fills_while_late_records_come_until_it_is_as_old_as_may_be() {
    let raw = RawLimits::default();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
    let (least, most) = (millis(raw.range_age_min), millis(raw.range_age_max));
    let (mut current, [partition, _]) = two(&raw);
    take(&mut current, &partition, 0);
    assert_eq!(opened(current.step(least)).len(), 1);
    // The records of these tests were appended at the epoch.
    let late = i64::try_from(most).unwrap() + 1;
    for (last, opens_at) in [(0, least), (most - 1, most)] {
        let (mut behind, [partition, _]) = two(&raw);
        behind.tell_time(late);
        take(&mut behind, &partition, 0);
        for (offset, at) in (2..).zip((0..=last).step_by(100).chain([last])) {
            let record = record("t", 0, offset, 0);
            behind.record(Arc::clone(&record), build(&record, 1), 1, at);
            assert!(nothing(&behind.step(at)), "{at}");
        }
        assert!(nothing(&behind.step(opens_at - 1)));
        assert_eq!(opened(behind.step(opens_at)).len(), 1, "the last late record came at {last}");
    }
}
