//! A message that is recalled while its model call hangs: the call is cut, and the lane goes on.

use std::thread;
use std::time::{Duration, Instant};

use schemas::answered::Outcome;
use schemas::decision::Ruling;

use crate::rig::Rig;
use crate::wait::{seconds, until};

/// How long a call goes on after its message was taken back, on a busy machine.
const CUT_WITHIN: Duration = Duration::from_secs(3);

fn how(rig: &Rig, msg_id: &str) -> Vec<Outcome> {
    let log = rig.books.log();
    let of = log.outcomes().filter(|(_, outcome)| outcome.message.easemob_id() == msg_id);
    of.map(|(_, outcome)| outcome.outcome.clone()).collect()
}

#[test]
fn a_recall_cuts_a_call_that_hangs_and_the_next_message_is_answered_at_once() {
    let rig = Rig::new("cut", |text| text);
    rig.prepare();
    let mut process = rig.start("ingest,decide,call,deliver");
    process.wait_ready();
    rig.stand_ins.hold("surprise");
    let said = rig.stand_ins.say("ada", "plan a surprise");
    until("the call to hang", seconds(20), || (rig.stand_ins.held("surprise") == 1).then_some(()));
    let recalled = Instant::now();
    rig.stand_ins.recall(&said);
    until("the provider to lose its client", seconds(10), || {
        (rig.stand_ins.calls_about("surprise")[0].end == "client_gone").then_some(())
    });
    assert!(recalled.elapsed() < CUT_WITHIN, "{:?}", recalled.elapsed());
    rig.stand_ins.say("ada", "which fruit? Which fruit");
    until("the next answer", seconds(10), || (rig.stand_ins.heard("ada").len() == 1).then_some(()));
    until("the outcome", seconds(10), || (how(&rig, &said.msg_id) == [Outcome::Cancelled]).then_some(()));
    let log = rig.books.log();
    let recall = log.decisions.iter().find(|decision| decision.value.input == "recall").unwrap();
    assert_eq!((recall.value.ruling, log.requests.len()), (Ruling::Cancelled, 2));
    assert!(process.metrics().contains("huiyin_call_cancel_seconds"), "{}", process.metrics());
}

#[test]
fn a_recall_while_call_is_killed_cuts_the_call_that_the_next_process_would_make() {
    let rig = Rig::new("cutagain", |text| text);
    rig.prepare();
    let mut others = rig.start("ingest,decide,deliver");
    let mut call = rig.start("call");
    others.wait_ready();
    call.wait_ready();
    rig.stand_ins.hold("surprise");
    let said = rig.stand_ins.say("ada", "plan a surprise");
    until("the call to hang", seconds(20), || (rig.stand_ins.held("surprise") == 1).then_some(()));
    // What is admitted is committed as such within 250 ms.
    thread::sleep(Duration::from_millis(800));
    call.kill();
    rig.stand_ins.recall(&said);
    until("the recall to be decided", seconds(20), || {
        let log = rig.books.log();
        log.decisions.iter().any(|decision| decision.value.input == "recall").then_some(())
    });
    let mut call = rig.start("call");
    call.wait_ready();
    until("the outcome", seconds(30), || (how(&rig, &said.msg_id) == [Outcome::Cancelled]).then_some(()));
    assert_eq!(rig.stand_ins.held("surprise"), 0, "nothing of it runs");
    let log = rig.books.log();
    let (_, outcome) =
        log.outcomes().find(|(_, outcome)| outcome.message.easemob_id() == said.msg_id).unwrap();
    assert!(outcome.rerun, "it ran in the process that was killed");
}
