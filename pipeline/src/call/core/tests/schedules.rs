//! Random schedules against a model of the broker, the workers and the process itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use common::random::SplitMix64;
use proptest::prelude::*;

use super::*;
use crate::call::core::offset_ledger::Unrun;
use crate::call::place::Move;

struct Random(SplitMix64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.below(bound as u64)).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.0.one_in(n as u64)
    }
}

const PARTITIONS: i32 = 3;

/// What the log says of one offset.
#[derive(Clone, Copy)]
struct Written {
    offset: i64,
    lane: usize,
    dead: bool,
    commit_start: bool,
    /// It cancels the record at this offset.
    cancels: Option<i64>,
}

#[derive(Default)]
struct Running {
    key: Option<Key>,
    lane: usize,
    /// It runs nothing: the record was shed.
    away: bool,
    aborted: bool,
    /// It was told that it is cancelled.
    told: bool,
}

/// A partition as the broker and its consumer have it.
#[derive(Default)]
struct Side {
    log: Vec<Written>,
    committed: Option<Commit>,
    /// Outcomes that read_committed readers see, in order.
    outcomes: Vec<i64>,
    /// Of these or to be of these: ends of records that were shed, or cancelled before they ran.
    away: BTreeSet<i64>,
    /// Starts of `commit_start` records that ran.
    owned: Option<u64>,
    session: u64,
    paused: bool,
    position: usize,
    releasing: bool,
}

struct World {
    random: Random,
    core: Core,
    now: u64,
    epochs: u64,
    sides: Vec<Side>,
    running: BTreeMap<u64, Running>,
    /// Runs per (partition, offset) and whether the last was told to be a rerun.
    runs: BTreeMap<(i32, i64), usize>,
    plan: Option<Plan>,
    /// Deliveries on their way: the core may have changed its mind when they arrive.
    in_flight: VecDeque<Event>,
    /// Transactions go wrong.
    faults: bool,
    /// Partitions move, and the process dies.
    moves: bool,
    /// Lanes below are of one app, the others of another.
    lanes: usize,
    /// Calls of that app do not end.
    hangs: bool,
    frontiers: Vec<i64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(SplitMix64::new(seed));
        let mut sides = Vec::new();
        for _ in 0..PARTITIONS {
            let mut side = Side::default();
            let mut offset = random.below(5) as i64;
            for _ in 0..60 {
                offset += 1 + if random.one_in(4) { random.below(30) as i64 } else { 0 };
                let (lane, dead, commit_start) = (random.below(12), random.one_in(15), random.one_in(4));
                let earlier = side.log.len().checked_sub(1 + random.below(6));
                let earlier = earlier.map(|index| side.log[index].offset);
                let cancels = earlier.filter(|_| !dead && random.one_in(6));
                side.log.push(Written { offset, lane, dead, commit_start, cancels });
            }
            sides.push(side);
        }
        Self {
            random,
            core: Core::new(limits(), INCARNATION),
            now: 0,
            epochs: 0,
            sides,
            running: BTreeMap::new(),
            runs: BTreeMap::new(),
            plan: None,
            in_flight: VecDeque::new(),
            faults: true,
            moves: true,
            lanes: 4,
            hangs: false,
            frontiers: vec![0; PARTITIONS as usize],
        }
    }

    fn side(&mut self, partition: i32) -> &mut Side {
        &mut self.sides[usize::try_from(partition).unwrap()]
    }

    fn handle(&mut self, event: Event) {
        let actions = self.core.handle(self.now, [event]);
        for action in actions {
            self.act(action);
        }
        // As many again may have come back to the places that they had left.
        let (taken, resting) = (self.core.shares.running(), self.core.tasks.resting());
        assert!(resting <= self.core.limits.running && taken + resting <= 2 * self.core.limits.running);
        assert!(self.core.held.records() <= self.core.limits.records + 1);
        let mut all = Holdings::default();
        for owned in self.core.partitions.values() {
            let mut here = Holdings::default();
            for (_, entry) in owned.ledger.entries() {
                here.admit(entry);
                all.admit(entry);
            }
            assert_eq!(here, owned.held);
        }
        assert_eq!(all, self.core.held, "what the instance holds is the sum of its partitions'");
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Run { task, record, rerun, .. } => self.run(task, &record, rerun),
            Action::Bury { task, record, .. } => self.run(task, &record, true),
            Action::Shed { task, record, .. } => self.ends_without_a_run(task, &record),
            Action::CallOff { task, record, .. } => {
                assert!(self.is_cancelled(record.partition, record.offset), "nobody cancels it");
                self.ends_without_a_run(task, &record);
            }
            Action::Cancel { task } => {
                let key = self.core.tasks.key(task);
                assert!(self.is_cancelled(key.partition, key.offset), "nobody cancels it");
                self.running.get_mut(&task).unwrap().told = true;
            }
            Action::Abort { task } => self.running.get_mut(&task).unwrap().aborted = true,
            Action::Pause(assignment) => self.present(assignment).paused = true,
            Action::Resume { assignment, session, from } => {
                let side = self.present(assignment);
                side.position = side.log.partition_point(|w| w.offset < from);
                (side.session, side.paused) = (session, false);
            }
            Action::Commit(plan) => {
                assert!(self.plan.is_none(), "one plan at a time");
                for commit in &plan.offsets {
                    let side = &self.sides[usize::try_from(commit.partition).unwrap()];
                    assert!(side.owned.is_some(), "a plan names a partition that is not owned");
                    assert!(commit.metadata.len() <= crate::kafka::commit_meta::MAX_CHARS);
                }
                self.plan = Some(plan);
            }
            Action::Released(assignment) => {
                let side = self.present(assignment);
                assert!(side.releasing);
                (side.owned, side.releasing) = (None, false);
            }
            Action::Alert { partition, reason } => panic!("{partition} refused: {reason}"),
            Action::Abandon { .. } | Action::Ownership { .. } | Action::Stopped => {}
        }
    }

    /// The partition, of whose present assignment something is asked.
    fn present(&mut self, Assignment { partition, epoch }: Assignment) -> &mut Side {
        let side = self.side(partition);
        assert_eq!(side.owned, Some(epoch));
        side
    }

    fn is_cancelled(&self, partition: i32, offset: i64) -> bool {
        let side = &self.sides[usize::try_from(partition).unwrap()];
        side.log.iter().any(|written| written.cancels == Some(offset))
    }

    fn run(&mut self, task: u64, record: &Record, rerun: bool) {
        let side = &self.sides[usize::try_from(record.partition).unwrap()];
        let written = *side.log.iter().find(|w| w.offset == record.offset).unwrap();
        assert!(!side.outcomes.contains(&record.offset), "a committed call runs again");
        for other in self.running.values().filter(|other| !other.away) {
            let same =
                other.key.is_some_and(|k| k.partition == record.partition) && other.lane == written.lane;
            assert!(!same, "two calls of one lane overlap");
        }
        let runs = self.runs.entry((record.partition, record.offset)).or_default();
        if written.commit_start {
            assert!(rerun || *runs == 0, "a call that may have run runs unmarked");
        }
        *runs += 1;
        let key = self.core.tasks.key(task);
        self.side(record.partition).away.remove(&record.offset);
        let lane = written.lane;
        self.running.insert(task, Running { key: Some(key), lane, ..Running::default() });
    }

    fn ends_without_a_run(&mut self, task: u64, record: &Record) {
        let side = self.side(record.partition);
        assert!(!side.outcomes.contains(&record.offset));
        side.away.insert(record.offset);
        let lane = side.log.iter().find(|w| w.offset == record.offset).unwrap().lane;
        let key = self.core.tasks.key(task);
        self.running.insert(task, Running { key: Some(key), lane, away: true, ..Running::default() });
    }

    fn assign(&mut self, partition: i32) {
        self.epochs += 1;
        let epoch = self.epochs;
        let side = self.side(partition);
        let end = side.log.last().map_or(0, |written| written.offset + 1);
        let position = position(partition, side.committed.clone(), (0, end));
        side.position = side.log.partition_point(|w| w.offset < position.progress.base);
        (side.owned, side.session, side.paused, side.releasing) = (Some(epoch), 0, false, false);
        self.handle(Event::Assigned { partition, epoch, position: Ok(position) });
    }

    fn deliver(&mut self, partition: i32) {
        let (count, lanes) = (1 + self.random.below(8), self.lanes);
        let side = self.side(partition);
        let Some(epoch) = side.owned.filter(|_| !side.paused) else { return };
        let end = (side.position + count).min(side.log.len());
        let batch = &side.log[side.position..end];
        let items = batch
            .iter()
            .map(|w| {
                let share = if w.lane < lanes { "a" } else { "b" };
                let mut admission = admission(&w.lane.to_string(), Some(share));
                admission.commit_start = w.commit_start;
                admission.name = Some(name(w.offset));
                let disposition = match w.cancels {
                    Some(offset) => Disposition::Cancel(name(offset)),
                    None if w.dead => Disposition::Dead(vec![output(partition, w.offset)]),
                    None => Disposition::Run(admission),
                };
                Item { record: record(partition, w.offset), disposition }
            })
            .collect();
        side.position = end;
        let event = Event::Delivered { partition, epoch, session: side.session, items };
        self.in_flight.push_back(event);
    }

    fn complete(&mut self) {
        let ends = |it: &Running| it.away || it.told || it.aborted || !self.hangs || it.lane >= self.lanes;
        let tasks: Vec<u64> = self.running.iter().filter(|(_, it)| ends(it)).map(|(&task, _)| task).collect();
        if tasks.is_empty() {
            return;
        }
        let task = tasks[self.random.below(tasks.len())];
        let running = self.running.remove(&task).unwrap();
        let key = running.key.unwrap();
        // A aborted task may have ended by itself in the same moment.
        let ending = if running.aborted && self.random.one_in(2) {
            Ending::Aborted
        } else {
            Ending::Done(vec![output(key.partition, key.offset)])
        };
        self.handle(Event::Ended { task, ending });
    }

    fn take_effect(&mut self, plan: &Plan) {
        for output in plan.outputs.iter().flat_map(|outputs| outputs.iter()) {
            let side = &mut self.sides[usize::try_from(output.partition).unwrap()];
            let offset = source(output);
            assert!(!side.outcomes.contains(&offset), "a second outcome is committed");
            // One that ended as cancelled before it ran may run again after later ones, if its outcome was lost.
            let cancelled = |offset| side.log.iter().any(|w| w.cancels == Some(offset));
            let ran = |w: &&Written| !w.dead && !side.away.contains(&w.offset) && !cancelled(w.offset);
            let lane = |offset: i64| side.log.iter().filter(ran).find(|w| w.offset == offset).map(|w| w.lane);
            let later =
                side.outcomes.iter().any(|&o| o > offset && lane(o).is_some() && lane(o) == lane(offset));
            assert!(!later, "an outcome is committed before an earlier one of its lane");
            side.outcomes.push(offset);
        }
        for commit in &plan.offsets {
            let partition = usize::try_from(commit.partition).unwrap();
            let progress = Progress::open(INCARNATION, commit.offset, &commit.metadata).unwrap();
            assert!(self.frontiers[partition] <= commit.offset, "the frontier goes back");
            self.frontiers[partition] = commit.offset;
            let side = &mut self.sides[partition];
            for written in side.log.iter().filter(|w| w.offset < progress.high) {
                let done =
                    written.offset < progress.base || !progress.incomplete.contains_key(&written.offset);
                let has_outcome = |offset: i64| side.outcomes.contains(&offset);
                let runs = |offset: i64| side.log.iter().any(|w| w.offset == offset && w.cancels.is_none());
                match written.cancels {
                    Some(offset) => {
                        let over = has_outcome(offset) || !runs(offset);
                        assert!(!done || over, "a cancel is done before what it cancels");
                    }
                    None => {
                        assert_eq!(done, has_outcome(written.offset), "progress tells what has an outcome");
                    }
                }
            }
            side.committed = Some(commit.clone());
        }
    }

    /// Ends the outstanding plan. A plan with a partition that was lost since is refused, as the group would.
    fn settle(&mut self) {
        let Some(plan) = self.plan.take() else { return };
        let stale =
            plan.offsets.iter().any(|c| self.sides[usize::try_from(c.partition).unwrap()].owned.is_none());
        let fault = self.faults && self.random.one_in(4);
        let committed = !stale && !fault;
        if committed {
            self.take_effect(&plan);
        }
        let settled = if self.faults && self.random.one_in(4) {
            let found = plan
                .offsets
                .iter()
                .map(|c| (c.partition, self.sides[usize::try_from(c.partition).unwrap()].committed.clone()));
            Settled::Unknown(found.collect())
        } else if committed {
            Settled::Committed
        } else {
            Settled::Aborted
        };
        self.handle(Event::Planned { plan: plan.id, settled });
    }

    fn lose(&mut self, partition: i32) {
        // A plan in flight that names it can commit no more: the group has a new generation.
        let side = self.side(partition);
        (side.owned, side.releasing) = (None, false);
        self.handle(Event::Lost(vec![partition]));
    }

    /// A call leaves its place while it waits, or takes it again.
    fn wait(&mut self) {
        let Some(nth) = self.running.len().checked_sub(1).map(|last| self.random.below(last + 1)) else {
            return;
        };
        let Some(&task) = self.running.keys().nth(nth) else { return };
        let what = if self.random.one_in(2) { Move::Leave } else { Move::Return };
        self.handle(Event::Moved { task, what });
    }

    /// The process dies: nothing but the log survives.
    fn crash(&mut self) {
        self.core = Core::new(self.core.limits.clone(), INCARNATION);
        self.running.clear();
        self.plan = None;
        self.in_flight.clear();
        for side in &mut self.sides {
            (side.owned, side.releasing) = (None, false);
        }
    }

    fn step(&mut self) {
        let partition = self.random.below(PARTITIONS as usize) as i32;
        let (owned, releasing) = (self.side(partition).owned.is_some(), self.side(partition).releasing);
        match self.random.below(if self.moves { 14 } else { 11 }) {
            0 | 1 if !owned && !self.names(partition) => self.assign(partition),
            0..=3 => self.deliver(partition),
            4..=6 => self.complete(),
            7 | 8 => self.settle(),
            9 => {
                if let Some(event) = self.in_flight.pop_front() {
                    self.handle(event);
                }
            }
            10 => {
                self.now += self.random.0.number() % 400;
                self.handle(Event::Tick);
            }
            11 if owned && !releasing => {
                let epoch = self.side(partition).owned.unwrap_or_default();
                self.side(partition).releasing = true;
                self.handle(Event::Revoked(vec![assignment(partition, epoch)]));
            }
            12 if owned && self.random.one_in(4) => self.lose(partition),
            12 => self.wait(),
            13 if self.random.one_in(12) => self.crash(),
            _ => {}
        }
    }

    /// Offsets in a transaction that is open are not stable: a partition is not assigned anew before.
    fn names(&self, partition: i32) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.offsets.iter().any(|c| c.partition == partition))
    }

    /// Everything has its outcome, but for calls that hang and are not cancelled.
    fn finished(&self) -> bool {
        let over = |side: &Side| {
            let cancelled: BTreeSet<i64> = side.log.iter().filter_map(|w| w.cancels).collect();
            let waited_for =
                |w: &&Written| !self.hangs || w.dead || w.lane >= self.lanes || cancelled.contains(&w.offset);
            let runs = side.log.iter().filter(|w| w.cancels.is_none());
            runs.filter(waited_for).all(|w| side.outcomes.contains(&w.offset))
        };
        self.sides.iter().all(over)
    }
}

/// What crashes often may be condemned, and a model whose crashes are nobody's fault must not run into that.
fn patient_limits(world: &mut World) {
    world.core.limits.quarantine = 0;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_record_has_one_outcome_in_the_order_of_its_lane(seed in any::<u64>()) {
        let mut world = World::new(seed);
        if seed % 2 == 0 {
            patient_limits(&mut world);
        }
        for _ in 0..1_500 {
            world.step();
        }
        (world.faults, world.moves) = (false, false);
        for _ in 0..40_000 {
            if world.finished() {
                break;
            }
            world.step();
        }
        prop_assert!(world.finished(), "it stalls when the faults stop: {:?}", world.core);
        let mut seen = BTreeSet::new();
        for (partition, side) in world.sides.iter().enumerate() {
            prop_assert!(side.outcomes.iter().all(|offset| seen.insert((partition, *offset))));
        }
    }

    #[test]
    fn an_app_whose_calls_hang_stops_no_other(seed in any::<u64>()) {
        let mut world = World::new(seed);
        patient_limits(&mut world);
        // Three quarters are of the app that hangs: more than a partition and the instance can hold.
        (world.lanes, world.hangs) = (9, true);
        if seed % 2 == 0 {
            world.core.limits.lane = 100;
        }
        // What was shed and is not committed is admitted by the next owner, so it would hang as well.
        world.moves = false;
        for _ in 0..1_500 {
            world.step();
        }
        world.faults = false;
        for _ in 0..40_000 {
            if world.finished() {
                break;
            }
            world.step();
        }
        prop_assert!(world.finished(), "the other app stands: {:?}", world.core);
        prop_assert!(world.sides.iter().any(|side| !side.away.is_empty()));
        for owned in world.core.partitions.values() {
            let stuck = owned.ledger.entries().filter(|(_, entry)| entry.unrun == Unrun::No).count();
            prop_assert!(stuck * 100 <= world.core.limits.partition_records * 80, "{}", stuck);
        }
    }
}
