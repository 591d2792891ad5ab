use std::time::Duration;

use pipeline::Stop;
use pipeline::kafka::testing::{Fault, plan_fault};

use super::rig::{Rig, committed_count, until};

const GRACE: Duration = Duration::from_secs(5);

/// Runs 60 records while the transactions go wrong as planned.
fn survive(name: &str, faults: &[Fault]) {
    let rig = Rig::new(name, 2);
    for &fault in faults {
        plan_fault(&rig.instance(0).transactional_id(), fault);
    }
    for partition in 0..2 {
        let asked: Vec<String> =
            (0..30).map(|n| format!("{partition}-{n:02} lane{partition}-{} x short", n % 6)).collect();
        rig.ask(partition, &asked.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let handle = rig.start(0);
    until("all", || committed_count(&handle) == 60);
    let outcomes = rig.outcomes();
    let mut unique = outcomes.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((outcomes.len(), unique.len()), (60, 60), "no reader sees an aborted or a second outcome");
    for lane in 0..6 {
        for partition in 0..2 {
            let of_lane = |outcome: &&String| {
                let number: usize = outcome[2..4].parse().unwrap();
                outcome.starts_with(&partition.to_string()) && number % 6 == lane
            };
            assert!(outcomes.iter().filter(of_lane).is_sorted(), "the lane is in order");
        }
    }
    assert_eq!(rig.script.runs.lock().unwrap().len(), 60, "no call is run again");
    assert!(handle.stop(Stop::Restart, GRACE).failure.is_none());
}

#[test]
fn an_aborted_transaction_is_planned_again_and_no_reader_sees_the_first() {
    survive("abort", &[Fault::Abort, Fault::Abort, Fault::Abort]);
}

#[test]
fn an_unknown_outcome_that_was_not_committed_is_planned_again() {
    survive("lose-before", &[Fault::LoseBefore, Fault::Abort, Fault::LoseBefore]);
}

#[test]
fn an_unknown_outcome_that_was_committed_is_found_and_not_written_twice() {
    survive("lose-after", &[Fault::LoseAfter, Fault::LoseAfter, Fault::LoseAfter]);
}

#[test]
fn of_two_twins_one_ends_and_says_why() {
    let rig = Rig::new("twins", 2);
    let first = rig.start(0);
    rig.ask(0, &["a a x now"]);
    until("the first runs", || committed_count(&first) == 1);
    let second = rig.start(0);
    let asked: Vec<String> = (0..50).map(|n| format!("n{n} lane{n} x short")).collect();
    rig.ask(1, &asked.iter().map(String::as_str).collect::<Vec<_>>());
    until("one of them ends", || first.health().failure.is_some() || second.health().failure.is_some());
    until("the other does the work", || rig.outcomes().len() >= 51);
    let outcomes = rig.sorted_outcomes();
    assert_eq!(outcomes.len(), 51, "one outcome each");
    let failure = first.health().failure.or(second.health().failure).unwrap();
    assert!(
        failure.contains("is used by another process") || failure.contains("another process uses"),
        "{failure}"
    );
    first.kill();
    second.kill();
}

#[test]
fn instances_that_die_and_come_back_lose_nothing_and_repeat_no_outcome() {
    let mut rig = Rig::new("deaths", 4);
    rig.limits.running = 50;
    let mut handles = [rig.start(0), rig.start(1)].map(Some);
    for death in 0..4 {
        let committed = || handles.iter().flatten().map(committed_count).sum::<u64>();
        let before = committed();
        for partition in 0..4 {
            let name = |n| format!("{death}-{partition}-{n:03} lane{partition}-{} x short", n % 5);
            let asked: Vec<String> = (0..150).map(name).collect();
            rig.ask(partition, &asked.iter().map(String::as_str).collect::<Vec<_>>());
        }
        until("they are at work", || committed() > before);
        let ordinal = death % 2;
        let slot = &mut handles[usize::try_from(ordinal).unwrap()];
        slot.take().unwrap().kill();
        *slot = Some(rig.start(ordinal));
    }
    until("all", || rig.outcomes().len() >= 2_400);
    let mut outcomes = rig.sorted_outcomes();
    outcomes.dedup();
    assert_eq!((rig.outcomes().len(), outcomes.len()), (2_400, 2_400), "one outcome each");
    for handle in handles.into_iter().flatten() {
        assert_eq!(handle.stop(Stop::Restart, GRACE).failure, None);
    }
}
