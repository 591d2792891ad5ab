//! SIGTERM under load, and a second process under the same instance id.

use std::time::{Duration, Instant};

use crate::kills::{every_message_is_in_one_turn, every_turn_has_one_answer};
use crate::process::Process;
use crate::rig::Rig;
use crate::traffic::{Line, Traffic};
use crate::wait::{seconds, until};

/// The roles behind ingest.
const BEHIND: &str = "decide,call,deliver";

fn plan(messages: usize) -> Vec<Line> {
    let line = |n: usize| Line {
        app: "acme#support".into(),
        user: format!("u{}", n % 24),
        text: format!("Number {n}"),
    };
    (0..messages).map(line).collect()
}

fn all_is_answered_once(rig: &Rig, traffic: Traffic) {
    let said = traffic.end();
    let log = rig.settled(seconds(60));
    let turns = every_message_is_in_one_turn(&log, &said);
    every_turn_has_one_answer(&log);
    let accepted = said.iter().filter(|said| said.sent.is_intercepted()).count();
    let refold = rig.done(&["refold"]);
    println!("{} messages, {accepted} accepted, {turns} turns; {}", said.len(), refold.trim());
}

#[test]
fn sigterm_is_told_at_ready_first_and_what_was_accepted_is_answered_by_others_or_after_the_restart() {
    let rig = Rig::new("drain", |text| {
        text.replace("drain_delay = \"0s\"", "drain_delay = \"1s\"")
            .replace("grace = \"10s\"", "grace = \"3s\"")
    });
    rig.prepare();
    // One that will be back, and one that hands over for good, beside one that stays.
    let mut first = rig.start(&format!("ingest,{BEHIND}"));
    first.wait_ready();
    let mut leaving = rig.start_with(|text| text, &["--instance", "1", "run", "--leave", "--roles", BEHIND]);
    let mut staying = rig.start_with(|text| text, &["--instance", "2", "run", "--roles", BEHIND]);
    [&mut leaving, &mut staying].into_iter().for_each(|process| process.wait_ready());
    let traffic = Traffic::start(&rig.stand_ins, &plan(2_000), 6, Duration::from_millis(200));
    let answers = |more: usize| {
        let already = rig.stand_ins.sends().len();
        until("answers", seconds(40), || (rig.stand_ins.sends().len() >= already + more).then_some(()));
    };
    answers(20);
    // A call that outlasts the grace.
    rig.stand_ins.hold("hold this");
    for n in 0..6 {
        assert!(rig.stand_ins.say(&format!("held{n}"), "Please hold this").is_intercepted());
    }
    until("held calls", seconds(20), || (rig.stand_ins.held("hold this") == 6).then_some(()));

    let begun = Instant::now();
    leaving.terminate();
    assert_eq!(leaving.wait_end(12), Some(0), "{}", leaving.tail());
    println!("an instance left after {:?}", begun.elapsed());
    answers(20);

    let begun = Instant::now();
    first.terminate();
    until("/ready to say so", seconds(2), || {
        first.ready().is_some_and(|(status, _)| status == 503).then_some(())
    });
    // Not ready, and it still serves: a balancer needs the time to notice.
    let during = rig.stand_ins.say("balanced", "Am I still heard?");
    assert!(during.is_intercepted(), "{during:?}");
    assert_eq!(first.wait_end(12), Some(0), "{}", first.tail());
    let took = begun.elapsed();
    assert!(took >= seconds(1), "it did not wait for the balancer: {took:?}");
    println!("an instance drained after {took:?}");

    rig.stand_ins.release("hold this");
    first.start_again();
    first.wait_ready();
    answers(20);
    all_is_answered_once(&rig, traffic);
    assert_eq!(rig.stand_ins.heard("balanced").len(), 1);
    for n in 0..6 {
        assert_eq!(rig.stand_ins.heard(&format!("held{n}")).len(), 1);
    }
    [&mut first, &mut staying]
        .into_iter()
        .for_each(|process| assert!(process.is_ready(), "{}", process.tail()));
}

#[test]
fn of_two_processes_under_one_instance_id_one_ends_and_nothing_is_answered_twice() {
    let rig = Rig::new("twin", |text| text);
    rig.prepare();
    let mut ingest = rig.start("ingest");
    let mut one = rig.start(BEHIND);
    [&mut ingest, &mut one].into_iter().for_each(|process| process.wait_ready());
    let traffic = Traffic::start(&rig.stand_ins, &plan(2_000), 4, Duration::from_millis(150));
    until("answers", seconds(30), || (rig.stand_ins.sends().len() >= 20).then_some(()));
    let mut twin = rig.start(BEHIND);
    until("one of them to end", seconds(60), || {
        (one.ended().is_some() || twin.ended().is_some()).then_some(())
    });
    // The one that is fenced first takes its id back twice before it gives up, so that both may end.
    let looked_after = |what: &str, process: &mut Process| {
        if process.ended().is_some() {
            assert_eq!(process.wait_end(1), Some(1));
            let told = process.tail();
            let last = told.lines().last().unwrap_or_default();
            println!("{what} ended: {last}");
            let clear =
                ["is used by another process", "another process uses"].iter().any(|c| told.contains(c));
            assert!(last.starts_with("huiyin: ") && clear, "{told}");
        }
        process.ended().is_some()
    };
    let answers = rig.stand_ins.sends().len();
    until("somebody to go on", seconds(60), || {
        if one.ended().is_some() && looked_after("the second", &mut twin) {
            twin.start_again();
        }
        (rig.stand_ins.sends().len() >= answers + 20).then_some(())
    });
    let gone = (looked_after("the first", &mut one), looked_after("the second", &mut twin));
    assert!(gone.0 != gone.1, "both run, or none: {gone:?}");
    all_is_answered_once(&rig, traffic);
}
