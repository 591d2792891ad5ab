use proptest::prelude::*;

use super::*;
use crate::call::Limits as Raw;
use crate::call::RawLimits;

pub(super) struct Bench {
    pub(super) core: Core,
    pub(super) now: u64,
}

/// Starts among actions, as (offset, task, rerun).
pub(super) fn started(actions: &[Action]) -> Vec<(i64, u64, bool)> {
    let run = |action: &Action| match action {
        Action::Run { task, record, rerun, .. } => Some((record.offset, *task, *rerun)),
        _ => None,
    };
    actions.iter().filter_map(run).collect()
}

pub(super) fn plan_of(actions: &[Action]) -> Option<Plan> {
    actions
        .iter()
        .find_map(|action| if let Action::Commit(plan) = action { Some(plan.clone()) } else { None })
}

pub(super) fn map_of(plan: &Plan) -> Progress {
    let commit = &plan.offsets[0];
    Progress::open(INCARNATION, commit.offset, &commit.metadata).unwrap()
}

impl Bench {
    pub(super) fn new(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = limits();
        limits.cover = 1_000_000;
        change(&mut limits);
        Self { core: Core::new(limits, INCARNATION), now: 0 }
    }

    pub(super) fn on(&mut self, event: Event) -> Vec<Action> {
        self.core.handle(self.now, [event])
    }

    pub(super) fn assign(&mut self, epoch: u64, committed: Option<Commit>) -> Vec<Action> {
        self.on(Event::Assigned { partition: 0, epoch, position: Ok(position(0, committed, (0, 0))) })
    }

    /// Delivers records, each in a lane of its own.
    pub(super) fn deliver(
        &mut self,
        epoch: u64,
        session: u64,
        offsets: impl IntoIterator<Item = i64>,
    ) -> Vec<Action> {
        let item = |offset: i64| Item {
            record: record(0, offset),
            disposition: Disposition::Run(admission(&offset.to_string(), None)),
        };
        let items = offsets.into_iter().map(item).collect();
        self.on(Event::Delivered { partition: 0, epoch, session, items })
    }

    pub(super) fn end(&mut self, task: u64, offset: i64) -> Vec<Action> {
        self.on(Event::Ended { task, ending: Ending::Done(vec![output(0, offset)]) })
    }

    pub(super) fn settle(&mut self, plan: &Plan, settled: Settled) -> Vec<Action> {
        self.on(Event::Planned { plan: plan.id, settled })
    }

    /// A partition whose first records run: its opening plan is committed.
    fn running(&mut self, offsets: impl IntoIterator<Item = i64>) -> Vec<(i64, u64, bool)> {
        self.assign(1, None);
        let opening = plan_of(&self.deliver(1, 0, offsets)).unwrap();
        assert!(!map_of(&opening).clean, "the opening says that a crash from now on is one");
        started(&self.settle(&opening, Settled::Committed))
    }
}

#[test]
fn what_was_read_at_admission_is_given_to_the_run() {
    let mut bench = Bench::new(|_| ());
    bench.assign(1, None);
    let opening = plan_of(&bench.deliver(1, 0, 0..2)).unwrap();
    let started = bench.settle(&opening, Settled::Committed).into_iter().filter_map(|action| match action {
        Action::Run { decoded, .. } => decoded.get::<String>(),
        _ => None,
    });
    // Its lane, which is its offset.
    assert_eq!(started.map(|lane| lane.parse::<i64>().unwrap()).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn nothing_runs_before_the_partition_is_marked_as_open() {
    let mut bench = Bench::new(|_| ());
    bench.assign(1, None);
    let actions = bench.deliver(1, 0, 0..3);
    assert!(started(&actions).is_empty());
    let opening = plan_of(&actions).unwrap();
    assert_eq!(started(&bench.settle(&opening, Settled::Committed)).len(), 3);
}

#[test]
fn outcomes_that_arise_during_a_transaction_go_together_into_the_next() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running(0..4);
    let first = plan_of(&bench.end(tasks[2].1, 2)).unwrap();
    assert_eq!((first.outputs.len(), map_of(&first).incomplete.len(), first.offsets[0].offset), (1, 3, 0));
    assert!(plan_of(&bench.end(tasks[0].1, 0)).is_none());
    assert!(plan_of(&bench.end(tasks[1].1, 1)).is_none());
    let second = plan_of(&bench.settle(&first, Settled::Committed)).unwrap();
    assert_eq!(
        (second.outputs.len(), second.offsets[0].offset),
        (2, 3),
        "the frontier jumps over what was ahead"
    );
}

#[test]
fn a_completion_of_an_old_epoch_changes_nothing_and_the_record_waits_for_its_end() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running([0]);
    bench.on(Event::Lost(vec![0]));
    bench.assign(2, None);
    let opening = bench.deliver(2, 0, [0]);
    assert!(plan_of(&opening).is_none(), "nothing starts beside the old task");
    let actions = bench.end(tasks[0].1, 0);
    assert_eq!(bench.core.tally.stale, 1);
    let opening = plan_of(&actions).unwrap();
    assert!(opening.outputs.is_empty(), "the old outcome is dropped");
    assert_eq!(started(&bench.settle(&opening, Settled::Committed)).len(), 1);
}

#[test]
fn records_read_before_a_move_are_not_taken_for_a_gap() {
    let mut bench = Bench::new(|limits| limits.partition_records = 4);
    let tasks = bench.running(0..4);
    let held = bench.deliver(1, 0, 4..6);
    assert!(matches!(held[..], [Action::Pause(Assignment { partition: 0, .. })]));
    let mut resumed = None;
    for (offset, task, _) in tasks {
        let mut actions = bench.end(task, offset);
        while let Some(plan) = plan_of(&actions) {
            actions = bench.settle(&plan, Settled::Committed);
            resumed = resumed.or(actions.iter().find_map(|action| match action {
                Action::Resume { session, from, .. } => Some((*session, *from)),
                _ => None,
            }));
        }
    }
    assert_eq!(resumed, Some((1, 4)), "it goes on at the first record that was left in the log");
    bench.deliver(1, 0, 8..10);
    assert_eq!(bench.core.partitions[&0].ledger.next(), 4);
    bench.deliver(1, 1, 4..6);
    assert_eq!(bench.core.partitions[&0].ledger.next(), 6);
}

#[test]
fn an_unknown_outcome_is_settled_by_what_is_committed() {
    for found in [true, false] {
        let mut bench = Bench::new(|_| ());
        let tasks = bench.running(0..2);
        let before = bench.core.partitions[&0].committed.clone();
        let plan = plan_of(&bench.end(tasks[0].1, 0)).unwrap();
        let there = if found { Some(plan.offsets[0].clone()) } else { before };
        let actions = bench.settle(&plan, Settled::Unknown(vec![(0, there)]));
        assert_eq!(bench.core.tally.committed, u64::from(found));
        assert!(plan_of(&actions).is_none(), "an outcome that is not there is planned again after a pause");
        bench.now += 1_000;
        assert_eq!(plan_of(&bench.on(Event::Tick)).map(|plan| plan.outputs.len()), (!found).then_some(1));
    }
}

#[test]
fn progress_that_another_writer_moved_refuses_the_partition() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running(0..2);
    let plan = plan_of(&bench.end(tasks[0].1, 0)).unwrap();
    let metadata = Progress::fresh(9).seal(INCARNATION).unwrap();
    let foreign = Commit { partition: 0, offset: 9, metadata };
    let actions = bench.settle(&plan, Settled::Unknown(vec![(0, Some(foreign))]));
    assert!(actions.iter().any(|a| matches!(a, Action::Alert { partition: 0, reason: "foreign_commit" })));
    assert_eq!(bench.core.tally.committed, 0);
}

#[test]
fn a_revoked_partition_is_released_after_a_last_plan_that_says_so() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running(0..3);
    let first = plan_of(&bench.end(tasks[1].1, 1)).unwrap();
    bench.end(tasks[2].1, 2);
    let actions = bench.on(Event::Revoked(vec![assignment(0, 1)]));
    assert!(actions.iter().any(|a| matches!(a, Action::Abort { task } if *task == tasks[0].1)));
    let last = plan_of(&bench.settle(&first, Settled::Committed)).unwrap();
    let map = map_of(&last);
    assert!(map.clean && map.exact && map.incomplete[&0].started, "it ran and did not end");
    let actions = bench.settle(&last, Settled::Committed);
    assert!(actions.iter().any(|a| matches!(a, Action::Released(Assignment { partition: 0, .. }))));
    bench.on(Event::Ended { task: tasks[0].1, ending: Ending::Aborted });
    let mut next = Bench::new(|_| ());
    next.assign(1, Some(last.offsets[0].clone()));
    let opening = plan_of(&next.deliver(1, 0, 0..4)).unwrap();
    let runs = started(&next.settle(&opening, Settled::Committed));
    assert_eq!(runs.iter().map(|run| (run.0, run.2)).collect::<Vec<_>>(), [(0, true), (3, false)]);
}

#[test]
fn a_lost_partition_is_in_no_further_plan() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running(0..3);
    let plan = plan_of(&bench.end(tasks[0].1, 0)).unwrap();
    bench.end(tasks[1].1, 1);
    let actions = bench.on(Event::Lost(vec![0]));
    assert!(actions.iter().any(|a| matches!(a, Action::Abandon { plan: id } if *id == plan.id)));
    bench.settle(&plan, Settled::Aborted);
    bench.now += 10_000;
    assert!(plan_of(&bench.on(Event::Tick)).is_none());
    assert_eq!(bench.core.held, Holdings::default());
}

#[test]
fn what_may_have_run_is_not_forgotten_by_an_owner_that_never_saw_it() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running(0..4);
    let crashed = plan_of(&bench.end(tasks[3].1, 3)).unwrap().offsets[0].clone();
    let mut bench = Bench::new(|_| ());
    bench.assign(1, Some(crashed));
    let opening = plan_of(&bench.deliver(1, 0, [0])).unwrap();
    bench.on(Event::Revoked(vec![assignment(0, 1)]));
    let last = plan_of(&bench.settle(&opening, Settled::Committed)).unwrap();
    assert!(map_of(&last).clean && !map_of(&last).exact);
    let mut next = Bench::new(|_| ());
    next.assign(1, Some(last.offsets[0].clone()));
    let opening = plan_of(&next.deliver(1, 0, 0..5)).unwrap();
    let mut runs = started(&next.settle(&opening, Settled::Committed));
    runs.sort();
    let marks: Vec<_> = runs.iter().map(|run| (run.0, run.2)).collect();
    assert_eq!(marks, [(0, true), (1, true), (2, true), (4, false)]);
}

#[test]
fn a_stop_waits_for_running_calls_as_long_as_its_grace() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running(0..2);
    bench.on(Event::Stop { grace: Duration::from_millis(500) });
    let plan = plan_of(&bench.end(tasks[0].1, 0)).unwrap();
    bench.settle(&plan, Settled::Committed);
    assert!(plan_of(&bench.deliver(1, 0, 2..4)).is_none(), "nothing more is taken");
    assert_eq!(bench.core.due(), Some(500));
    bench.now = 500;
    let last = plan_of(&bench.on(Event::Tick)).unwrap();
    assert!(map_of(&last).clean);
    assert!(bench.settle(&last, Settled::Committed).iter().any(|action| matches!(action, Action::Stopped)));
}

#[test]
fn a_stop_does_not_wait_for_brokers_that_are_away() {
    let mut bench = Bench::new(|_| ());
    let tasks = bench.running(0..2);
    assert!(plan_of(&bench.end(tasks[0].1, 0)).is_some());
    bench.on(Event::Stop { grace: Duration::from_millis(500) });
    bench.now = 500;
    assert!(bench.on(Event::Tick).iter().all(|action| !matches!(action, Action::Stopped)));
    bench.now = bench.core.due().unwrap();
    assert!(bench.on(Event::Tick).iter().any(|action| matches!(action, Action::Stopped)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_records_come_and_go_the_metadata_stays_below_three_quarters(
        steps in prop::collection::vec((1i64..60, any::<prop::sample::Index>(), 0u8..12), 3_500),
    ) {
        let raw = RawLimits { running: 5_000, share_percent: 100, ..RawLimits::default() };
        let limits = Raw::new("call", raw).unwrap().core(INCARNATION);
        let mut bench = Bench { core: Core::new(limits, INCARNATION), now: 0 };
        let mut running: Vec<(i64, u64, bool)> = Vec::new();
        let (mut offset, mut longest, mut session) = (0, 0, 0);
        bench.assign(1, None);
        let mut plan = None;
        for (gap, index, completes) in steps {
            let next = offset + gap;
            let mut actions = bench.deliver(1, session, [next]);
            if bench.core.partitions[&0].ledger.next() > next {
                offset = next;
            }
            if completes == 0 && !running.is_empty() {
                let (offset, task, _) = running.swap_remove(index.index(running.len()));
                actions.extend(bench.end(task, offset));
            }
            plan = plan_of(&actions).or(plan);
            if let Some(plan) = plan.take() {
                longest = longest.max(plan.offsets.iter().map(|commit| commit.metadata.len()).max().unwrap_or(0));
                actions.extend(bench.settle(&plan, Settled::Committed));
            }
            plan = actions.iter().rev().find_map(|a| if let Action::Commit(p) = a { Some(p.clone()) } else { None })
                .filter(|p| bench.core.outstanding.as_ref().is_some_and(|o| o.id == p.id));
            session = bench.core.partitions[&0].session;
            running.extend(started(&actions));
        }
        prop_assert!((2_900..=3_072).contains(&longest), "{longest}");
    }
}

#[test]
fn an_outcome_is_never_committed_without_its_progress() {
    let mut bench = Bench::new(|limits| {
        (limits.records, limits.bytes) = (10_000, 10_000_000);
        (limits.partition_records, limits.partition_bytes, limits.map_bytes) = (10_000, 10_000_000, 10_000);
    });
    let tasks = bench.running(0..1);
    // More than metadata can hold: admission is there to keep that from happening.
    bench.deliver(1, 0, 1..4_500);
    let actions = bench.end(tasks[0].1, 0);
    assert!(plan_of(&actions).is_none(), "nothing is committed that the next owner would do again");
    let refused = |action: &Action| matches!(action, Action::Alert { reason: "progress_too_long", .. });
    assert!(actions.iter().any(refused));
    let paused: Vec<Assignment> = actions.iter().filter_map(paused).collect();
    assert_eq!(paused, [assignment(0, 1)]);
    assert_eq!(bench.core.held, Holdings::default());
}

fn paused(action: &Action) -> Option<Assignment> {
    if let Action::Pause(assignment) = action { Some(*assignment) } else { None }
}
