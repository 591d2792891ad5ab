//! A cancel meets its record wherever that may be.

use super::cases::{Bench, map_of, plan_of, started};
use super::*;

/// What a record of the log is.
#[derive(Clone, Copy)]
enum Written {
    /// In this lane, its start committed before it runs or not.
    Runs(&'static str, bool),
    /// Cancels the record at this offset.
    Cancels(i64),
}
use Written::{Cancels, Runs};

impl Bench {
    fn write(&mut self, records: impl IntoIterator<Item = (i64, Written)>) -> Vec<Action> {
        let item = |(offset, written)| {
            let disposition = match written {
                Cancels(offset) => Disposition::Cancel(name(offset)),
                Runs(lane, commit_start) => {
                    let name = Some(name(offset));
                    Disposition::Run(Admission { name, commit_start, ..admission(lane, Some("app")) })
                }
            };
            Item { record: record(0, offset), disposition }
        };
        let items = records.into_iter().map(item).collect();
        self.on(Event::Delivered { partition: 0, epoch: 1, session: 0, items })
    }

    /// A partition that is open, with these records.
    fn open(records: impl IntoIterator<Item = (i64, Written)>) -> (Self, Vec<(i64, u64, bool)>) {
        let mut bench = Self::new(|_| ());
        bench.assign(1, None);
        let opening = plan_of(&bench.write(records)).unwrap();
        let runs = started(&bench.settle(&opening, Settled::Committed));
        (bench, runs)
    }
}

/// Records that are to end without a run, with their tasks.
fn called_off(actions: &[Action]) -> Vec<(i64, u64)> {
    let off = |action: &Action| match action {
        Action::CallOff { task, record, .. } => Some((record.offset, *task)),
        _ => None,
    };
    actions.iter().filter_map(off).collect()
}

fn told(actions: &[Action]) -> Vec<u64> {
    let told = |action: &Action| if let Action::Cancel { task } = action { Some(*task) } else { None };
    actions.iter().filter_map(told).collect()
}

fn incomplete(plan: &Plan) -> Vec<i64> {
    map_of(plan).incomplete.into_keys().collect()
}

#[test]
fn a_call_that_runs_is_told_and_its_cancel_is_done_with_it() {
    let (mut bench, runs) = Bench::open([(0, Runs("a", false)), (1, Runs("b", false))]);
    assert_eq!(told(&bench.write([(2, Cancels(0))])), [runs[0].1]);
    let other = plan_of(&bench.end(runs[1].1, 1)).unwrap();
    assert_eq!(incomplete(&other), [0, 2], "both are there for the next owner");
    bench.settle(&other, Settled::Committed);
    let plan = plan_of(&bench.end(runs[0].1, 0)).unwrap();
    assert_eq!((plan.outputs.iter().flat_map(|all| all.iter()).count(), plan.offsets[0].offset), (1, 3));
    bench.settle(&plan, Settled::Committed);
    assert_eq!((bench.core.tally.cancelled, &bench.core.held), (1, &Holdings::default()));
}

#[test]
fn what_waits_in_its_lane_ends_without_a_run_and_before_its_turn() {
    let lane = [(0, Runs("a", false)), (1, Runs("a", false)), (2, Runs("a", false))];
    let (mut bench, runs) = Bench::open(lane);
    let actions = bench.write([(3, Cancels(1))]);
    let off = called_off(&actions);
    assert_eq!((off.len(), off[0].0, told(&actions)), (1, 1, vec![]));
    let plan = plan_of(&bench.end(off[0].1, 1)).unwrap();
    assert_eq!(incomplete(&plan), [0, 2]);
    bench.settle(&plan, Settled::Committed);
    assert_eq!(started(&bench.end(runs[0].1, 0)).first().map(|run| run.0), Some(2), "its place is closed");
}

#[test]
fn the_next_of_the_lane_starts_at_once_when_the_front_has_not_started() {
    let mut bench = Bench::new(|_| ());
    bench.assign(1, None);
    let opening = plan_of(&bench.write([(0, Runs("a", true)), (1, Runs("a", false))])).unwrap();
    assert_eq!(bench.core.shares.running(), 1, "an announced start has a place");
    let off = called_off(&bench.write([(2, Cancels(0))]));
    assert_eq!(off.iter().map(|off| off.0).collect::<Vec<_>>(), [0]);
    // The start of 0 was committed, and it does not run.
    let mut actions = bench.settle(&opening, Settled::Committed);
    bench.end(off[0].1, 0);
    let mut ran: Vec<i64> = started(&actions).iter().map(|run| run.0).collect();
    while let Some(plan) = plan_of(&actions) {
        actions = bench.settle(&plan, Settled::Committed);
        ran.extend(started(&actions).iter().map(|run| run.0));
    }
    assert_eq!(ran, [1]);
    assert_eq!(bench.core.shares.running(), 1);
}

#[test]
fn a_cancel_of_what_is_over_or_was_never_there_is_done_at_once() {
    let (mut bench, runs) = Bench::open([(0, Runs("a", false)), (1, Runs("b", false))]);
    let plan = plan_of(&bench.end(runs[0].1, 0)).unwrap();
    assert!(told(&bench.write([(2, Cancels(0)), (3, Cancels(77)), (4, Cancels(2))])).is_empty());
    assert_eq!(bench.core.tally.cancelled, 0);
    // The outcome goes again before any cancel of it.
    bench.settle(&plan, Settled::Aborted);
    bench.now += 1_000;
    let again = plan_of(&bench.on(Event::Tick)).unwrap();
    assert_eq!((again.outputs.len(), incomplete(&again)), (4, vec![1]));
    assert_eq!(source(&again.outputs[0][0]), 0);
}

#[test]
fn a_restart_between_the_two_still_cancels() {
    let (mut bench, _) = Bench::open([(0, Runs("a", false)), (1, Runs("b", false))]);
    bench.write([(2, Cancels(0))]);
    bench.now += 2_000_000;
    let covered = plan_of(&bench.on(Event::Tick)).unwrap();
    let crashed = covered.offsets[0].clone();
    let mut next = Bench::new(|limits| limits.quarantine = 0);
    next.assign(1, Some(crashed));
    let actions = next.write([(0, Runs("a", false)), (1, Runs("b", false)), (2, Cancels(0))]);
    assert_eq!(
        called_off(&actions).first().map(|off| off.0),
        Some(0),
        "it is cancelled before it runs again"
    );
    let opening = plan_of(&actions).unwrap();
    let ran = started(&next.settle(&opening, Settled::Committed));
    assert_eq!(ran.iter().map(|run| run.0).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_suspect_that_is_cancelled_needs_no_trial() {
    // It ran at two ends in a row.
    let mut committed = None;
    for _ in 0..2 {
        let mut bench = Bench::new(|_| ());
        bench.assign(1, committed);
        let opening = plan_of(&bench.write([(0, Runs("a", false))])).unwrap();
        bench.settle(&opening, Settled::Committed);
        committed = Some(opening.offsets[0].clone());
    }
    let mut bench = Bench::new(|_| ());
    bench.assign(1, committed);
    bench.write([(0, Runs("a", false))]);
    assert_eq!(bench.core.status(0).suspects, 1);
    let actions = bench.write([(1, Cancels(0))]);
    let off = called_off(&actions);
    assert_eq!(bench.core.status(0).suspects, 0);
    let mut actions: Vec<Action> = actions.into_iter().chain(bench.end(off[0].1, 0)).collect();
    let mut offset = 0;
    while let Some(plan) = plan_of(&actions) {
        offset = plan.offsets[0].offset;
        actions = bench.settle(&plan, Settled::Committed);
    }
    assert_eq!(offset, 2);
    bench.now += 10_000;
    assert!(started(&bench.on(Event::Tick)).is_empty());
}
