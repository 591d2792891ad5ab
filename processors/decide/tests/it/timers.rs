//! Timers: lost turns, forgotten conversations, bundles that change under them.

use decide::{State, due};
use schemas::decision::Ruling;
use schemas::ledger::LedgerKind;

use crate::world::*;

#[test]
fn a_vanished_request_is_given_up_and_the_next_turn_opens() {
    let mut world = World::new("lost_after = \"5m\"");
    let first = world.say(1, "one").request().clone();
    world.say(2, "two");
    assert_eq!(due(world.state.as_ref().unwrap()), Some(START + 5 * MINUTE));
    let written = world.pass(5 * MINUTE).clock();
    assert_eq!(written.rulings(), [Ruling::Lost, Ruling::Asked]);
    assert_eq!((written.decisions[0].turn, written.decisions[0].parts), (Some(first.turn), 1));
    assert_eq!(written.said(), ["failed!"]);
    let entry = &written.ledger[0];
    assert_eq!(
        (entry.kind, entry.reason.as_str(), entry.amount.clone()),
        (LedgerKind::Uncertain, "lost", None)
    );
    let late = world.answer(&first, "1");
    assert_eq!((late.rulings(), late.ledger[0].user.as_str()), (vec![Ruling::Late], "alice"));
    assert!(late.answers.is_empty());
}

#[test]
fn a_cancelled_turn_that_vanished_frees_the_lane_in_silence() {
    let mut world = World::new("");
    world.say(1, "one");
    world.recall(1);
    world.say(2, "two");
    let written = world.pass(15 * MINUTE).clock();
    assert_eq!(written.rulings(), [Ruling::Lost, Ruling::Asked]);
    assert!(written.answers.is_empty());
}

#[test]
fn several_lanes_fire_in_one_clock_and_every_decision_has_its_own_id() {
    let mut world = World::of(group(), "");
    for (n, sender) in (1..).zip(["alice", "bob", "carol"]) {
        world.say_as(sender, n, "hello");
    }
    assert_eq!(world.pass(15 * MINUTE).clock().rulings(), [Ruling::Lost; 3]);
}

#[test]
fn an_idle_conversation_is_forgotten() {
    let mut world = World::new("forget_after = \"2h\"");
    world.exchange(1, "one", "1");
    world.pass(HOUR);
    world.exchange(2, "two", "2");
    world.pass(2 * HOUR - 1);
    assert!(world.clock().decisions.is_empty());
    let written = world.pass(1).clock();
    assert_eq!(written.decision().reasons, ["forgotten"]);
    assert!(world.state.is_none());
    assert_eq!(world.say(3, "three").request().prompt.len(), 1);
}

#[test]
fn a_conversation_of_which_only_duplicates_are_remembered_is_forgotten_soon() {
    let mut world = World::new("");
    world.say(1, "a gun");
    let forgotten = due(world.state.as_ref().unwrap()).unwrap() - START;
    assert!((HOUR..2 * HOUR).contains(&forgotten), "{forgotten}");
}

#[test]
fn nothing_is_forgotten_while_a_turn_is_in_flight() {
    let mut world = World::new("lost_after = \"2h\"\nforget_after = \"3h\"");
    world.say(1, "one");
    world.pass(2 * HOUR - 1);
    assert!(world.clock().decisions.is_empty());
    assert_eq!(world.pass(HOUR * 2).clock().rulings(), [Ruling::Lost, Ruling::Noted]);
    assert!(world.state.is_none());
}

#[test]
fn in_a_busy_group_the_history_of_those_who_left_is_forgotten() {
    let mut world = World::of(group(), "forget_after = \"2h\"");
    let request = world.say_as("alice", 1, "hello").request().clone();
    world.answer(&request, "hi");
    for n in 2..5 {
        world.pass(HOUR);
        let request = world.say_as("bob", n, "hello").request().clone();
        world.answer(&request, "hi");
    }
    assert_eq!(world.stored_keys("h"), 3);
}

#[test]
fn time_never_goes_back_within_a_conversation() {
    let mut world = World::new("");
    world.pass(MINUTE).say(1, "one");
    let ahead = world.time;
    world.pass(-MINUTE);
    assert_eq!(world.say(2, "two").decision().at, ahead);
}

#[test]
fn what_is_pending_in_an_app_that_was_removed_ends_without_a_word() {
    let mut world = World::new("");
    world.say(1, "one");
    world.say(2, "two");
    world.rules = None;
    assert_eq!(world.recall(1).rulings(), [Ruling::Unconfigured]);
    let written = world.pass(15 * MINUTE).clock();
    assert_eq!(written.rulings(), [Ruling::Lost, Ruling::Unconfigured]);
    assert!(written.answers.is_empty());
    assert!(world.state.as_ref().unwrap().core().lanes.is_empty());
    assert_eq!(world.pass(31 * 24 * HOUR).clock().rulings(), [Ruling::Noted]);
    assert!(world.state.is_none());
}

#[test]
fn a_timer_that_is_not_due_changes_nothing() {
    let mut world = World::new("");
    world.say(1, "one");
    let state = world.state.clone().unwrap();
    let at = decide::At { partition: 3, offset: 99, time: world.time };
    let step = decide::fire(world.rules.as_ref(), at, &world.conversation, &state, 0);
    assert!(step.outputs.is_empty());
    assert_eq!(step.state.map(|s: State| s.hash()), Some(state.hash()));
}
