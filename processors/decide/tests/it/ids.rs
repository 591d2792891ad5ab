//! Ids of people as Easemob has them: without case, and made of whatever somebody once registered.

use schemas::decision::Ruling;
use schemas::event::{Event, Message};
use schemas::ids::UserId;

use crate::world::{HOUR, MINUTE, World, alice, group, user};

#[test]
fn a_person_has_one_lane_however_the_id_is_spelt_and_keeps_the_spelling() {
    let mut world = World::of(group(), "");
    let asked = world.say_as("Alice", 1, "hello");
    assert_eq!(asked.request().user.as_str(), "Alice");
    assert_eq!(asked.request().lane.to_string(), "acme#support/group/42@alice");
    assert_eq!(world.say_as("alice", 2, "and?").rulings(), [Ruling::Waits]);
    assert_eq!(world.say_as("ALICE", 3, "still").rulings(), [Ruling::Waits]);
    assert_eq!(world.say_as("bob", 4, "me too").rulings(), [Ruling::Asked]);
    let done = world.answer(asked.request(), "hi");
    let next = done.requests.first().unwrap();
    assert_eq!((done.said(), next.user.as_str()), (vec!["hi"], "alice"));
}

#[test]
fn bots_are_bots_in_any_case() {
    let mut world = World::of(group(), "");
    assert_eq!(world.say_as("Clerk", 1, "hello bot").decision().reasons, ["from_bot"]);
    let called = Message { bot: Some(user("BOT")), ..world.message(2, "hello") };
    assert_eq!(world.play(Event::Message(called)).rulings(), [Ruling::Asked]);
}

/// The world restores its state from what is stored after every step.
#[test]
fn ids_with_the_separators_of_keys_are_answered_in_lanes_of_their_own() {
    let senders = ["a|b", "a/b", "a@b", "a b", "a%7Cb", "a|b|", "|", "12", "张 三", "a@b|h|x"];
    let mut world = World::of(group(), "");
    let asked: Vec<_> = (1..).zip(senders).map(|(n, sender)| world.say_as(sender, n, "hello")).collect();
    for (written, sender) in asked.iter().zip(senders) {
        assert_eq!(written.request().user.as_str(), sender);
        assert_eq!(
            written.request().lane.sender.as_ref().map(UserId::as_str),
            Some(&*sender.to_ascii_lowercase())
        );
    }
    for written in &asked {
        assert_eq!(world.answer(written.request(), "hi").said(), ["hi"]);
    }
    let again = world.say_as("A|B", 99, "more");
    assert_eq!(again.request().prompt.len(), 3, "the first turn and the question");
    assert_eq!(World::of(alice(), "").say_as("a|b@c/d", 1, "hello").request().user.as_str(), "a|b@c/d");
}

#[test]
fn what_comes_days_after_it_was_said_is_recorded_and_not_answered_as_if_it_were_asked_now() {
    for (age, ruling) in
        [(20 * MINUTE, Ruling::Asked), (HOUR + MINUTE, Ruling::TooOld), (3 * 24 * HOUR, Ruling::TooOld)]
    {
        let mut world = World::new("");
        let message = Message { sent_at: world.time - age, ..world.message(1, "hello") };
        for _ in 0..2 {
            let written = world.play(Event::Missed(message.clone()));
            assert_eq!(written.decision().input, "missed");
            assert!(ruling == Ruling::Asked || (written.rulings() == [ruling] && written.nothing_goes_out()));
        }
        assert_eq!(world.asked.len(), usize::from(ruling == Ruling::Asked), "{age}");
    }
}
