//! Where the calls of turns that are called off run on, as under bundles that do not say what becomes of them.

use schemas::decision::Ruling;

use crate::world::*;

const RUN_ON: &str = "cancel = \"run_on\"";

#[test]
fn the_lane_of_a_recalled_turn_waits_for_its_outcome() {
    let mut world = World::new(RUN_ON);
    let first = world.say(1, "one").request().clone();
    let written = world.recall(1);
    assert_eq!((written.decision().ruling, written.decision().turn), (Ruling::Cancelled, Some(first.turn)));
    assert!(written.cancels.is_empty());
    assert_eq!(world.say(2, "two").rulings(), [Ruling::Waits]);
    let written = world.answer(&first, "1");
    assert_eq!(written.rulings(), [Ruling::Late, Ruling::Asked]);
    assert!(written.answers.is_empty());
    assert_eq!(written.ledger[0].reason, "late");
    assert_eq!(written.request().prompt.len(), 1);
}

#[test]
fn what_was_edited_is_asked_when_the_outcome_comes() {
    let mut world = World::new(RUN_ON);
    let first = world.say(1, "one").request().clone();
    assert_eq!(world.edit(1, "uno").decision().reasons, ["turn_cancelled", "edited"]);
    let written = world.answer(&first, "1");
    assert_eq!(written.rulings(), [Ruling::Late, Ruling::Asked]);
    assert_eq!(written.request().prompt[0].text.plain(), Some("uno"));
}

#[test]
fn a_turn_that_a_person_took_over_ends_with_its_outcome() {
    let mut world = World::new(RUN_ON);
    let first = world.say(1, "one").request().clone();
    assert!(world.takeover(Some("supervisor")).nothing_goes_out());
    assert_eq!(world.state.as_ref().unwrap().core().lanes.len(), 1);
    assert_eq!(world.answer(&first, "1").rulings(), [Ruling::Late]);
}

#[test]
fn a_turn_that_was_called_off_before_calls_are_cut_ends_with_its_outcome() {
    let mut world = World::new(RUN_ON);
    let first = world.say(1, "one").request().clone();
    world.recall(1);
    world.rules = Some(rules(""));
    assert_eq!(world.say(2, "two").rulings(), [Ruling::Waits]);
    assert_eq!(world.answer(&first, "1").rulings(), [Ruling::Late, Ruling::Asked]);
}

#[test]
fn a_cancelled_turn_that_vanished_frees_the_lane_in_silence() {
    let mut world = World::new(RUN_ON);
    world.say(1, "one");
    world.recall(1);
    world.say(2, "two");
    let written = world.pass(15 * MINUTE).clock();
    assert_eq!(written.rulings(), [Ruling::Lost, Ruling::Asked]);
    assert!(written.answers.is_empty());
}
