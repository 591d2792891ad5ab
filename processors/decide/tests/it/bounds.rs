//! What grows is bounded, and the core stays small.

use schemas::answer::AnswerSource;
use schemas::decision::Ruling;
use schemas::event::{Event, Message};

use crate::world::*;

#[test]
fn the_core_of_a_busy_conversation_stays_below_one_kilobyte() {
    let mut world = World::new("merge_window = \"1s\"");
    let mut largest = 0;
    for n in 0..200 {
        world.say(n, "a message");
        world.pass(300);
        if let Some(request) = world.clock().requests.first().cloned() {
            world.say(1_000 + n, "meanwhile");
            largest = largest.max(world.core_size());
            if n % 3 > 0 {
                world.answer(&request, "an answer");
            }
        }
        largest = largest.max(world.core_size());
    }
    assert!((200..1_024).contains(&largest), "{largest} bytes");
    assert!(world.stored_keys("h") > 0 && world.stored_keys("w") > 0 && world.stored_keys("s") > 0);
}

#[test]
fn a_group_with_many_members_has_a_small_core_when_nothing_is_pending() {
    let mut world = World::of(group(), "");
    for n in 0..100 {
        let request = world.say_as(&format!("member{n}"), n, "hello").request().clone();
        world.answer(&request, "hi");
    }
    assert!(world.core_size() < 200, "{} bytes", world.core_size());
    assert_eq!(world.stored_keys("h"), 100);
}

#[test]
fn a_full_lane_keeps_the_older_messages_and_refuses_the_newest() {
    let mut world = World::new("[canned]\ntoo_many = \"too many!\"");
    let first = world.say(0, "first").request().clone();
    for n in 1..=50 {
        assert_eq!(world.say(n, "more").rulings(), [Ruling::Waits]);
    }
    let refused = world.say(51, "too much");
    let decision = refused.decision();
    assert_eq!(
        (decision.ruling, decision.reasons.as_slice()),
        (Ruling::Unanswerable, &["lane_full".to_owned()][..])
    );
    assert_eq!((refused.said(), decision.parts), (vec!["too many!"], 1));
    assert_eq!(refused.answers[0].source, AnswerSource::Canned { reason: "lane_full".into() });
    assert_eq!(
        (refused.answers[0].message.clone(), refused.answers[0].turn),
        (id(51), decision.turn.unwrap())
    );
    assert!(world.core_size() < 1_024, "{} bytes", world.core_size());
    assert_eq!(world.answer(&first, "1").decisions[1].merged, 50);
}

#[test]
fn whoever_floods_a_lane_is_told_once_until_it_moves_on() {
    let mut world = World::new("max_waiting_messages = 2\n[canned]\ntoo_many = \"too many!\"");
    let mut request = world.say(0, "first").request().clone();
    for round in 0..3 {
        for n in 0..12 {
            let written = world.say(100 * round + n + 1, "more");
            let decision = written.decision();
            match n {
                0 | 1 => assert_eq!(decision.ruling, Ruling::Waits),
                2 => assert_eq!((decision.ruling, written.said()), (Ruling::Unanswerable, vec!["too many!"])),
                _ => {
                    assert_eq!(decision.reasons, ["lane_full", "told_before"]);
                    assert!(written.nothing_goes_out() && decision.message.is_some());
                }
            }
        }
        request = world.answer(&request, "yes").request().clone();
    }
}

#[test]
fn everybody_who_is_answered_alone_is_told_alone() {
    let mut world = World::of(group(), "max_waiting_messages = 1");
    for (n, sender) in (0..).zip(["alice", "bob"]) {
        world.say_as(sender, 10 * n, "first");
        world.say_as(sender, 10 * n + 1, "second");
        let written = world.say_as(sender, 10 * n + 2, "third");
        assert_eq!((written.answers.len(), written.answers[0].user.as_str()), (1, sender));
    }
}

#[test]
fn a_lane_whose_turn_was_called_off_does_not_stay_told() {
    let mut world = World::new("max_waiting_messages = 1");
    let first = world.say(0, "first").request().clone();
    world.say(1, "second");
    assert_eq!(world.say(2, "third").answers.len(), 1);
    world.recall(0);
    world.recall(1);
    assert_eq!(world.answer(&first, "late").rulings(), [Ruling::Late]);
    world.say(3, "again");
    world.say(4, "and again");
    assert_eq!(world.say(5, "too much").answers.len(), 1);
}

#[test]
fn without_words_for_it_a_full_lane_is_only_stated() {
    let mut world = World::new("max_waiting_messages = 1\n[canned]\ntoo_many = \" \"");
    world.say(0, "first");
    world.say(1, "second");
    let written = world.say(2, "third");
    assert_eq!(
        (written.decision().reasons.as_slice(), written.decision().turn),
        (&["lane_full".to_owned()][..], None)
    );
    assert!(written.nothing_goes_out());
}

#[test]
fn a_lane_takes_as_many_bytes_as_configured_and_one_message_in_any_case() {
    let mut world = World::new("max_waiting_bytes = 1024");
    world.say(0, "first");
    assert_eq!(world.say(1, &"x".repeat(2_000)).rulings(), [Ruling::Waits]);
    assert_eq!(world.say(2, "more").decision().reasons, ["lane_full"]);
}

#[test]
fn a_lane_takes_so_many_bytes_of_text_and_no_more() {
    let mut world = World::new("");
    world.say(0, "first");
    let rulings: Vec<Ruling> = (1..9).map(|n| world.say(n, &"x".repeat(5_000)).decision().ruling).collect();
    assert_eq!(rulings.iter().filter(|ruling| **ruling == Ruling::Waits).count(), 6);
}

#[test]
fn buckets_of_seen_messages_are_pruned_and_stay_small() {
    let mut world = World::of(group(), "duplicate_horizon = \"1m\"");
    for n in 0..1_000 {
        let message = Message { bot: None, ..world.message(n, "hello") };
        world.play(Event::Message(message));
        world.pass(if n < 500 { 1 } else { SECOND });
    }
    assert!((4..12).contains(&world.stored_keys("s")), "{}", world.stored_keys("s"));
}

#[test]
fn history_that_no_record_holds_is_left_behind() {
    let mut world = World::new("max_output_tokens = 8000\nhistory_turns = 1000\nmax_answer_parts = 1000");
    let written = world.exchange(1, "one", &"\"".repeat(200_000));
    assert_eq!(written.decision().reasons, ["done", "not_remembered"]);
    assert_eq!(world.stored_keys("h"), 0);
    world.exchange(2, "two", "2");
    assert_eq!(world.stored_keys("h"), 1);
}
