use std::time::Duration;

use pipeline::Stop;
use pipeline::call::Progress;
use pipeline::kafka::testing::{committed, config};
use pipeline::kafka::{CommitOffset, Consumer, Outcome, Partition, Polled, TransactionalProducer};

use super::rig::{INCARNATION, Rig, committed_count, until};

const GRACE: Duration = Duration::from_secs(5);

#[test]
fn after_a_crash_what_finished_ahead_is_not_run_again_and_what_ran_is_marked() {
    let rig = Rig::new("crash", 1);
    rig.ask(0, &["g1 a x gate", "f1 b x now", "g2 c x gate", "f2 d x now", "f3 e x now"]);
    let first = rig.start(0);
    until("three are committed", || committed_count(&first) == 3);
    rig.ran("g1");
    rig.ran("g2");
    first.kill();
    rig.ask(0, &["new f x now"]);
    rig.script.gate.add_permits(2);
    let second = rig.start(0);
    until("the rest is committed", || committed_count(&second) == 3);
    for name in ["f1", "f2", "f3"] {
        assert_eq!(rig.script.runs_of(name), [false], "{name} ran once");
    }
    for name in ["g1", "g2"] {
        assert_eq!(rig.script.runs_of(name), [false, true], "{name} ran again, marked");
    }
    assert_eq!(rig.script.runs_of("new"), [false]);
    assert_eq!(rig.sorted_outcomes(), ["f1 done", "f2 done", "f3 done", "g1 done", "g2 done", "new done"]);
    assert_eq!(second.health().status.skipped, 3);
    second.stop(Stop::Restart, GRACE);
}

#[test]
fn a_call_that_outlives_the_cover_time_is_marked_even_if_nothing_else_was_committed() {
    let rig = Rig::new("cover", 1);
    rig.ask(0, &["g a x gate"]);
    let first = rig.start(0);
    rig.ran("g");
    rig.covered(1);
    first.kill();
    rig.script.gate.add_permits(1);
    let second = rig.start(0);
    until("committed", || committed_count(&second) == 1);
    assert_eq!(rig.script.runs_of("g"), [false, true]);
    second.stop(Stop::Restart, GRACE);
}

#[test]
fn after_a_stop_in_order_only_what_ran_is_marked() {
    let mut rig = Rig::new("stop", 1);
    rig.limits.running = 1;
    rig.ask(0, &["g a x gate", "q b x now", "r a x now"]);
    let first = rig.start(0);
    rig.ran("g");
    let health = first.stop(Stop::Restart, Duration::from_millis(200));
    assert_eq!(health.failure, None);
    rig.script.gate.add_permits(1);
    let second = rig.start(0);
    until("committed", || committed_count(&second) == 3);
    assert_eq!(rig.script.runs_of("g"), [false, true]);
    assert_eq!(rig.script.runs_of("q"), [false], "it had been admitted and never ran");
    assert_eq!(rig.script.runs_of("r"), [false]);
    second.stop(Stop::Restart, GRACE);
}

#[test]
fn calls_that_end_within_the_grace_of_a_stop_are_committed() {
    let rig = Rig::new("grace", 1);
    rig.ask(0, &["g a x gate"]);
    let handle = rig.start(0);
    rig.ran("g");
    handle.ask(Stop::Leave, GRACE);
    rig.script.gate.add_permits(1);
    let health = handle.join();
    assert_eq!((health.failure, health.status.committed), (None, 1));
    assert_eq!(rig.outcomes(), ["g done"]);
}

#[test]
fn the_started_set_decides_what_may_have_run() {
    let mut rig = Rig::new("once", 1);
    rig.limits.running = 2;
    rig.limits.share_percent = 100;
    rig.ask(0, &["s1 a x gate-once", "s2 a x once", "s3 b x once", "s4 c x once"]);
    let first = rig.start(0);
    until("two are committed", || committed_count(&first) == 2);
    first.kill();
    rig.script.gate.add_permits(1);
    let second = rig.start(0);
    until("all", || committed_count(&second) == 2);
    assert_eq!(rig.script.runs_of("s1"), [false, true], "its start was committed");
    assert_eq!(rig.script.runs_of("s2"), [false], "below the highest admitted offset, and never started");
    second.stop(Stop::Restart, GRACE);
}

#[test]
fn the_third_crash_on_a_record_ends_it_with_a_dead_letter_and_its_outcome() {
    let rig = Rig::new("poison", 1);
    rig.ask(0, &["before a x now", "killer b x poison", "after c x now"]);
    for crash in 1..=3 {
        let handle = rig.start(0);
        until("the record runs", || rig.script.runs_of("killer").len() == crash);
        handle.kill();
    }
    let handle = rig.start(0);
    until("it is dead", || rig.outcomes().iter().any(|outcome| outcome == "killer dead:crash-rerun"));
    until("others go on", || rig.outcomes().len() == 3);
    assert_eq!(rig.sorted_outcomes(), ["after done", "before done", "killer dead:crash-rerun"]);
    let letters = committed(&rig.dead_letters);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].header("dead-letter-reason"), Some(&b"crash"[..]));
    assert_eq!(letters[0].value.as_deref(), Some(&b"killer b x poison"[..]));
    assert_eq!(rig.script.runs_of("killer"), [false, true, true]);
    handle.stop(Stop::Restart, GRACE);
}

/// Commits an offset for partition 0 as another tool would.
fn commit_as_operator(rig: &Rig, offset: i64, metadata: &str) {
    let instance = rig.instance(9);
    let mut consumer = Consumer::join(&config(), &instance, &[&rig.requests]).unwrap();
    loop {
        if let Polled::Assigned(partitions) = consumer.poll(Duration::from_millis(50)) {
            let starts: Vec<_> = partitions.into_iter().map(|partition| (partition, 0)).collect();
            consumer.assign_paused(&starts).unwrap();
            break;
        }
    }
    let mut producer = TransactionalProducer::new(&config(), &instance).unwrap();
    let partition = Partition { topic: rig.requests.clone(), index: 0 };
    let commit = CommitOffset { partition, next: offset, metadata: metadata.to_owned() };
    let outcome = producer.run::<pipeline::Outgoing>(&[], &[commit], &consumer.group_metadata().unwrap());
    assert_eq!(outcome, Outcome::Committed);
    consumer.leave(Duration::from_secs(3));
}

#[test]
fn a_plain_offset_of_another_tool_is_refused_and_one_with_an_empty_map_is_taken() {
    let rig = Rig::new("reset", 1);
    rig.ask(0, &["a a x now", "b b x now", "c c x now"]);
    commit_as_operator(&rig, 1, "");
    let handle = rig.start(0);
    until("refused", || {
        handle.health().status.partitions.get(&0).is_some_and(|p| p.refused == Some("metadata_foreign"))
    });
    assert!(handle.stop(Stop::Leave, GRACE).failure.is_none());
    assert!(rig.outcomes().is_empty());
    commit_as_operator(&rig, 50, &Progress::fresh(50).seal(INCARNATION).unwrap());
    let handle = rig.start(0);
    until("refused", || {
        handle.health().status.partitions.get(&0).is_some_and(|p| p.refused == Some("out_of_range"))
    });
    handle.stop(Stop::Leave, GRACE);
    commit_as_operator(&rig, 1, &Progress::fresh(1).seal(INCARNATION).unwrap());
    let handle = rig.start(0);
    until("taken", || committed_count(&handle) == 2);
    assert_eq!(rig.sorted_outcomes(), ["b done", "c done"]);
    handle.stop(Stop::Restart, GRACE);
}
