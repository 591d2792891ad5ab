//! Turns: one in flight per lane, merged messages, history.

use schemas::decision::Ruling;
use schemas::event::{Event, Message};
use schemas::request::{Request, Role};

use crate::world::*;

fn prompt(request: &Request) -> Vec<&str> {
    request.prompt.iter().map(|line| line.text.plain().unwrap()).collect()
}

#[test]
fn messages_during_a_turn_wait_and_join_the_next_one_in_the_order_of_sending() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    let third = world.message(3, "three");
    let second = Message { sent_at: third.sent_at - 5, ..world.message(2, "two") };
    let written = world.play(Event::Message(third));
    assert_eq!(
        (written.decision().ruling, written.decision().reasons[0].as_str()),
        (Ruling::Waits, "turn_in_flight")
    );
    assert_eq!(world.play(Event::Message(second)).rulings(), [Ruling::Waits]);
    let written = world.answer(&first, "answer one");
    assert_eq!(written.rulings(), [Ruling::Answered, Ruling::Asked]);
    let asked = &written.decisions[1];
    assert_eq!((asked.message.clone(), asked.merged), (Some(id(2)), 2));
    assert_eq!(prompt(written.request()), ["one", "answer one", "two\nthree"]);
}

#[test]
fn with_a_merge_window_the_turn_opens_when_the_window_closes() {
    let mut world = World::new("merge_window = \"2s\"");
    assert_eq!(world.say(1, "one").decision().reasons, ["merge_window"]);
    world.pass(1_500);
    assert_eq!(world.say(2, "two").rulings(), [Ruling::Waits]);
    world.pass(1_999);
    assert!(world.clock().decisions.is_empty());
    world.pass(1);
    let written = world.clock();
    assert_eq!((written.decision().ruling, written.decision().merged), (Ruling::Asked, 2));
    assert_eq!(prompt(written.request()), ["one\ntwo"]);
}

#[test]
fn a_merge_window_is_not_extended_beyond_three_times_its_length() {
    let mut world = World::new("merge_window = \"2s\"");
    for n in 0..5 {
        world.say(n, "and");
        world.pass(1_200);
    }
    assert_eq!(world.clock().decision().merged, 5);
    assert_eq!(world.time, START + 6_000);
}

#[test]
fn in_a_group_every_sender_has_a_lane() {
    let mut world = World::of(group(), "");
    let one = world.say_as("alice", 1, "I am Alice").request().clone();
    let other = world.say_as("bob", 2, "I am Bob").request().clone();
    assert_ne!(one.lane, other.lane);
    assert_eq!(world.say_as("bob", 3, "again").rulings(), [Ruling::Waits]);
    assert_eq!(world.answer(&one, "hi").rulings(), [Ruling::Answered]);
    let written = world.answer(&other, "hi Bob");
    assert_eq!(prompt(written.request()), ["I am Bob", "hi Bob", "again"]);
}

#[test]
fn a_group_that_is_one_lane_says_who_speaks() {
    let mut world = World::of(group(), "lane = \"conversation\"");
    let first = world.say_as("alice", 1, "hello").request().clone();
    assert_eq!(first.lane.sender, None);
    world.say_as("bob", 2, "me too");
    world.say_as("alice", 3, "and?");
    let written = world.answer(&first, "hi");
    assert_eq!(prompt(written.request()), ["alice: hello", "hi", "bob: me too\nalice: and?"]);
    assert_eq!(written.request().user, user("bob"));
}

#[test]
fn all_who_asked_in_a_merged_turn_are_answered_by_name() {
    let mut world = World::of(group(), "lane = \"conversation\"");
    let first = world.say_as("alice", 1, "hello").request().clone();
    for (n, sender) in (2..).zip(["bob", "carol", "bob", "alice", "dave"]) {
        world.say_as(sender, n, "me too");
    }
    let written = world.answer(&first, "hi");
    assert!(written.answers[0].others.is_empty());
    let second = written.request().clone();
    let answers = world.answer(&second, &"hi all. ".repeat(1_000)).answers;
    assert!(answers.len() > 1);
    for answer in answers {
        assert_eq!(answer.user, user("bob"));
        assert_eq!(answer.others, [user("carol"), user("alice"), user("dave")]);
    }
}

#[test]
fn what_is_said_instead_of_an_answer_is_said_to_all_who_asked() {
    let mut world = World::of(group(), "lane = \"conversation\"\nmerge_window = \"2s\"");
    world.say_as("alice", 1, "hello");
    world.say_as("bob", 2, "hello");
    world.pass(2 * SECOND).clock();
    let lost = world.pass(HOUR).clock();
    assert_eq!((lost.said(), lost.answers[0].others.clone()), (vec!["failed!"], vec![user("bob")]));
}

#[test]
fn parts_leave_room_for_all_who_are_mentioned() {
    let mut world = World::of(group(), "lane = \"conversation\"\nmerge_window = \"2s\"");
    for n in 0..50 {
        world.say_as(&format!("member-with-quite-a-long-name-{n:030}"), n, "hello");
    }
    let request = world.pass(2 * SECOND).clock().request().clone();
    for answer in world.answer(&request, &"一".repeat(5_000)).answers {
        let names: usize = answer.others.iter().map(|name| name.as_str().len() + 3).sum();
        let text = serde_json::to_string(answer.text.plain().unwrap()).unwrap().len() - 2;
        assert!((1_900..=2_048).contains(&names) && text + names <= 4_600, "{text} and {names}");
    }
}

#[test]
fn messages_to_another_bot_are_not_merged() {
    let mut world = World::of(group(), "");
    let first = world.say(1, "bot?").request().clone();
    let to_clerk = Message { bot: Some(user("clerk")), ..world.message(2, "clerk?") };
    world.play(Event::Message(to_clerk));
    world.say(3, "bot again?");
    let second = world.answer(&first, "yes").request().clone();
    assert_eq!((second.bot.as_str(), prompt(&second)), ("clerk", vec!["clerk?"]));
    let third = world.answer(&second, "yes?").request().clone();
    assert_eq!((third.bot.as_str(), prompt(&third)), ("bot", vec!["bot?", "yes", "bot again?"]));
}

#[test]
fn the_history_is_in_the_next_prompt_and_the_label_is_not() {
    let mut world = World::new("label = \"(made by AI)\"");
    let written = world.exchange(1, "my name is Alice", "hello Alice");
    assert_eq!(written.said(), ["hello Alice\n\n(made by AI)"]);
    let written = world.say(2, "who am I?");
    let roles: Vec<Role> = written.request().prompt.iter().map(|line| line.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
    assert_eq!(prompt(written.request()), ["my name is Alice", "hello Alice", "who am I?"]);
}

#[test]
fn history_is_trimmed_in_blocks_and_so_is_the_state() {
    let mut world = World::new("history_turns = 4");
    let lengths: Vec<usize> = (0..9)
        .map(|n| {
            let request = world.say(n, "question").request().clone();
            world.answer(&request, "answer");
            request.prompt.len() / 2
        })
        .collect();
    assert_eq!(lengths, [0, 1, 2, 3, 4, 2, 3, 4, 2]);
    assert_eq!(world.stored_keys("h"), 3);
    let trimmed: usize = (9..12).map(|n| world.exchange(n, "q", "a").decisions.len()).sum();
    assert_eq!(trimmed, 3);
}

#[test]
fn without_history_every_turn_stands_alone() {
    let mut world = World::new("history_turns = 0");
    world.exchange(1, "one", "1");
    assert_eq!(prompt(world.say(2, "two").request()), ["two"]);
    assert_eq!(world.stored_keys("h"), 1);
}

#[test]
fn a_history_that_does_not_fit_the_smallest_window_is_left_behind() {
    let mut world = World::new("");
    for n in 0..10 {
        let request = world.say(n, &"问".repeat(1_000)).request().clone();
        let estimate: u32 =
            request.prompt.iter().map(|l| catalogue::estimate::tokens(l.text.plain().unwrap())).sum();
        assert!(estimate * 115 / 100 < 8_192 - 1_000);
        let written = world.answer(&request, "好");
        assert!(written.requests.is_empty());
    }
}

#[test]
fn a_message_that_fits_no_window_is_refused_and_the_next_one_is_asked() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    world.say(2, &"问".repeat(7_000));
    world.say(3, "three");
    let written = world.answer(&first, "1");
    assert_eq!(written.rulings(), [Ruling::Answered, Ruling::Unanswerable, Ruling::Asked]);
    assert_eq!(written.decisions[1].reasons, ["too_long"]);
    assert_eq!(written.said(), ["1", "failed!"]);
    assert_eq!(prompt(written.request()).last(), Some(&"three"));
}

#[test]
fn as_many_waiting_messages_as_fit_are_asked_together() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    for n in 2..5 {
        world.say(n, &"问".repeat(3_000));
    }
    let second = world.answer(&first, "1").request().clone();
    assert_eq!(second.message, id(2));
    let third = world.answer(&second, "2");
    assert_eq!((third.request().message.clone(), third.decisions[1].merged), (id(3), 1));
}
