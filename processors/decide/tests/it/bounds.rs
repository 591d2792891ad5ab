//! What grows is bounded, and the core stays small.

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
    let mut world = World::new("");
    let first = world.say(0, "first").request().clone();
    for n in 1..=50 {
        assert_eq!(world.say(n, "more").rulings(), [Ruling::Waits]);
    }
    let refused = world.say(51, "too much");
    assert_eq!(
        (refused.decision().ruling, refused.decision().reasons[0].as_str()),
        (Ruling::Unanswerable, "lane_full")
    );
    assert!(refused.nothing_goes_out());
    assert!(world.core_size() < 1_024, "{} bytes", world.core_size());
    assert_eq!(world.answer(&first, "1").decisions[1].merged, 50);
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
    let mut world = World::new("max_output_tokens = 8000\nhistory_turns = 1000");
    world.exchange(1, "one", &"\"".repeat(200_000));
    assert_eq!(world.stored_keys("h"), 0);
    world.exchange(2, "two", "2");
    assert_eq!(world.stored_keys("h"), 1);
}
