use super::cases::{Bench, plan_of, started};
use super::*;
use crate::call::place::Move;

/// Ten records of one app, of which two may run at a time.
fn bench() -> (Bench, Vec<(i64, u64, bool)>) {
    let mut bench = Bench::new(|limits| limits.running = 2);
    bench.core.shares = Shares::new(2);
    bench.assign(1, None);
    let item = |offset: i64| Item {
        record: record(0, offset),
        disposition: Disposition::Run(admission(&offset.to_string(), Some("app"))),
    };
    let items = (0..10).map(item).collect();
    let opening = plan_of(&bench.on(Event::Delivered { partition: 0, epoch: 1, session: 0, items })).unwrap();
    let running = started(&bench.settle(&opening, Settled::Committed));
    assert_eq!(running.len(), 2);
    (bench, running)
}

fn offsets(started: &[(i64, u64, bool)]) -> Vec<i64> {
    started.iter().map(|it| it.0).collect()
}

impl Bench {
    fn moves(&mut self, task: u64, what: Move) -> Vec<(i64, u64, bool)> {
        started(&self.on(Event::Moved { task, what }))
    }
}

#[test]
fn a_job_that_waits_leaves_its_place_to_another_and_has_it_again_at_once() {
    let (mut bench, running) = bench();
    let next = bench.moves(running[0].1, Move::Leave);
    assert_eq!(offsets(&next), [2]);
    assert!(bench.moves(running[0].1, Move::Return).is_empty());
    assert_eq!(bench.core.shares.running(), 3, "one more than the limit for a while");
    assert!(started(&bench.end(running[1].1, 1)).is_empty(), "and nobody starts meanwhile");
    assert_eq!(offsets(&started(&bench.end(next[0].1, 2))), [3]);
    assert_eq!(bench.core.shares.running(), 2);
}

#[test]
fn a_job_that_ends_while_it_waits_gives_its_place_back_once() {
    let (mut bench, running) = bench();
    let next = bench.moves(running[0].1, Move::Leave);
    assert!(started(&bench.end(running[0].1, 0)).is_empty());
    assert!(bench.moves(running[0].1, Move::Return).is_empty(), "it is over");
    assert_eq!(bench.core.shares.running(), 2);
    assert_eq!(offsets(&started(&bench.end(next[0].1, 2))), [3]);
}

#[test]
fn no_more_jobs_wait_beside_those_that_run_than_may_run() {
    let (mut bench, running) = bench();
    let mut all = running;
    for _ in 0..5 {
        let moved = all.iter().flat_map(|it| bench.moves(it.1, Move::Leave)).collect::<Vec<_>>();
        all.extend(moved);
    }
    assert_eq!(offsets(&all), [0, 1, 2, 3]);
    assert_eq!((bench.core.tasks.resting(), bench.core.shares.running()), (2, 2));
}

#[test]
fn what_waits_keeps_its_lane_and_a_stop_waits_for_it() {
    let (mut bench, running) = bench();
    bench.on(Event::Stop { grace: Duration::from_secs(1) });
    bench.end(running[1].1, 1);
    bench.moves(running[0].1, Move::Leave);
    let stopped = |actions: &[Action]| actions.iter().any(|action| matches!(action, Action::Released(_)));
    while let Some(plan) = bench.core.outstanding.as_ref().map(|plan| plan.id) {
        assert!(!stopped(&bench.on(Event::Planned { plan, settled: Settled::Committed })));
    }
    assert!(!stopped(&bench.on(Event::Tick)), "it may still end");
}
