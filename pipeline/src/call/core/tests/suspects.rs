//! What follows from unclean ends: nothing at first, then trials, and at last a sentence.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::cases::map_of;
use super::*;

/// A partition's log, what is committed of it, and the process that works on it.
struct Town {
    core: Core,
    now: u64,
    epochs: u64,
    committed: Option<Commit>,
    /// When each record was appended.
    log: Vec<u64>,
    delivered: usize,
    /// Tasks of running calls by offset.
    running: BTreeMap<i64, u64>,
    /// Runs by offset, in this life, with their time.
    runs: Vec<(i64, u64)>,
    /// Ends of the process at which each record ran.
    seen: BTreeMap<i64, usize>,
    buried: BTreeSet<i64>,
    done: i64,
}

impl Town {
    fn new(records: i64) -> Self {
        let mut town = Self {
            core: Core::new(limits(), INCARNATION),
            now: 0,
            epochs: 0,
            committed: None,
            log: Vec::new(),
            delivered: 0,
            running: BTreeMap::new(),
            runs: Vec::new(),
            seen: BTreeMap::new(),
            buried: BTreeSet::new(),
            done: 0,
        };
        town.append(records);
        town.start();
        town
    }

    fn append(&mut self, records: i64) {
        self.log.extend((0..records).map(|_| self.now));
    }

    /// A new process reads what is committed, and everything that is there.
    fn start(&mut self) {
        let limits = Limits {
            running: 1_000,
            share: 1_000,
            lane: 100,
            map_bytes: 10_000,
            partition_records: 900,
            records: 900,
            plan_outcomes: 900,
            quarantine: 8,
            ..limits()
        };
        self.core = Core::new(limits, INCARNATION);
        (self.running, self.runs) = (BTreeMap::new(), Vec::new());
        self.epochs += 1;
        let end = i64::try_from(self.log.len()).unwrap();
        let position = position(0, self.committed.clone(), (0, end));
        self.delivered = usize::try_from(position.progress.base).unwrap();
        self.on(Event::Assigned { partition: 0, epoch: self.epochs, position: Ok(position) });
        self.read();
    }

    fn read(&mut self) {
        let item = |(offset, &time): (usize, &u64)| {
            let offset = i64::try_from(offset).unwrap();
            let mut record = (*record(0, offset)).clone();
            record.timestamp = i64::try_from(time).unwrap();
            Item {
                record: Arc::new(record),
                disposition: Disposition::Run(admission(&offset.to_string(), None)),
            }
        };
        let items = self.log.iter().enumerate().skip(self.delivered).map(item).collect();
        self.delivered = self.log.len();
        self.on(Event::Delivered { partition: 0, epoch: self.epochs, session: 0, items });
    }

    /// Does what the core asks, and commits at once what it plans.
    fn on(&mut self, event: Event) {
        let mut events = vec![event];
        while !events.is_empty() {
            for action in self.core.handle(self.now, std::mem::take(&mut events)) {
                match action {
                    Action::Run { task, record, .. } => {
                        self.running.insert(record.offset, task);
                        self.runs.push((record.offset, self.now));
                    }
                    Action::Bury { task, record, burial } => {
                        assert_eq!(burial.reason, CRASH);
                        assert!(self.seen[&record.offset] >= 3, "{} is blamed too early", record.offset);
                        self.buried.insert(record.offset);
                        let ending = Ending::Done(vec![output(0, record.offset)]);
                        events.push(Event::Ended { task, ending });
                    }
                    Action::Commit(plan) => {
                        self.committed = plan.offsets.first().cloned().or(self.committed.take());
                        events.push(Event::Planned { plan: plan.id, settled: Settled::Committed });
                    }
                    Action::Abort { .. } | Action::Released(_) | Action::Ownership { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// Time passes, and everything happens that is due.
    fn pass(&mut self, millis: u64) {
        let until = self.now + millis;
        while let Some(due) = self.core.due().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            self.on(Event::Tick);
        }
        self.now = until;
        self.on(Event::Tick);
    }

    fn end(&mut self, offset: i64) {
        let task = self.running.remove(&offset).unwrap();
        self.done += 1;
        self.on(Event::Ended { task, ending: Ending::Done(vec![output(0, offset)]) });
    }

    fn history(&self) -> Option<crate::call::History> {
        let commit = self.committed.as_ref()?;
        Progress::open(INCARNATION, commit.offset, &commit.metadata).unwrap().history
    }

    fn ran(&self) -> Vec<i64> {
        self.runs.iter().map(|(offset, _)| *offset).collect()
    }

    /// What runs, ends the process.
    fn crash(&mut self) {
        self.running.keys().for_each(|offset| *self.seen.entry(*offset).or_default() += 1);
        self.start();
    }
}

#[test]
fn the_first_unclean_end_delays_nobody() {
    let mut town = Town::new(20);
    town.pass(5_000);
    town.append(3);
    town.crash();
    assert_eq!(town.ran(), (0..23).collect::<Vec<_>>());
    assert!(town.runs.iter().all(|(_, at)| *at == town.now));
}

#[test]
fn what_ran_at_two_ends_runs_one_by_one_and_the_newest_first_while_others_go_on() {
    let mut town = Town::new(3);
    town.pass(50);
    town.crash();
    town.append(2);
    town.read();
    town.crash();
    assert_eq!(town.ran(), [3, 4], "only three ran at both ends");
    let started = town.now;
    town.append(1);
    town.read();
    assert_eq!(town.ran(), [3, 4, 5], "what is new does not wait");
    town.pass(999);
    assert_eq!(town.runs.len(), 3);
    town.pass(2_001);
    let trials: Vec<_> = town.runs[3..].iter().map(|(offset, at)| (*offset, at - started)).collect();
    assert_eq!(trials, [(2, 1_000), (1, 2_000), (0, 3_000)], "each has its time");
    for offset in [3, 1, 4, 2] {
        town.end(offset);
        assert!(town.history().is_some());
    }
    town.end(0);
    assert_eq!(town.history(), None, "all are cleared");
}

#[test]
fn a_trial_ends_with_its_record() {
    let mut town = Town::new(4);
    town.crash();
    town.crash();
    town.pass(1_000);
    for offset in [3, 2, 1, 0] {
        assert_eq!(town.running.keys().copied().collect::<Vec<_>>(), [offset]);
        town.end(offset);
    }
}

#[test]
fn however_many_suspects_there_are_all_of_them_run_soon() {
    let mut town = Town::new(800);
    town.crash();
    town.crash();
    town.pass(1_000);
    // For the time of eight trials alone, then the rest in eight groups.
    let groups = (1..=8).map(|group| 8 + group * 99);
    for expected in (1..=8).chain(groups) {
        assert_eq!(town.runs.len(), expected);
        town.pass(1_000);
    }
}

/// Lets `guilty` end its process so many milliseconds after each of its starts, until it does not run any more; so many
/// ends it takes. Other calls take five seconds.
fn ends_of(town: &mut Town, guilty: i64, after: u64) -> usize {
    let mut ends = 0;
    for _ in 0..100_000 {
        if town.buried.contains(&guilty) {
            return ends;
        }
        let started = |offset| town.runs.iter().rev().find(|(it, _)| *it == offset).map(|(_, at)| *at);
        if town.running.contains_key(&guilty) && started(guilty).is_some_and(|at| town.now >= at + after) {
            ends += 1;
            town.crash();
            continue;
        }
        let over =
            |offset: &&i64| **offset != guilty && started(**offset).is_some_and(|at| town.now >= at + 5_000);
        let over: Vec<i64> = town.running.keys().filter(over).copied().collect();
        over.into_iter().for_each(|offset| town.end(offset));
        town.pass(5);
    }
    panic!("{guilty} is not found")
}

#[test]
fn a_record_that_ends_its_process_at_once_is_condemned_at_the_third_end_and_no_neighbour_is() {
    for (records, guilty) in [(1, 0), (3, 1), (8, 0), (20, 19), (20, 12), (300, 299)] {
        let mut town = Town::new(records);
        assert_eq!(ends_of(&mut town, guilty, 5), 3, "{guilty} of {records}");
        assert_eq!(town.buried, BTreeSet::from([guilty]));
        assert_eq!(town.runs.len() as i64, records - 1 - town.done, "the others run at once");
    }
}

#[test]
fn in_a_crowd_of_suspects_it_takes_a_few_ends_more() {
    let mut town = Town::new(800);
    let ends = ends_of(&mut town, 3, 5);
    assert!((4..=7).contains(&ends), "{ends}");
    assert_eq!(town.buried, BTreeSet::from([3]));
}

#[test]
fn a_record_that_ends_its_process_late_is_condemned_at_the_fourth_end() {
    for (records, guilty, after) in [(1, 0, 5_000), (3, 1, 5_000), (9, 5, 700), (9, 5, 3_000)] {
        let mut town = Town::new(records);
        assert_eq!(ends_of(&mut town, guilty, after), 4, "{guilty} of {records} after {after}");
        assert_eq!(town.buried, BTreeSet::from([guilty]));
    }
}

#[test]
fn what_ends_the_process_before_its_admission_is_committed_is_found() {
    let mut town = Town::new(5);
    town.pass(3_000);
    town.append(1);
    town.read();
    assert!(town.running.contains_key(&5), "it runs, and nothing committed says so");
    let commit = town.committed.clone().unwrap();
    assert_eq!(Progress::open(INCARNATION, commit.offset, &commit.metadata).unwrap().high, 5);
    assert_eq!(ends_of(&mut town, 5, 5), 3);
    assert_eq!(town.buried, BTreeSet::from([5]));
}

#[test]
fn kills_from_outside_condemn_nobody_who_did_not_run_alone_at_each() {
    let mut town = Town::new(6);
    for kill in 0..12 {
        town.pass(3_000 + 700 * kill);
        town.append(1);
        town.read();
        town.crash();
    }
    assert_eq!(town.buried, BTreeSet::new());
}

#[test]
fn calls_that_end_between_kills_are_no_suspects() {
    let mut town = Town::new(5);
    for _ in 0..6 {
        town.pass(400);
        for offset in town.running.keys().copied().collect::<Vec<_>>() {
            town.end(offset);
        }
        town.append(5);
        town.read();
        town.pass(400);
        town.crash();
        assert_eq!(town.running.len(), 5, "everything runs at once");
    }
}

#[test]
fn one_who_takes_over_in_order_tries_the_suspects_anew() {
    let mut town = Town::new(3);
    town.crash();
    town.crash();
    town.pass(2_500);
    assert_eq!(town.ran(), [2, 1]);
    town.on(Event::Revoked(vec![assignment(0, town.epochs)]));
    assert!(
        map_of(&Plan { id: 0, outputs: Vec::new(), offsets: vec![town.committed.clone().unwrap()] }).clean
    );
    town.start();
    assert_eq!(town.ran(), [0; 0]);
    town.pass(1_000);
    assert_eq!(town.ran(), [2]);
}

/// Calls of a random length arrive, and some end the process so many milliseconds after each of their starts.
#[derive(Debug, Clone)]
struct Arrival {
    after: u64,
    lasts: u64,
    deadly: Option<u64>,
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let one = (0u64..3_000, 50u64..8_000).prop_map(|(after, lasts)| Arrival { after, lasts, deadly: None });
    let deadly = (any::<prop::sample::Index>(), prop_oneof![0u64..50, 300u64..6_000]);
    let deadly = prop::collection::vec(deadly, 1..3);
    (prop::collection::vec(one, 1..40), deadly).prop_map(|(mut arrivals, deadly)| {
        for (which, after) in deadly {
            let which = which.index(arrivals.len());
            arrivals[which].deadly = Some(after);
        }
        arrivals
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_ends_the_process_is_found_and_nobody_else_is_blamed(arrivals in arrivals()) {
        play_all(&arrivals);
    }
}

#[test]
fn a_long_call_beside_two_that_end_the_process_is_not_blamed() {
    let arrival = |(after, lasts, deadly)| Arrival { after, lasts, deadly };
    let mut arrivals = vec![(0, 50, Some(591))];
    arrivals.extend([(0, 50, None); 9]);
    arrivals.extend([(1_411, 1_651, None), (651, 50, None), (2_551, 50, Some(996))]);
    arrivals.extend([(0, 50, None); 2]);
    play_all(&arrivals.into_iter().map(arrival).collect::<Vec<_>>());
}

fn play_all(arrivals: &[Arrival]) {
    let deadly: BTreeSet<i64> =
        arrivals.iter().zip(0..).filter(|(it, _)| it.deadly.is_some()).map(|(_, offset)| offset).collect();
    let of = |offset: i64| &arrivals[usize::try_from(offset).unwrap()];
    let mut town = Town::new(0);
    let (mut next, mut since) = (0, 0);
    for _ in 0..200_000 {
        while arrivals.get(next).is_some_and(|it| town.now >= since + it.after) {
            (next, since) = (next + 1, town.now);
            town.append(1);
            town.read();
        }
        let age = |offset: i64| {
            let (_, at) = town.runs.iter().rev().find(|(it, _)| *it == offset).copied().unwrap();
            town.now - at
        };
        if town.running.keys().any(|&offset| of(offset).deadly.is_some_and(|after| age(offset) >= after)) {
            town.crash();
            continue;
        }
        let over = |offset: &i64| of(*offset).deadly.is_none() && age(*offset) >= of(*offset).lasts;
        let over: Vec<i64> = town.running.keys().copied().filter(over).collect();
        over.into_iter().for_each(|offset| town.end(offset));
        if town.done + town.buried.len() as i64 == arrivals.len() as i64 {
            break;
        }
        town.pass(5);
    }
    assert_eq!(&town.buried, &deadly);
    assert_eq!(town.done + town.buried.len() as i64, arrivals.len() as i64, "some never end");
}

#[test]
fn nobody_is_suspected_where_that_is_switched_off() {
    let mut limits = limits();
    limits.quarantine = 0;
    let mut progress = Progress::fresh(4);
    (progress.clean, progress.high) = (false, 9);
    let quarantine = super::super::quarantine::Quarantine::judge(&mut progress, 20, 0, &limits);
    assert!(quarantine.is_none());
}
