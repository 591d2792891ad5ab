use super::cases::{Bench, map_of, plan_of, started};
use super::*;

/// A bench of forty records, of which a share that crowds may use thirty-two.
fn bench() -> Bench {
    let mut bench = Bench::new(|limits| {
        (limits.running, limits.map_bytes, limits.lane) = (200, 1_000, 100);
    });
    bench.core.shares = Shares::new(200);
    bench.assign(1, None);
    bench
}

/// Delivers one record per offset, in a lane of its own.
fn deliver(bench: &mut Bench, app: &str, offsets: impl IntoIterator<Item = i64>) -> Vec<Action> {
    let items = offsets.into_iter().map(|offset| item(offset, &offset.to_string(), app)).collect();
    deliver_items(bench, items)
}

fn deliver_items(bench: &mut Bench, items: Vec<Item>) -> Vec<Action> {
    let session = bench.core.partitions[&0].session;
    bench.on(Event::Delivered { partition: 0, epoch: 1, session, items })
}

fn item(offset: i64, lane: &str, app: &str) -> Item {
    Item { record: record(0, offset), disposition: Disposition::Run(admission(lane, Some(app))) }
}

/// Records shed, as (offset, task).
fn away(actions: &[Action]) -> Vec<(i64, u64)> {
    let away = |action: &Action| match action {
        Action::Shed { task, record, .. } => Some((record.offset, *task)),
        _ => None,
    };
    actions.iter().filter_map(away).collect()
}

fn offsets(pairs: &[(i64, u64)]) -> Vec<i64> {
    pairs.iter().map(|pair| pair.0).collect()
}

/// Ends these tasks and commits until nothing waits; tells what happened meanwhile.
fn end_all(bench: &mut Bench, tasks: &[(i64, u64)]) -> Vec<Action> {
    let mut all: Vec<Action> = tasks.iter().flat_map(|&(offset, task)| bench.end(task, offset)).collect();
    while let Some(plan) = bench.core.outstanding.as_ref().map(|plan| plan.id) {
        all.extend(bench.on(Event::Planned { plan, settled: Settled::Committed }));
    }
    all
}

/// Records that `stuck` holds, all of them running.
fn with_stuck(bench: &mut Bench) -> Vec<(i64, u64, bool)> {
    let actions = deliver(bench, "stuck", 0..32);
    assert!(away(&actions).is_empty(), "there is room");
    let opening = plan_of(&actions).unwrap();
    started(&bench.settle(&opening, Settled::Committed))
}

#[test]
fn what_crowds_is_shed_and_others_run() {
    let mut bench = bench();
    assert_eq!(with_stuck(&mut bench).len(), 32);
    let actions = deliver(&mut bench, "stuck", 32..35);
    assert_eq!((offsets(&away(&actions)), started(&actions).len()), (vec![32, 33, 34], 0));
    let other = deliver(&mut bench, "other", [35]);
    assert_eq!((away(&other).len(), started(&other).len()), (0, 1));
    let plan = plan_of(&bench.end(away(&actions)[0].1, 32)).unwrap();
    assert!(!map_of(&plan).incomplete.contains_key(&32), "its end is an outcome like any other");
    bench.settle(&plan, Settled::Committed);
    let status = bench.core.status(0);
    assert_eq!((status.crowded, status.committed, status.running), (3, 1, 33));
    assert_eq!(bench.core.shares.running(), 33, "who is shed takes nobody's place");
}

#[test]
fn room_that_comes_free_is_used_again() {
    let mut bench = bench();
    let running = with_stuck(&mut bench);
    let ended: Vec<_> = running[..4].iter().map(|run| (run.0, run.1)).collect();
    end_all(&mut bench, &ended);
    let actions = deliver(&mut bench, "stuck", 32..40);
    assert_eq!((started(&actions).len(), offsets(&away(&actions))), (4, vec![36, 37, 38, 39]));
}

#[test]
fn a_map_that_fills_up_counts_as_well() {
    let mut bench = bench();
    bench.core.limits.map_bytes = 40;
    let actions = deliver(&mut bench, "stuck", (0..40).map(|n| n * 100));
    let turned = offsets(&away(&actions));
    assert_eq!(turned.first(), Some(&1_700), "two bytes each, the first takes one");
}

#[test]
fn a_flood_is_shed_without_stopping_those_behind_it() {
    let mut bench = bench();
    with_stuck(&mut bench);
    let mut tried = 0;
    while bench.core.partitions[&0].ledger.next() < 500 {
        let next = bench.core.partitions[&0].ledger.next();
        let actions = deliver(&mut bench, "stuck", next..next + 20);
        let after = end_all(&mut bench, &away(&actions));
        if actions.iter().any(|action| matches!(action, Action::Pause(_))) {
            assert!(after.iter().any(|action| matches!(action, Action::Resume { .. })), "it goes on");
        }
        tried += 1;
        assert!(tried < 200, "it stands");
    }
    let next = bench.core.partitions[&0].ledger.next();
    assert_eq!(started(&deliver(&mut bench, "other", [next])).len(), 1);
}

#[test]
fn everyone_waits_where_overload_does_not_shed() {
    let mut bench = bench();
    bench.core.limits.shed_percent = None;
    with_stuck(&mut bench);
    let actions = deliver(&mut bench, "stuck", 32..45);
    assert!(away(&actions).is_empty());
    assert!(actions.iter().any(|action| matches!(action, Action::Pause(Assignment { partition: 0, .. }))));
    assert_eq!(bench.core.partitions[&0].ledger.next(), 40, "all of its room is used");
}

#[test]
fn the_instance_has_room_for_others_as_well() {
    let mut bench = bench();
    bench.core.limits.records = 50;
    with_stuck(&mut bench);
    bench.on(Event::Assigned { partition: 1, epoch: 2, position: Ok(position(1, None, (0, 0))) });
    let items = (0..12i64).map(|n| Item {
        record: record(1, n),
        disposition: Disposition::Run(admission(&n.to_string(), Some("stuck"))),
    });
    let actions = bench.on(Event::Delivered { partition: 1, epoch: 2, session: 0, items: items.collect() });
    assert_eq!(offsets(&away(&actions)), [8, 9, 10, 11], "forty of fifty");
    bench.on(Event::Lost(vec![0, 1]));
    assert_eq!(bench.core.held, Holdings::default());
}

#[test]
fn a_lane_that_lost_a_record_runs_nothing_later_until_nothing_of_it_is_left() {
    let mut bench = bench();
    let mut items: Vec<Item> = (0..31).map(|n| item(n, &n.to_string(), "stuck")).collect();
    items.extend((31..34).map(|n| item(n, "parts", "stuck")));
    let actions = deliver_items(&mut bench, items);
    assert_eq!(offsets(&away(&actions)), [32, 33]);
    let opening = plan_of(&actions).unwrap();
    let running = started(&bench.settle(&opening, Settled::Committed));
    end_all(&mut bench, &away(&actions));
    let ended: Vec<_> = running[..10].iter().map(|run| (run.0, run.1)).collect();
    end_all(&mut bench, &ended);
    let late = deliver_items(&mut bench, vec![item(34, "parts", "stuck"), item(35, "new", "stuck")]);
    assert_eq!((offsets(&away(&late)), started(&late)[0].0), (vec![34], 35), "there is room, but not for it");
    end_all(&mut bench, &away(&late));
    let first = running.iter().find(|run| run.0 == 31).unwrap();
    end_all(&mut bench, &[(first.0, first.1)]);
    let next = deliver_items(&mut bench, vec![item(36, "parts", "stuck")]);
    assert_eq!(started(&next).len(), 1);
}

#[test]
fn what_a_previous_owner_admitted_is_never_shed() {
    let mut bench = bench();
    let running = with_stuck(&mut bench);
    deliver(&mut bench, "other", 32..40);
    let plan = plan_of(&bench.end(running[31].1, 31)).unwrap();
    let mut next = self::bench();
    next.assign(1, Some(plan.offsets[0].clone()));
    let actions = deliver(&mut next, "stuck", (0..31).chain(32..40));
    assert!(away(&actions).is_empty());
    assert_eq!(offsets(&away(&deliver(&mut next, "stuck", [40]))), [40], "what is new is");
}

#[test]
fn a_lane_that_is_full_stops_nobody_behind_it() {
    let mut bench = bench();
    bench.core.limits.lane = 3;
    let actions = deliver_items(&mut bench, (0..5).map(|n| item(n, "hot", "a")).collect());
    assert_eq!(offsets(&away(&actions)), [3, 4]);
    let actions = deliver(&mut bench, "a", [5]);
    assert_eq!((away(&actions).len(), bench.core.partitions[&0].ledger.next()), (0, 6));
}

#[test]
fn a_lane_that_was_longer_under_the_previous_owner_stops_nobody() {
    for overload in [Some(50), None] {
        let mut progress = Progress::fresh(0);
        progress.high = 4;
        progress.incomplete = (0..4).map(|offset| (offset, Default::default())).collect();
        let mut bench = bench();
        (bench.core.limits.lane, bench.core.limits.shed_percent) = (3, overload);
        let metadata = progress.seal(INCARNATION).unwrap();
        bench.assign(2, Some(Commit { partition: 0, offset: 0, metadata }));
        let mut items: Vec<Item> = (0..4).map(|n| item(n, "hot", "a")).collect();
        items.push(item(4, "other", "b"));
        bench.on(Event::Delivered { partition: 0, epoch: 2, session: 0, items });
        assert_eq!(bench.core.partitions[&0].ledger.next(), 5);
    }
}

#[test]
fn a_shed_record_that_was_not_committed_is_new_to_the_next_owner() {
    let mut bench = bench();
    with_stuck(&mut bench);
    let actions = deliver(&mut bench, "stuck", [32]);
    let task = away(&actions)[0].1;
    let actions = bench.on(Event::Revoked(vec![assignment(0, 1)]));
    assert!(actions.iter().any(|action| matches!(action, Action::Abort { task: it } if *it == task)));
    let mut last = plan_of(&actions);
    while last.as_ref().is_some_and(|plan| !map_of(plan).clean) {
        last = plan_of(&bench.settle(&last.unwrap(), Settled::Committed));
    }
    let map = map_of(&last.unwrap());
    assert!(map.exact && map.incomplete[&0].started && !map.incomplete[&32].started);
}
