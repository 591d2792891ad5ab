//! What a message does to the turn in flight, sessions, commands, staff, and what is said when an answer takes long.

use decide::due;
use schemas::answer::AnswerSource;
use schemas::answered::Outcome;
use schemas::decision::{Decision, Ruling};
use schemas::event::{Event, Message};
use schemas::ledger::LedgerKind;
use schemas::request::{Request, RequestKind, Role};

use crate::world::{self, *};

const COMMANDS: &str = r#"
commands = { new = ["/new", "新会话"], stop = ["/stop"], help = ["/help"], rate = ["/rate"], person = ["人工"], hand_back = ["/bot"], help_text = "say /new" }
staff = { ids = ["carol"], prefixes = ["agent_"], silence = "30m", text = "a person comes" }
"#;

fn prompt(request: &Request) -> Vec<&str> {
    request.prompt.iter().map(|line| line.text.plain().unwrap()).collect()
}

fn reasons(decision: &Decision) -> Vec<&str> {
    decision.reasons.iter().map(String::as_str).collect()
}

/// Somebody speaks to people.
fn among_people(world: &World, sender: &str, n: u32, text: &str) -> Event {
    Event::Message(Message { sender: user(sender), bot: None, ..world.message(n, text) })
}

#[test]
fn in_a_queue_every_message_has_a_turn_of_its_own_and_a_burst_is_one() {
    let mut world = World::new("while_answering = \"queue\"\nmerge_window = \"2s\"");
    world.say(1, "one");
    let first = world.pass(2 * SECOND).clock().request().clone();
    world.say(2, "two");
    world.pass(SECOND);
    world.say(3, "and more");
    world.pass(3 * SECOND);
    world.say(4, "four");
    let second = world.answer(&first, "1").request().clone();
    assert_eq!(prompt(&second), ["one", "1", "two\nand more"]);
    let third = world.answer(&second, "2").request().clone();
    assert_eq!(prompt(&third), ["one", "1", "two\nand more", "2", "four"]);
    let mut world = World::new("while_answering = \"queue\"");
    let first = world.say(1, "one").request().clone();
    world.say(2, "two");
    world.say(3, "three");
    assert_eq!(prompt(world.answer(&first, "1").request()), ["one", "1", "two"]);
}

#[test]
fn an_interruption_cuts_the_call_and_asks_again_with_everything_at_once() {
    let mut world = World::new("while_answering = \"interrupt\"");
    let first = world.say(1, "one").request().clone();
    let written = world.say(2, "no, two");
    assert_eq!(written.rulings(), [Ruling::Waits, Ruling::Asked]);
    assert_eq!(reasons(&written.decisions[0]), ["interrupts"]);
    assert_eq!(written.cancels[0].request, first.id);
    let second = written.request().clone();
    assert_eq!((prompt(&second), written.decisions[1].merged), (vec!["one\nno, two"], 2));
    let late = world.answer(&first, "1");
    assert_eq!((late.rulings(), late.answers.len()), (vec![Ruling::Late], 0));
    assert!(!late.ledger.is_empty(), "what it used is booked");
    assert_eq!(world.answer(&second, "both").said(), ["both"]);
}

#[test]
fn a_question_is_interrupted_three_times_at_most() {
    let mut world = World::new("while_answering = \"interrupt\"");
    world.say(0, "again");
    let interrupted: Vec<bool> = (1..=5).map(|n| !world.say(n, "again").cancels.is_empty()).collect();
    assert_eq!(interrupted, [true, true, true, false, false]);
}

#[test]
fn with_a_merge_window_a_burst_interrupts_once() {
    let mut world = World::new("while_answering = \"interrupt\"\nmerge_window = \"2s\"");
    world.say(1, "one");
    let first = world.pass(2 * SECOND).clock().request().clone();
    let written = world.say(2, "two");
    assert_eq!((written.cancels.len(), written.requests.len()), (1, 0));
    assert_eq!(world.pass(SECOND).say(3, "three").rulings(), [Ruling::Waits]);
    let written = world.pass(2 * SECOND).clock();
    assert_eq!(prompt(written.request()), ["one\ntwo\nthree"]);
    assert_eq!(world.answer(&first, "1").rulings(), [Ruling::Late]);
}

#[test]
fn a_conversation_in_which_nobody_spoke_for_long_begins_anew() {
    let mut world = World::new("session = { idle = \"30m\" }");
    world.exchange(1, "one", "1");
    world.pass(29 * MINUTE);
    assert_eq!(world.exchange(2, "two", "2").rulings(), [Ruling::Answered]);
    let written = world.pass(31 * MINUTE).say(3, "three");
    assert_eq!(
        (prompt(written.request()), reasons(written.decision())),
        (vec!["three"], vec!["session_expired"])
    );
}

#[test]
fn a_bot_may_have_a_time_of_its_own_after_which_a_conversation_begins_anew() {
    let settings = "session = { idle = \"30m\" }";
    let rules = bundle(settings);
    assert_eq!(rules.apps[&app()].session.idle_ms(&user("bot")), Some(30 * MINUTE));
}

#[test]
fn new_forgets_what_was_said_and_calls_off_what_is_asked() {
    let mut world = World::new(COMMANDS);
    world.exchange(1, "one", "1");
    let request = world.say(2, "two").request().clone();
    world.say(3, "three");
    let written = world.say(4, " 新會話 ");
    assert_eq!(written.rulings(), [Ruling::Noted, Ruling::Cancelled]);
    assert_eq!(reasons(&written.decisions[0]), ["command", "new", "turn_cancelled", "history_removed"]);
    assert_eq!((written.cancels[0].request, written.said().len()), (request.id, 1));
    assert_eq!(written.answers[0].source, AnswerSource::Canned { reason: "command".into() });
    assert_eq!(world.answer(&request, "2").rulings(), [Ruling::Late]);
    assert_eq!(prompt(world.say(5, "five").request()), ["five"]);
}

#[test]
fn stop_calls_off_what_is_asked_and_keeps_what_was_said() {
    let mut world = World::new(COMMANDS);
    world.exchange(1, "one", "1");
    world.say(2, "two");
    let written = world.say(3, "/stop");
    assert_eq!((written.rulings(), written.cancels.len()), (vec![Ruling::Noted], 1));
    assert_eq!(prompt(world.say(4, "four").request()), ["one", "1", "four"]);
    let nothing = world.answer(&world.asked.last().unwrap().clone(), "4");
    assert_eq!(nothing.rulings(), [Ruling::Answered]);
    assert_eq!(reasons(world.say(5, "/stop").decision()), ["command", "stop"]);
}

#[test]
fn a_rating_is_noted_with_the_turn_that_it_is_of() {
    let mut world = World::new(COMMANDS);
    let request = world.say(1, "one").request().clone();
    world.answer(&request, "1");
    let written = world.say(2, "/rate 4 很好");
    let decision = written.decision();
    assert_eq!(
        (decision.rating, decision.turn, decision.ruling),
        (Some(4), Some(request.turn), Ruling::Noted)
    );
    let unclear = world.say(3, "/rate");
    assert_eq!(
        (reasons(unclear.decision()), unclear.said()),
        (vec!["command", "rate", "unclear"], vec!["say /new"])
    );
    assert_eq!(unclear.decision().rating, None);
    assert_eq!(world.say(4, "/help").said(), ["say /new"]);
    assert!(world.asked.len() == 1, "no command is asked");
}

#[test]
fn who_asks_for_a_person_gets_the_bot_back_by_a_word_or_after_a_silence() {
    let mut world = World::new(COMMANDS);
    world.exchange(1, "one", "1");
    let written = world.say(2, "人工");
    assert_eq!((written.rulings(), written.answers.len()), (vec![Ruling::Noted, Ruling::Noted], 1));
    assert_eq!(world.say(3, "hello?").rulings(), [Ruling::TakenOver]);
    assert_eq!(reasons(world.say(4, "/bot").decision()), ["command", "hand_back", "handed_back"]);
    assert_eq!(prompt(world.say(5, "five").request()), ["one", "1", "hello?\nfive"]);
    let mut world = World::new(COMMANDS);
    world.exchange(1, "one", "1");
    world.say(2, "人工");
    assert_eq!(due(world.state.as_ref().unwrap()), Some(START + 30 * MINUTE));
    assert_eq!(world.pass(30 * MINUTE).clock().decision().reasons, ["handed_back"]);
    assert_eq!(world.say(3, "three").rulings(), [Ruling::Asked]);
}

#[test]
fn a_member_of_staff_who_speaks_in_a_group_silences_the_bot_and_is_remembered() {
    for member in ["carol", "Agent_7"] {
        let mut world = World::of(group(), COMMANDS);
        let request = world.say_as("alice", 1, "one").request().clone();
        let speaks = among_people(&world, member, 2, "I take this");
        let written = world.play(speaks);
        assert_eq!(written.rulings(), [Ruling::Noted, Ruling::Noted]);
        assert_eq!(reasons(&written.decisions[0]), ["staff"]);
        assert_eq!(reasons(&written.decisions[1]), ["taken_over", "turn_cancelled"]);
        assert_eq!(
            (written.said(), written.answers[0].user.clone()),
            (vec!["a person comes"], user("alice"))
        );
        assert_eq!(world.answer(&request, "1").rulings(), [Ruling::Late]);
        assert_eq!(world.pass(SECOND).say_as("alice", 3, "thanks").rulings(), [Ruling::TakenOver]);
        world.pass(20 * MINUTE);
        let speaks = among_people(&world, member, 4, "welcome");
        assert_eq!(world.play(speaks).rulings(), [Ruling::Noted]);
        assert!(world.pass(20 * MINUTE).clock().decisions.is_empty(), "the last word counts");
        let back = among_people(&world, member, 5, "/bot");
        assert_eq!(world.play(back).decision().reasons, ["handed_back"]);
        let asked = world.say_as("alice", 6, "six").request().clone();
        let roles: Vec<Role> = asked.prompt.iter().map(|line| line.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::User, Role::Assistant, Role::User]);
        assert_eq!(prompt(&asked), ["…", "I take this", "thanks", "welcome", "six"]);
    }
}

#[test]
fn staff_who_speak_where_the_bot_never_talked_change_nothing() {
    let mut world = World::of(group(), COMMANDS);
    let speaks = among_people(&world, "carol", 1, "hello all");
    assert_eq!(world.play(speaks).rulings(), [Ruling::Passed]);
    assert_eq!(world.say_as("alice", 2, "two").rulings(), [Ruling::Asked]);
}

#[test]
fn only_staff_hand_a_group_back() {
    let mut world = World::of(group(), COMMANDS);
    world.say_as("alice", 1, "one");
    world.takeover(Some("carol"));
    assert_eq!(world.say_as("alice", 2, "/bot").rulings(), [Ruling::TakenOver]);
    assert_eq!(world.say_as("carol", 3, "/bot").decision().ruling, Ruling::Noted);
    assert_eq!(world.say_as("alice", 4, "four").rulings(), [Ruling::Asked]);
}

#[test]
fn a_person_is_told_once_that_an_answer_takes_long() {
    let mut world =
        World::new("notice = { after = \"20s\", text = \"still thinking\" }\nlost_after = \"5m\"");
    let request = world.say(1, "one").request().clone();
    assert_eq!(due(world.state.as_ref().unwrap()), Some(START + 20 * SECOND));
    let written = world.pass(20 * SECOND).clock();
    assert_eq!((written.rulings(), written.said()), (vec![Ruling::Noted], vec!["still thinking"]));
    assert_eq!(
        (written.decision().turn, reasons(written.decision())),
        (Some(request.turn), vec!["still_working"])
    );
    assert!(world.pass(MINUTE).clock().decisions.is_empty());
    assert_eq!(world.answer(&request, "1").said(), ["1"]);
    let mut world = World::new("notice = { after = \"20s\", text = \"still thinking\" }");
    let request = world.say(1, "one").request().clone();
    world.pass(10 * SECOND);
    world.answer(&request, "1");
    assert!(world.pass(MINUTE).clock().decisions.is_empty(), "an answer in time has no notice");
}

const SUMMARY: &str = "history_turns = 2\nsession = { summary = { chain = [\"second\"], prompt = \"sum up\", within = \"15s\" } }";

/// Two turns that fill the history, and a third whose question needs the room.
fn full() -> (World, Request) {
    let mut world = World::new(SUMMARY);
    world.exchange(1, "one", "1");
    world.exchange(2, "two", "2");
    world.exchange(3, "three", "3");
    let written = world.say(4, "four");
    assert_eq!(reasons(written.decision()), ["summary"]);
    let request = written.request().clone();
    (world, request)
}

#[test]
fn what_leaves_the_history_is_summed_up_before_the_question_is_asked() {
    let (mut world, summary) = full();
    assert_eq!((summary.kind, summary.chain[0].as_str()), (RequestKind::Summary, "second"));
    assert_eq!(prompt(&summary), ["sum up", "user: one\nassistant: 1\n\nuser: two\nassistant: 2"]);
    assert_eq!(world.say(5, "five").rulings(), [Ruling::Waits]);
    let written = world.answer(&summary, "they counted to two");
    assert_eq!((written.rulings(), reasons(written.decision())), (vec![Ruling::Asked], vec!["summary"]));
    let head = "[Summary of what was said before / 此前对话的摘要]\nthey counted to two\nthree";
    assert_eq!(prompt(written.request()), [head, "3", "four"]);
    assert_eq!((written.ledger[0].kind, written.ledger[0].reason.as_str()), (LedgerKind::Settle, "summary"));
    let request = written.request().clone();
    let next = world.answer(&request, "4");
    assert_eq!(next.rulings(), [Ruling::Answered, Ruling::Asked]);
    let again = next.request().clone();
    assert_eq!(again.kind, RequestKind::Summary);
    assert_eq!(prompt(&again)[1], "they counted to two\n\nuser: three\nassistant: 3");
}

#[test]
fn without_a_summary_in_time_the_question_is_asked_and_the_turns_are_forgotten() {
    for outcome in [Outcome::Expired, Outcome::Failed { reason: "timeout".into(), verdict: None }, done(" ")]
    {
        let (mut world, summary) = full();
        let written = world.play(Event::Answered(world::outcome(&summary, outcome.clone())));
        assert_eq!(written.rulings(), [Ruling::Asked], "{outcome:?}");
        assert_eq!(prompt(written.request()), ["three", "3", "four"]);
        let answered = written.request().clone();
        assert_eq!(world.answer(&answered, "4").rulings(), [Ruling::Answered]);
    }
}

#[test]
fn a_recall_and_a_take_over_cut_a_summary_as_they_cut_a_call() {
    let (mut world, summary) = full();
    let written = world.recall(4);
    assert_eq!((written.rulings(), written.cancels[0].request), (vec![Ruling::Cancelled], summary.id));
    assert_eq!(world.answer(&summary, "late").rulings(), [Ruling::Late]);
    let (mut world, summary) = full();
    let written = world.takeover(Some("carol"));
    assert_eq!(written.cancels[0].request, summary.id);
    let (mut world, _) = full();
    assert_eq!(world.pass(15 * MINUTE).clock().rulings(), [Ruling::Lost], "a summary that vanished");
}
