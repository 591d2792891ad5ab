//! Each check passes a sound run and names what is wrong with a broken one.

use super::*;
use crate::chaos::crowd::{Line, STEADY};
use crate::chaos::faults::{Fault, Kind};
use crate::chaos::load::Said;
use crate::chaos::log::Log;
use crate::chaos::play::Done;
use crate::chaos::role::Role;
use crate::chaos::schedule::Window;

use crate::proof::samples;
use dev::rig::easemob::RestSend;
use dev::rig::model::Call;
use dev::rig::prices::Prices;
use dev::rig::topics::Placed;
use schemas::decision::{Decision, Ruling};
use schemas::event::{CallbackReply, Event};
use schemas::ids::RequestId;
use schemas::request::Request;
use serde_json::json;
use std::collections::BTreeMap;

/// Ten seconds for each turn.
fn begin(turn: i64) -> i64 {
    1_000_000 + 10_000 * turn
}

fn call(turn: usize, attempt: u16, from: i64, to: i64) -> Call {
    let request = RequestId::derive("sample", turn);
    serde_json::from_value(json!({ "number": 10 * turn + usize::from(attempt), "model": "m", "last_user": "",
        "request_id": format!("{request}-{attempt}"), "started_at": from, "ended_at": to, "held": false,
        "billed": true, "end": "replied", "prompt_tokens": 10, "cached_tokens": 0, "completion_tokens": 1 }))
    .unwrap()
}

fn send(id: &str, at: i64) -> RestSend {
    RestSend { ext: Some(json!({ "huiyin": { "reply_id": id } })), at }
}

fn at<R>(at: i64, value: R) -> Placed<R> {
    Placed { at, value }
}

/// A lane in which so many questions were asked and answered one after the other.
fn sound(turns: usize) -> Evidence {
    let mut evidence = empty();
    let log = &mut evidence.log;
    for turn in 0..turns {
        let begun = begin(i64::try_from(turn).unwrap());
        let msg_id = format!("{turn}");
        let message = samples::message(&msg_id, CallbackReply::Intercept);
        let (asked, answer, delivery) = samples::answered_turn(turn);
        let asked = Decision { message: Some(message.id.clone()), ..asked };
        let mut outcome = samples::outcome(turn, 0);
        let ended =
            Decision { input: "answered".into(), ruling: Ruling::Answered, message: None, ..asked.clone() };
        (outcome.turn, outcome.message) = (answer.turn, message.id.clone());
        let request: Request =
            serde_json::from_str(include_str!("../../../../schemas/examples/requests/valid-answer.json"))
                .unwrap();
        log.requests.push(at(begun, Request { id: outcome.request, turn: answer.turn, ..request }));
        let answer = schemas::answer::Answer { message: message.id.clone(), ..answer };
        log.events.push(at(begun, Event::Message(message)));
        log.events.push(at(begun + 2_000, Event::Answered(outcome)));
        log.decisions.extend([at(begun, asked), at(begun + 2_000, ended)]);
        evidence.sends.push(send(&answer.id.to_string(), begun + 2_200));
        log.answers.push(at(begun + 2_000, answer));
        log.deliveries.push(at(begun + 2_500, delivery));
        evidence.calls.push(call(turn, 1, begun + 100, begun + 200));
        evidence.calls.push(call(turn, 2, begun + 300, begun + 1_900));
        evidence.said.push(said(&msg_id, begun));
    }
    evidence
}

fn said(msg_id: &str, at: i64) -> Said {
    let sent = json!({ "msg_id": msg_id, "delivered": false, "decided_by": "verdict", "sender_error": null,
        "callback": 1, "status": 200, "reply": "", "latency_ms": 1.0 });
    let line = Line { app: STEADY, from: "alice".into(), group: None, text: "hi".into() };
    Said { line, at, sent: serde_json::from_value(sent).unwrap() }
}

fn empty() -> Evidence {
    Evidence {
        done: Done::default(),
        said: Vec::new(),
        log: Log {
            events: Vec::new(),
            decisions: Vec::new(),
            requests: Vec::new(),
            answers: Vec::new(),
            deliveries: Vec::new(),
            ledger: Vec::new(),
            dead_letters: Vec::new(),
        },
        calls: Vec::new(),
        sends: Vec::new(),
        callbacks: Vec::new(),
        rows: Default::default(),
        drift: Default::default(),
        stored: 0,
        prices: Prices::read("price = []").unwrap(),
        refold: Err(anyhow::anyhow!("not folded")),
        events_then: 0,
    }
}

fn fault(kind: Kind, role: Role, from: i64, to: i64) -> Fault {
    Fault { kind, role: Some(role), from, to }
}

/// The one problem of a check, which says this.
fn names(found: &Found, what: &str) {
    let problems = &found.clause.problems;
    assert!(problems.iter().any(|problem| problem.contains(what)), "{what}: {problems:?}");
}

#[test]
fn a_sound_run_has_no_problem() {
    let evidence = sound(3);
    for found in [
        accepted::accepted(&evidence),
        answers::answers(&evidence.log),
        answers::order(&evidence.log, &evidence.sends),
        sends::sends(&evidence),
        calls::calls(&evidence),
    ] {
        assert_eq!(found.clause.problems, Vec::<String>::new(), "{}", found.clause.name);
    }
}

#[test]
fn a_lost_message_and_one_that_was_decided_twice_or_answered_by_nobody_are_named() {
    let mut evidence = sound(2);
    evidence.log.events.remove(0);
    names(&accepted::accepted(&evidence), "accepted and lost: messages 0");
    let mut evidence = sound(2);
    let again = evidence.log.decisions[0].clone();
    evidence.log.decisions.push(again);
    names(&accepted::accepted(&evidence), "message 0 was decided 2 times");
    let mut evidence = sound(2);
    evidence.log.decisions[0].value.merged = 2;
    names(&accepted::accepted(&evidence), "2 messages taken, 3 in turns");
    let mut evidence = sound(2);
    evidence.log.answers.remove(1);
    evidence.log.decisions[3].value.turn = None;
    names(&answers::answers(&evidence.log), "asked, without any end");
}

#[test]
fn a_second_answer_and_a_second_outcome_are_named() {
    let mut evidence = sound(2);
    let again = evidence.log.answers[0].clone();
    evidence.log.answers.push(again);
    names(&answers::answers(&evidence.log), "answered twice");
    let mut evidence = sound(2);
    let again = evidence.log.events[1].clone();
    evidence.log.events.push(again);
    names(&answers::answers(&evidence.log), "not exactly one outcome");
}

#[test]
fn two_turns_at_a_time_and_parts_in_another_order_are_named() {
    let mut evidence = sound(2);
    evidence.log.decisions.swap(1, 2);
    names(&answers::order(&evidence.log, &evidence.sends), "was opened while");
    let mut evidence = sound(2);
    evidence.sends.swap(0, 1);
    names(&answers::order(&evidence.log, &evidence.sends), "parts arrived in another order");
}

#[test]
fn a_send_is_repeated_only_where_a_fault_cut_it_off() {
    let mut evidence = sound(1);
    let again = RestSend { at: begin(0) + 2_400, ..evidence.sends[0].clone() };
    evidence.sends.push(again);
    names(&sends::sends(&evidence), "sent again without a fault");
    evidence.done.faults.0.push(fault(Kind::Kill, Role::Call, begin(0) + 2_300, begin(0) + 2_310));
    names(&sends::sends(&evidence), "sent again without a fault");
    evidence.done.faults.0.push(fault(Kind::Kill, Role::Deliver, begin(0) + 2_300, begin(0) + 2_310));
    let found = sends::sends(&evidence);
    assert_eq!(found.clause.problems, Vec::<String>::new());
    assert!(found.sums.contains(&("duplicated sends", 1)) && found.sums.contains(&("in flight at kills", 1)));
    let mut late = sound(1);
    late.sends[0].at = begin(0) + 9_000;
    names(&sends::sends(&late), "after its delivery was committed");
    let mut never = sound(1);
    never.sends.clear();
    names(&sends::sends(&never), "never was");
}

#[test]
fn a_call_runs_again_only_after_a_fault_with_its_mark_and_never_when_it_was_committed() {
    let mut evidence = sound(1);
    evidence.calls.push(call(0, 1, begin(0) + 5_000, begin(0) + 5_100));
    names(&calls::calls(&evidence), "called again after the outcome was committed");

    let mut evidence = sound(1);
    evidence.calls.insert(0, call(0, 1, begin(0) - 6_000, begin(0) + 10));
    names(&calls::calls(&evidence), "called again without a fault");
    evidence.done.faults.0.push(fault(Kind::Kill, Role::Call, begin(0), begin(0) + 10));
    names(&calls::calls(&evidence), "old, and not marked as rerun");
    let Event::Answered(outcome) = &mut evidence.log.events[1].value else { panic!("not an outcome") };
    outcome.rerun = true;
    let found = calls::calls(&evidence);
    assert_eq!(found.clause.problems, Vec::<String>::new());
    assert!(
        found.sums.contains(&("marked rerun", 1)) && found.sums.contains(&("billed and in no outcome", 1))
    );
    evidence.calls.insert(0, call(0, 1, begin(0) - 9_000, begin(0) - 8_000));
    assert!(calls::calls(&evidence).clause.problems.is_empty(), "a run that was cut off had two attempts");
    evidence.calls.push(call(7, 1, begin(0), begin(0)));
    names(&calls::calls(&evidence), "called without any outcome");
}

#[test]
fn rows_must_be_records_and_only_three_kills_excuse_a_dead_letter() {
    let mut evidence = sound(1);
    let rows: BTreeMap<String, u64> = evidence.log.rows();
    evidence.rows = (rows.clone(), rows);
    assert!(super::rows(&evidence).clause.problems.is_empty());
    let drifted =
        r#"{"columns":["table","measure","facts","rolled_up"],"rows":[["usage_hour","calls","2","3"]]}"#;
    evidence.drift = dev::rig::tables::Drift::read(drifted).unwrap();
    names(&super::rows(&evidence), "rollup usage_hour: calls is 3, and 2 in the facts");
    evidence.drift = Default::default();
    *evidence.rows.0.get_mut("replies").unwrap() += 1;
    names(&super::rows(&evidence), "table replies: 2 rows from 1 of 1 records");
    let letter = DeadLetter { step: "call".into(), reason: "crash".into(), place: "requests/1/7".into() };
    evidence.log.dead_letters.push(letter);
    names(&super::rows(&evidence), "call gave requests/1/7 up: crash");
    evidence.done.faults.0 = vec![fault(Kind::Kill, Role::Call, 0, 1); 3];
    assert_eq!(super::rows(&evidence).clause.problems.len(), 1);
}

#[test]
fn a_wait_that_grows_beside_an_outage_and_a_stall_are_named() {
    let mut evidence = sound(80);
    evidence.done.windows = vec![
        (Window::Normal, 0, begin(40)),
        (Window::Hang, begin(40), begin(90)),
        (Window::Restarts, begin(0), begin(3)),
    ];
    assert!(waits::isolation(&evidence).clause.problems.is_empty());
    names(&waits::stalls(&evidence), "nobody got an answer for 10000 ms");
    for send in &mut evidence.sends[40..] {
        send.at += 800;
    }
    names(&waits::isolation(&evidence), "p99 of acme#steady was 3000 ms");
    evidence.said.truncate(50);
    names(&waits::isolation(&evidence), "too few");
}

/// Three calls that a kill at 20_000 cut off, and a request of the steady app just after it.
fn killed(last: i64, new: i64) -> Evidence {
    let mut evidence = sound(1);
    evidence.done.windows.push((Window::Recovery, 20_010, 30_010));
    for (turn, again) in [(10, 20_400), (11, 20_500), (12, last)] {
        let cut = Call { end: "client_gone".into(), ..call(turn, 1, 18_000, 20_001) };
        evidence.calls.extend([cut, call(turn, 1, again, again + 3_000)]);
    }
    let mut request = evidence.log.requests[0].value.clone();
    request.id = RequestId::derive("sample", 13);
    let app = schemas::ids::AppKey::new(STEADY).unwrap();
    let group = schemas::ids::GroupId::new("g").unwrap();
    request.lane.conversation = schemas::conversation::Conversation::group(app, group);
    evidence.log.requests.push(at(20_100, request));
    evidence.calls.push(call(13, 1, new, new + 3_000));
    evidence
}

#[test]
fn whoever_runs_again_late_or_waits_long_after_the_first_kill_is_named() {
    let found = recovery::recovery(&killed(21_500, 22_000));
    assert_eq!(found.clause.problems, Vec::<String>::new());
    assert_eq!(found.sums, [("last call again ms", 1_490), ("longest wait after a kill ms", 1_900)]);
    names(&recovery::recovery(&killed(23_011, 22_000)), "ran again 3001 ms after");
    names(&recovery::recovery(&killed(21_500, 23_101)), "waited 3001 ms");
    names(&recovery::recovery(&sound(1)), "tell nothing");
}
