//! Answers that are taken back: with their question, or because an operator orders it.

use proptest::prelude::*;
use schemas::answered::Outcome;
use schemas::decision::Ruling;
use schemas::event::Event;
use schemas::ids::EventId;
use schemas::retract::{AnswerReference, RetractOrder, RetractReason, RetractScope};

use crate::world::*;

const ON: &str = "retract_on_recall = true";

/// The order that names these answers.
fn order(world: &World, answers: Vec<AnswerReference>) -> Event {
    Event::Retract(RetractOrder {
        id: EventId::derive("order", answers.len()),
        conversation: world.conversation.clone(),
        answers,
        scope: RetractScope::Conversation,
        by: "ops".into(),
        why: "a wrong price".into(),
        at: world.time,
    })
}

fn reference(written: &Written) -> AnswerReference {
    let part = &written.answers[0];
    AnswerReference {
        turn: part.turn,
        lane: part.lane.clone(),
        bot: part.bot.clone(),
        user: part.user.clone(),
        message: part.message.clone(),
        parts: part.parts,
        decided_at: part.decided_at,
    }
}

/// Parts that stand in the chat in the end: those that were let out and not taken back.
fn standing(world: &World, written: &[Written]) -> usize {
    let back: Vec<_> =
        written.iter().flat_map(|step| &step.retracts).map(|retract| retract.answer.to_string()).collect();
    world.answered.values().flatten().filter(|part| !back.contains(&part.id.to_string())).count()
}

#[test]
fn a_recalled_question_takes_every_part_of_its_answer_with_it() {
    let mut world = World::new("retract_on_recall = true\npart_bytes = 256");
    let said = world.exchange(1, "my secret", &"I see. ".repeat(100));
    assert!(said.answers.len() > 2);
    let written = world.pass(SECOND).recall(1);
    assert_eq!(written.decision().reasons, ["retracted", "history_removed"]);
    assert_eq!(
        (written.decision().turn, written.decision().ruling),
        (Some(said.answers[0].turn), Ruling::Noted)
    );
    let back: Vec<_> = written.retracts.iter().map(|retract| retract.answer).collect();
    assert_eq!(back, said.answers.iter().map(|part| part.id).collect::<Vec<_>>());
    let first = &written.retracts[0];
    assert_eq!((first.reason, first.decided_at), (RetractReason::Recalled, world.time));
    assert!(first.retract_by > world.time);
    assert_eq!(world.say(2, "what did I say?").request().prompt.len(), 1);
    assert_eq!(world.recall(1).retracts, [], "there is nothing left to take back");
}

#[test]
fn by_default_an_answer_stands_when_its_question_goes_and_nothing_is_kept_for_it() {
    let mut world = World::new("");
    world.exchange(1, "my secret", "I see");
    assert_eq!(world.stored_keys("a"), 0);
    let written = world.recall(1);
    assert_eq!(
        (written.decision().reasons.as_slice(), written.retracts.len()),
        (&["history_removed".to_owned()][..], 0)
    );
}

#[test]
fn canned_answers_and_answers_that_no_history_holds_go_as_well() {
    let mut world =
        World::new("retract_on_recall = true\nhistory_turns = 0\n[canned]\nblocked = \"blocked!\"");
    world.exchange(1, "one", "1");
    assert_eq!(world.recall(1).decision().reasons, ["retracted"]);
    assert_eq!(world.say(2, "a gun").said(), ["blocked!"]);
    assert_eq!(world.recall(2).retracts.len(), 1);
    let request = world.say(3, "three").request().clone();
    world.play(Event::Answered(outcome(&request, Outcome::Expired)));
    assert_eq!(world.recall(3).retracts.len(), 1);
    world.say(4, "four");
    assert_eq!(world.pass(HOUR).clock().said(), ["failed!"]);
    assert_eq!(world.recall(4).retracts.len(), 1);
}

#[test]
fn an_answer_to_several_messages_goes_with_any_of_them() {
    let mut world =
        World::of(group(), "retract_on_recall = true\nlane = \"conversation\"\nmerge_window = \"2s\"");
    world.say_as("alice", 1, "one");
    world.say_as("bob", 2, "two");
    let request = world.pass(2 * SECOND).clock().request().clone();
    world.answer(&request, "both");
    assert_eq!(world.recall(2).retracts.len(), 1);
    assert_eq!(world.recall(1).decision().reasons, ["nothing_pending"]);
}

#[test]
fn a_conversation_keeps_the_newest_answers_and_forgets_all_of_them_with_itself() {
    let mut world = World::of(group(), ON);
    for n in 0..40 {
        let request = world.pass(SECOND).say_as(&format!("member{}", n % 7), n, "hello").request().clone();
        world.answer(&request, "hi");
    }
    assert_eq!(world.stored_keys("a"), 32);
    assert!(world.core_size() < 200);
    assert_eq!(world.recall(7).retracts, []);
    assert_eq!(world.recall(8).retracts.len(), 1);
    world.pass(40 * 24 * HOUR).clock();
    assert!(world.state.is_none());
}

#[test]
fn an_order_takes_back_what_it_names_of_any_age_and_whatever_the_policy_is() {
    for settings in ["", ON] {
        let mut world = World::new(settings);
        let (first, second) = (world.exchange(1, "one", "1"), world.exchange(2, "two", "2"));
        let event = order(&world, vec![reference(&first), reference(&second)]);
        let written = world.play(event.clone());
        assert_eq!(written.rulings(), [Ruling::Noted; 2]);
        assert_eq!(written.decisions[1].reasons, ["retracted", "history_removed"]);
        assert!(written.retracts.iter().all(|retract| retract.reason == RetractReason::Ordered));
        assert_eq!(standing(&world, &[written]), 0);
        assert_eq!(world.say(3, "three").request().prompt.len(), 1);
        // Once more, as when the conversation was forgotten: under other ids, so that it is tried again.
        assert_eq!(world.play(event).retracts.len(), 2);
    }
}

#[test]
fn an_order_under_no_bundle_is_noted_as_that() {
    let mut world = World::new("");
    let said = world.exchange(1, "one", "1");
    world.rules = None;
    let event = order(&world, vec![reference(&said)]);
    let written = world.play(event);
    assert_eq!((written.rulings(), written.retracts.len()), (vec![Ruling::Unconfigured], 0));
}

/// Where in the life of a turn its question is recalled.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum When {
    BeforeItCame,
    WhileItWaits,
    WhileTheCallRuns,
    AfterTheAnswer,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wherever_a_recall_comes_no_part_stands_in_the_end(
        when in prop::sample::select(vec![
            When::BeforeItCame, When::WhileItWaits, When::WhileTheCallRuns, When::AfterTheAnswer,
        ]),
        cancel in prop::sample::select(vec!["cut", "run_on"]),
        end in 0_u8..3,
        repeats in 1_usize..3,
        words in 1_usize..120,
    ) {
        let mut world = World::new(&format!("{ON}\ncancel = \"{cancel}\"\nmerge_window = \"2s\"\npart_bytes = 256"));
        let mut written = Vec::new();
        let recall = |world: &mut World, at: When, written: &mut Vec<Written>| {
            if at == when {
                (0..repeats).for_each(|_| written.push(world.recall(1)));
            }
        };
        recall(&mut world, When::BeforeItCame, &mut written);
        written.push(world.say(1, "a question"));
        recall(&mut world, When::WhileItWaits, &mut written);
        written.push(world.pass(2 * SECOND).clock());
        recall(&mut world, When::WhileTheCallRuns, &mut written);
        for request in world.asked.clone() {
            let end = match end {
                0 => Outcome::Expired,
                1 => Outcome::Failed { reason: "server".into(), verdict: None },
                _ => done(&"word ".repeat(words)),
            };
            written.push(world.play(Event::Answered(outcome(&request, end))));
        }
        recall(&mut world, When::AfterTheAnswer, &mut written);
        prop_assert_eq!(standing(&world, &written), 0);
        let said = world.answered.len();
        prop_assert_eq!(said, usize::from(when == When::AfterTheAnswer), "only what was said is taken back");
    }
}
