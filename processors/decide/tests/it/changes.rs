//! Recall, withdrawal, edit, takeover.

use schemas::decision::Ruling;

use crate::world::*;

#[test]
fn a_recalled_message_that_waits_is_cancelled() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    world.say(2, "two");
    let written = world.recall(2);
    assert_eq!(
        (written.decision().ruling, written.decision().message.clone()),
        (Ruling::Cancelled, Some(id(2)))
    );
    assert_eq!(world.answer(&first, "1").rulings(), [Ruling::Answered]);
    assert_eq!(world.say(2, "two").rulings(), [Ruling::Duplicate]);
}

#[test]
fn recalling_what_waits_for_the_window_closes_it() {
    let mut world = World::new("merge_window = \"2s\"");
    world.say(1, "one");
    world.recall(1);
    assert!(world.state.as_ref().unwrap().core().lanes.is_empty());
    assert!(world.pass(MINUTE).clock().decisions.is_empty());
}

#[test]
fn a_recall_during_the_turn_cancels_it_and_the_lane_waits_for_its_outcome() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    let written = world.recall(1);
    assert_eq!((written.decision().ruling, written.decision().turn), (Ruling::Cancelled, Some(first.turn)));
    assert_eq!(world.say(2, "two").rulings(), [Ruling::Waits]);
    let written = world.answer(&first, "1");
    assert_eq!(written.rulings(), [Ruling::Late, Ruling::Asked]);
    assert!(written.answers.is_empty());
    assert_eq!(written.ledger[0].reason, "late");
    assert_eq!(written.request().prompt.len(), 1);
}

#[test]
fn the_other_messages_of_a_cancelled_turn_are_asked_again() {
    let mut world = World::new("merge_window = \"2s\"");
    for n in 1..4 {
        world.say(n, &format!("message {n}"));
    }
    let first = world.pass(2 * SECOND).clock().request().clone();
    world.recall(1);
    let second = world.answer(&first, "late").request().clone();
    assert_eq!(second.prompt[0].text.plain(), Some("message 2\nmessage 3"));
    world.recall(3);
    let third = world.answer(&second, "late").request().clone();
    assert_eq!(third.message, id(2));
    assert_ne!(second.turn, third.turn);
    assert_eq!(world.answer(&third, "at last").said(), ["at last"]);
}

#[test]
fn a_recall_after_the_answer_leaves_later_prompts() {
    let mut world = World::new("");
    world.exchange(1, "my secret", "I see");
    let written = world.recall(1);
    assert_eq!(
        (written.decision().ruling, written.decision().reasons[0].as_str()),
        (Ruling::Noted, "history_removed")
    );
    assert_eq!(world.say(2, "what did I say?").request().prompt.len(), 1);
    assert_eq!(world.recall(1).decision().reasons, ["nothing_pending"]);
}

#[test]
fn what_comes_ahead_of_its_message_stops_it() {
    let mut world = World::new("");
    assert_eq!(world.recall(1).decision().reasons, ["ahead_of_message"]);
    let written = world.say(1, "one");
    assert_eq!(written.rulings(), [Ruling::Cancelled]);
    world.withdraw(2);
    assert_eq!(world.say(2, "two").rulings(), [Ruling::Withdrawn]);
    assert_eq!(world.say(2, "two").rulings(), [Ruling::Duplicate]);
    assert!(written.nothing_goes_out() && world.asked.is_empty());
}

#[test]
fn a_withdrawn_message_is_dropped_wherever_it_is() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    world.say(2, "two");
    assert_eq!(world.withdraw(2).rulings(), [Ruling::Withdrawn]);
    assert_eq!(world.withdraw(1).rulings(), [Ruling::Withdrawn]);
    let written = world.answer(&first, "1");
    assert_eq!(written.rulings(), [Ruling::Late]);
    assert_eq!(world.say(3, "three").request().prompt.len(), 1);
}

#[test]
fn an_edit_changes_what_waits() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    world.say(2, "two");
    world.say(3, "three");
    assert_eq!(world.edit(2, "zwei").decision().reasons, ["edited"]);
    let next = world.answer(&first, "1").request().clone();
    assert_eq!(next.prompt[2].text.plain(), Some("zwei\nthree"));
}

#[test]
fn an_edit_during_the_turn_is_asked_anew() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    let written = world.edit(1, "uno");
    assert_eq!(written.decision().reasons, ["turn_cancelled", "edited"]);
    let written = world.answer(&first, "1");
    assert_eq!(written.rulings(), [Ruling::Late, Ruling::Asked]);
    let second = written.request().clone();
    assert_eq!((second.message.clone(), second.prompt[0].text.plain()), (id(1), Some("uno")));
    assert_eq!(world.answer(&second, "1").said(), ["1"]);
    assert_eq!(world.edit(1, "ein").decision().ruling, Ruling::Noted);
}

#[test]
fn an_edit_is_judged_like_a_message() {
    let mut world = World::new("merge_window = \"2s\"\n[canned]\nblocked = \"blocked!\"");
    world.say(1, "one");
    assert_eq!(world.edit(1, "the password").rulings(), [Ruling::Waits]);
    let request = world.pass(2 * SECOND).clock().request().clone();
    assert_eq!(request.prompt[0].text.plain(), Some("the ********"));
    let written = world.edit(1, "a gun");
    assert_eq!((written.decision().ruling, written.said()), (Ruling::Blocked, vec!["blocked!"]));
    assert_eq!(world.answer(&request, "late").rulings(), [Ruling::Late]);
    world.say(2, "two");
    assert_eq!(world.edit(2, " ").decision().ruling, Ruling::Unanswerable);
    assert!(world.state.as_ref().unwrap().core().lanes.is_empty());
}

#[test]
fn a_person_takes_over_and_hands_back() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    world.say(2, "two");
    let written = world.takeover(Some("supervisor"));
    assert_eq!(written.rulings(), [Ruling::Noted, Ruling::TakenOver]);
    assert_eq!(written.decisions[0].reasons, ["taken_over", "turn_cancelled"]);
    assert_eq!(written.decisions[1].message, Some(id(2)));
    assert_eq!(world.answer(&first, "1").rulings(), [Ruling::Late]);
    assert_eq!(world.say(3, "three").rulings(), [Ruling::TakenOver]);
    let blocked = world.say(4, "a gun");
    assert_eq!(blocked.rulings(), [Ruling::Blocked]);
    assert_eq!(world.say(3, "three").rulings(), [Ruling::Duplicate]);
    assert_eq!(world.takeover(None).decision().reasons, ["handed_back"]);
    let request = world.say(5, "five").request().clone();
    assert_eq!(request.prompt.len(), 1);
    assert!(world.answered.is_empty());
}

#[test]
fn handing_back_does_not_revive_a_turn() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    world.takeover(Some("supervisor"));
    world.takeover(None);
    assert_eq!(world.answer(&first, "1").rulings(), [Ruling::Late]);
}
