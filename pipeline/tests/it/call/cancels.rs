//! Records that cancel others, on a real broker.

use std::time::{Duration, Instant};

use pipeline::Stop;

use super::rig::{Rig, committed_count, until};

const GRACE: Duration = Duration::from_secs(5);

#[test]
fn a_cancel_overtakes_its_lane_and_the_next_record_runs_at_once() {
    let rig = Rig::new("cancel", 1);
    rig.ask(0, &["a1 a x listen", "a2 a x listen", "a3 a x now", "b1 b x gate"]);
    let handle = rig.start(0);
    rig.ran("a1");
    let asked = Instant::now();
    rig.ask(0, &["cancel a2", "cancel a1", "cancel nobody"]);
    until("the lane runs empty", || committed_count(&handle) == 3);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(rig.sorted_outcomes(), ["a1 cut", "a2 cancelled", "a3 done"]);
    assert_eq!((rig.script.runs_of("a2").len(), handle.health().status.cancelled), (0, 2));
    rig.script.gate.add_permits(1);
    until("all is done", || handle.health().status.partitions[&0].frontier == 7);
    handle.stop(Stop::Restart, GRACE);
}

#[test]
fn a_call_that_does_not_listen_is_dropped_soon_after_it_was_cancelled() {
    let rig = Rig::new("deaf", 1);
    rig.ask(0, &["a1 a x gate", "a2 a x now"]);
    let handle = rig.start(0);
    rig.ran("a1");
    let asked = Instant::now();
    rig.ask(0, &["cancel a1"]);
    until("the lane goes on", || committed_count(&handle) == 2);
    assert!(asked.elapsed() < Duration::from_secs(20), "its hard deadline is a minute away");
    assert_eq!(rig.sorted_outcomes(), ["a1 overdue", "a2 done"]);
    handle.stop(Stop::Restart, GRACE);
}

#[test]
fn a_crash_between_a_cancel_and_the_end_of_its_record_still_cancels() {
    let rig = Rig::new("between", 1);
    rig.ask(0, &["a1 a x gate", "b1 b x gate", "a2 a x now"]);
    let first = rig.start(0);
    rig.ran("a1");
    rig.covered(3);
    // It is admitted, and the call does not hear it before the crash.
    rig.ask(0, &["cancel a1"]);
    rig.covered(4);
    first.kill();
    // One is written while nobody is there.
    rig.ask(0, &["cancel b1"]);
    let second = rig.start(0);
    until("all is done", || second.health().status.partitions.get(&0).is_some_and(|it| it.frontier == 5));
    let outcomes = rig.sorted_outcomes();
    let how = |name: &str| outcomes.iter().filter(|it| it.starts_with(name)).cloned().collect::<Vec<_>>();
    for name in ["a1", "b1"] {
        // It may have started again before its cancel was read.
        let ends = [format!("{name} cancelled-rerun"), format!("{name} overdue-rerun")];
        assert!(how(name).len() == 1 && ends.contains(&how(name)[0]), "{outcomes:?}");
    }
    assert_eq!(how("a2"), ["a2 done"]);
    second.stop(Stop::Restart, GRACE);
}
