use std::time::{Duration, Instant};

use pipeline::Stop;
use pipeline::call::Overload;
use pipeline::kafka::testing::committed;

use super::rig::{Rig, committed_count, until};

const GRACE: Duration = Duration::from_secs(5);

#[test]
fn a_slow_call_blocks_neither_other_lanes_nor_commits_nor_the_poll() {
    let rig = Rig::new("slow", 1);
    rig.ask(0, &["a1 a x gate", "a2 a x now", "b1 b x now", "b2 b x now", "c1 c y now"]);
    let handle = rig.start(0);
    until("others are committed", || committed_count(&handle) == 3);
    assert_eq!(rig.sorted_outcomes(), ["b1 done", "b2 done", "c1 done"]);
    // Far longer than a poll takes; new records still come through.
    until("the call is slow", || handle.health().status.partitions[&0].frontier_age_ms >= 500);
    rig.ask(0, &["d1 d x now"]);
    until("a late record is committed", || committed_count(&handle) == 4);
    let status = handle.health().status;
    let partition = &status.partitions[&0];
    assert_eq!((status.running, status.queued, partition.frontier, partition.finished_ahead), (1, 1, 0, 4));
    rig.script.gate.add_permits(1);
    until("the lane goes on", || committed_count(&handle) == 6);
    let order = rig.outcomes();
    let at = |name: &str| order.iter().position(|outcome| outcome == name).unwrap();
    assert!(at("a1 done") < at("a2 done") && at("b1 done") < at("b2 done"));
    assert_eq!(*rig.script.owned.lock().unwrap(), (1, 1));
    assert!(handle.stop(Stop::Restart, GRACE).failure.is_none());
}

#[test]
fn a_committed_start_costs_one_short_transaction() {
    let rig = Rig::new("latency", 1);
    // One lane: each start waits for the call before it and for its own transaction.
    let asked: Vec<String> = (0..50).map(|n| format!("n{n:02} lane x once")).collect();
    rig.ask(0, &asked.iter().map(String::as_str).collect::<Vec<_>>());
    let handle = rig.start(0);
    rig.ran("n49");
    let runs = rig.script.runs.lock().unwrap().clone();
    // A busy machine may slow some of them down; a commit that flushes by itself waits 100 ms, each time.
    let fastest = runs.windows(2).map(|pair| pair[1].at - pair[0].at).min().unwrap();
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    until("all", || committed_count(&handle) == 50);
    assert!(rig.outcomes().is_sorted());
    handle.stop(Stop::Restart, GRACE);
}

#[test]
fn one_saturated_share_stops_nobody_else() {
    let mut rig = Rig::new("share", 1);
    rig.limits.running = 8;
    let stuck: Vec<String> = (0..40).map(|n| format!("s{n} stuck{n} bad gate")).collect();
    rig.ask(0, &stuck.iter().map(String::as_str).collect::<Vec<_>>());
    let free: Vec<String> = (0..20).map(|n| format!("f{n} free{n} good now")).collect();
    rig.ask(0, &free.iter().map(String::as_str).collect::<Vec<_>>());
    let handle = rig.start(0);
    until("the other app is served", || committed_count(&handle) == 20);
    let status = handle.health().status;
    assert_eq!((status.running, status.over_share), (4, 36), "half of the running calls, no more");
    rig.script.gate.add_permits(40);
    until("all", || committed_count(&handle) == 60);
    handle.stop(Stop::Restart, GRACE);
}

#[test]
fn an_app_that_hangs_with_more_than_a_partition_holds_stops_nobody_else() {
    let rig = Rig::new("crowd", 1);
    let stuck: Vec<String> = (0..6_000).map(|n| format!("s{n} stuck{n} bad gate")).collect();
    rig.ask(0, &stuck.iter().map(String::as_str).collect::<Vec<_>>());
    rig.ask(0, &["bomb late bad crowded-bomb"]);
    let free: Vec<String> = (0..300).map(|n| format!("f{n:03} free{} good short", n % 30)).collect();
    rig.ask(0, &free.iter().map(String::as_str).collect::<Vec<_>>());
    let handle = rig.start(0);
    until("the other app is served", || {
        rig.outcomes().iter().filter(|it| it.starts_with('f')).count() == 300
    });
    let mut held = 0;
    // The status is told now and then, and may be older than what was read.
    until("the hanging app's to wait, or to be ended at once", || {
        let status = handle.health().status;
        held = status.partitions[&0].incomplete;
        status.crowded + u64::try_from(held).unwrap() == 6_001
    });
    assert!((1_500..=2_000).contains(&held), "{held}");
    let served: Vec<_> = rig.outcomes().into_iter().filter(|it| it.starts_with('f')).collect();
    assert!(served.iter().all(|it| it.ends_with("done")), "none of them is turned away");
    rig.script.gate.add_permits(6_000);
    until("all", || rig.outcomes().len() == 6_301);
    let mut outcomes = rig.sorted_outcomes();
    outcomes.dedup();
    let of = |how: &str| outcomes.iter().filter(|it| it.ends_with(how)).count();
    assert_eq!(
        (outcomes.len(), of("done"), of("crowded"), of("dead:panic-rerun")),
        (6_301, held + 300, 6_000 - held, 1)
    );
    assert!(handle.stop(Stop::Restart, GRACE).failure.is_none());
}

#[test]
fn whatever_a_record_does_it_ends_in_one_outcome() {
    let rig = Rig::new("ends", 1);
    rig.ask(0, &["h a x hang", "p b x panic", "l c x large", "u d x undecodable", "m e x bomb", "o f x now"]);
    let handle = rig.start(0);
    until("all", || committed_count(&handle) == 6);
    assert_eq!(
        rig.sorted_outcomes(),
        ["h overdue", "l oversize", "m dead:panic", "o done", "p dead:panic-rerun", "u dead:undecodable",]
    );
    let letters = committed(&rig.dead_letters);
    let mut reasons: Vec<_> = letters
        .iter()
        .map(|letter| {
            let header = |name: &str| String::from_utf8(letter.header(name).unwrap().to_vec()).unwrap();
            (String::from_utf8(letter.value.clone().unwrap()).unwrap(), header("dead-letter-reason"))
        })
        .collect();
    reasons.sort();
    let expected = [("m e x bomb", "panic"), ("p b x panic", "panic"), ("u d x undecodable", "undecodable")];
    assert_eq!(reasons, expected.map(|(value, reason)| (value.to_owned(), reason.to_owned())));
    handle.stop(Stop::Restart, GRACE);
}

#[test]
fn a_record_of_a_newer_version_holds_its_partition_and_no_other() {
    let rig = Rig::new("newer", 2);
    rig.ask(0, &["a a x now", "b b x too_new", "c c x now"]);
    rig.ask(1, &["d d x now"]);
    let handle = rig.start(0);
    until("what can be run is committed", || committed_count(&handle) == 2);
    until("the partition is refused", || handle.health().status.partitions[&0].refused == Some("version"));
    assert!(!handle.health().is_ready());
    assert_eq!(rig.sorted_outcomes(), ["a done", "d done"]);
    handle.stop(Stop::Restart, GRACE);
}

#[test]
fn a_partition_over_its_limits_is_held_and_goes_on() {
    let mut rig = Rig::new("held", 1);
    rig.limits.partition_records = 20;
    rig.limits.lane_records = 10;
    rig.limits.overload = Overload::Wait;
    let many: Vec<String> = (0..300).map(|n| format!("n{n:03} lane{} x short", n % 30)).collect();
    rig.ask(0, &many.iter().map(String::as_str).collect::<Vec<_>>());
    let hot: Vec<String> = (0..40).map(|n| format!("z{n:03} hot x short")).collect();
    rig.ask(0, &hot.iter().map(String::as_str).collect::<Vec<_>>());
    let handle = rig.start(0);
    let mut most = 0;
    until("all", || {
        let status = handle.health().status;
        most = most.max(status.partitions.get(&0).map_or(0, |partition| partition.incomplete));
        status.committed == 340
    });
    assert!(most <= 20, "{most}");
    let outcomes = rig.outcomes();
    assert_eq!(outcomes.len(), 340);
    let hot: Vec<_> = outcomes.iter().filter(|outcome| outcome.starts_with('z')).collect();
    assert!(hot.is_sorted(), "a hot lane stays in order");
    handle.stop(Stop::Restart, GRACE);
}

#[test]
fn two_instances_share_the_partitions_while_calls_are_in_flight() {
    let rig = Rig::new("rebalance", 4);
    for partition in 0..4 {
        let gated: Vec<String> =
            (0..10).map(|n| format!("g{partition}-{n} g{partition}-{n} x gate")).collect();
        rig.ask(partition, &gated.iter().map(String::as_str).collect::<Vec<_>>());
        let quick: Vec<String> =
            (0..50).map(|n| format!("q{partition}-{n} q{partition}-{n} y short")).collect();
        rig.ask(partition, &quick.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let first = rig.start(0);
    until("some are committed", || committed_count(&first) > 20);
    let second = rig.start(1);
    until("both own half", || {
        let owned = |handle: &pipeline::call::Handle| handle.health().status.partitions.len();
        owned(&first) == 2 && owned(&second) == 2
    });
    until("the quick ones are committed", || committed_count(&first) + committed_count(&second) >= 200);
    rig.script.gate.add_permits(1_000);
    until("all", || rig.outcomes().len() >= 240);
    let outcomes = rig.sorted_outcomes();
    assert_eq!(outcomes.len(), 240, "one outcome each");
    let mut unique = outcomes.clone();
    unique.dedup();
    assert_eq!(unique, outcomes);
    let asked = Instant::now();
    assert!(second.stop(Stop::Leave, GRACE).failure.is_none());
    until("the first has all again", || first.health().status.partitions.len() == 4);
    assert!(asked.elapsed() < Duration::from_secs(8), "long before the session ends: {:?}", asked.elapsed());
    assert!(first.stop(Stop::Restart, GRACE).failure.is_none());
}
