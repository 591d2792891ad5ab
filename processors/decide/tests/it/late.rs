//! Answers that are found wrong after they were let out: by the review that follows them, or by a source of findings.

use schemas::answered::{Answered, Outcome};
use schemas::decision::Ruling;
use schemas::event::Event;
use schemas::ids::{AnswerId, EventId, TargetName};
use schemas::ledger::LedgerKind;
use schemas::request::{Request, RequestKind, Role};
use schemas::retract::{LateFinding, RetractReason};
use schemas::review::Level;
use schemas::verdict::{Action, Verdict};

use crate::world::*;

/// An app whose answers are reviewed when they are out.
const AFTER: &str = "part_bytes = 256\n[review]\nanswers = \"after\"";

/// A model's answer that the filter holds.
fn held(text: &str) -> Outcome {
    let verdict = Verdict::new(Action::Hold, vec!["explosives".into()], "call");
    Outcome::Done { text: text.into(), verdict, target: TargetName::new("first").unwrap(), truncated: false }
}

/// Says something, and lets an answer out that is held; what that step wrote.
fn let_out(world: &mut World, n: u32, answer: &str) -> Written {
    let asked = world.say(n, "hello").request().clone();
    world.play(Event::Answered(outcome(&asked, held(answer))))
}

fn reviewed(request: &Request, level: Level) -> Answered {
    let reviewer = request.chain[0].clone();
    let heard = Outcome::Reviewed { level, category: Some("violence".into()), reviewer };
    Answered { attempts: vec![attempt(1, None, Some(900))], ..outcome(request, heard) }
}

fn review(world: &mut World, request: &Request, level: Level) -> Written {
    world.play(Event::Answered(reviewed(request, level)))
}

fn finding(world: &World, part: Option<AnswerId>, question: Option<u32>) -> Event {
    Event::Finding(LateFinding {
        id: "audit-1".into(),
        conversation: world.conversation.clone(),
        reply: part,
        message: question.map(id),
        category: Some("fraud/price".into()),
        at: world.time,
    })
}

#[test]
fn an_answer_that_is_held_goes_out_at_once_and_its_review_holds_no_lane() {
    let mut world = World::new(AFTER);
    let asked = world.say(1, "hello").request().clone();
    world.say(2, "and now?");
    let written = world.play(Event::Answered(outcome(&asked, held("a bomb"))));
    assert_eq!((written.said(), written.rulings()), (vec!["a bomb"], vec![Ruling::Answered, Ruling::Asked]));
    assert_eq!(written.decisions[0].reasons, ["done", "held"]);
    let kinds: Vec<_> = written.requests.iter().map(|request| request.kind).collect();
    assert_eq!(kinds, [RequestKind::AnswerReview, RequestKind::Answer], "the conversation goes on");
    let review = &written.requests[0];
    assert_eq!((review.turn, review.chain[0].as_str()), (asked.turn, "cloud"));
    assert_eq!((review.prompt.len(), review.prompt[0].role), (1, Role::User));
    assert_eq!(review.prompt[0].text.plain(), Some("a bomb"));
    assert_eq!(review.answer_by, world.time + 10 * SECOND);
    assert_eq!(written.requests[1].prompt[1].text.plain(), Some("a bomb"), "it is in the history");
}

#[test]
fn what_is_found_unsafe_is_taken_back_with_every_part_and_leaves_the_history() {
    let mut world = World::new(AFTER);
    let said = let_out(&mut world, 1, &"a bomb. ".repeat(100));
    assert!(said.answers.len() > 2);
    let written = review(world.pass(SECOND), said.request(), Level::Unsafe);
    let decision = written.decision();
    assert_eq!(decision.reasons, ["review_unsafe", "violence", "retracted", "history_removed"]);
    assert_eq!((decision.ruling, decision.input.as_str()), (Ruling::Noted, "answered"));
    assert_eq!(decision.request, Some(said.request().id));
    let back: Vec<_> = written.retracts.iter().map(|retract| retract.answer).collect();
    assert_eq!(back, said.answers.iter().map(|part| part.id).collect::<Vec<_>>());
    assert!(written.retracts.iter().all(|retract| retract.reason == RetractReason::Finding));
    let booked = &written.ledger[0];
    assert_eq!((booked.kind, booked.reason.as_str()), (LedgerKind::Uncertain, "review"));
    assert_eq!((booked.request, booked.amount.as_ref().unwrap().pico), (said.request().id, 900));
    assert_eq!(world.say(2, "what was that?").request().prompt.len(), 1);
}

#[test]
fn what_is_safe_stands_and_the_policy_decides_on_what_nobody_calls_safe_or_unsafe() {
    let failed = Outcome::Failed { reason: "timeout".into(), verdict: None };
    let away = [failed, Outcome::Expired, Outcome::Dead { reason: "crashed".into() }];
    for (keys, back) in [("", 1), ("when_away = \"pass\"\ncontroversial = \"pass\"", 0)] {
        let settings = format!("{AFTER}\n{keys}");
        let mut world = World::new(&settings);
        let said = let_out(&mut world, 1, "a bomb");
        assert_eq!(review(&mut world, said.request(), Level::Safe).retracts, []);
        let mut world = World::new(&settings);
        let said = let_out(&mut world, 1, "a bomb");
        assert_eq!(review(&mut world, said.request(), Level::Controversial).retracts.len(), back);
        for end in away.clone() {
            let mut world = World::new(&settings);
            let said = let_out(&mut world, 1, "a bomb");
            let written = world.play(Event::Answered(outcome(said.request(), end)));
            assert_eq!((written.retracts.len(), &*written.decision().reasons[0]), (back, "review_away"));
        }
    }
}

#[test]
fn a_review_of_an_answer_that_was_taken_back_or_forgotten_changes_nothing_and_is_booked() {
    let mut world = World::new(&format!("retract_on_recall = true\n{AFTER}"));
    let said = let_out(&mut world, 1, "a bomb");
    assert_eq!(world.recall(1).retracts.len(), 1);
    let written = review(&mut world, said.request(), Level::Unsafe);
    assert_eq!((written.retracts.len(), written.ledger.len()), (0, 1));
    assert_eq!(written.decision().reasons, ["review_unsafe", "violence", "nothing_pending"]);
    let said = let_out(&mut world, 2, "a bomb");
    let second = Answered { id: EventId::derive("second", 0), ..reviewed(said.request(), Level::Unsafe) };
    assert_eq!(review(&mut world, said.request(), Level::Unsafe).retracts.len(), 1);
    assert_eq!(world.play(Event::Answered(second)).retracts, [], "it is taken back once");
    let said = let_out(&mut world, 3, "a bomb");
    world.pass(40 * 24 * HOUR).clock();
    assert!(world.state.is_none());
    let written = review(&mut world, said.request(), Level::Unsafe);
    assert_eq!((written.retracts.len(), written.ledger.len()), (0, 1));
}

#[test]
fn an_answer_that_is_stopped_or_called_off_is_not_reviewed_afterwards() {
    let mut world = World::new(AFTER);
    let asked = world.say(1, "hello").request().clone();
    let verdict = Verdict::new(Action::Block, vec!["weapons".into()], "call");
    let target = TargetName::new("first").unwrap();
    let blocked = Outcome::Done { text: "a gun".into(), verdict, target, truncated: false };
    let written = world.play(Event::Answered(outcome(&asked, blocked)));
    assert_eq!((written.said(), written.requests.len()), (vec!["failed!"], 0));
    let asked = world.say(2, "hello").request().clone();
    world.recall(2);
    let written = world.play(Event::Answered(outcome(&asked, held("a bomb"))));
    assert_eq!((written.rulings(), written.requests.len()), (vec![Ruling::Late], 0));
    let mut before = World::new("[review]");
    let written = let_out(&mut before, 1, "a bomb");
    assert_eq!((written.said(), written.requests.len()), (vec!["failed!"], 0), "it is not reviewed yet");
}

#[test]
fn a_finding_takes_back_the_answer_that_has_the_part_or_answers_the_message() {
    let mut world = World::new("keep_answers = true\npart_bytes = 256");
    let first = world.exchange(1, "one", &"word ".repeat(100));
    world.exchange(2, "two", "2");
    let last = first.answers.last().unwrap().id;
    let event = finding(&world, Some(last), None);
    let written = world.play(event.clone());
    let decision = written.decision();
    assert_eq!(decision.reasons, ["fraud/price", "retracted", "history_removed"]);
    assert_eq!((decision.input.as_str(), decision.turn), ("finding", Some(first.answers[0].turn)));
    assert_eq!(written.retracts.len(), first.answers.len());
    assert!(written.retracts.iter().all(|retract| retract.reason == RetractReason::Finding));
    assert_eq!(world.play(event).decision().reasons, ["fraud/price", "nothing_pending"], "it came again");
    let event = finding(&world, None, Some(2));
    let written = world.play(event);
    assert_eq!((written.decision().message.clone(), written.retracts.len()), (Some(id(2)), 1));
    assert_eq!(world.say(3, "three").request().prompt.len(), 1);
}

#[test]
fn a_finding_on_what_is_not_kept_is_noted_and_takes_nothing_back() {
    for settings in ["", "keep_answers = true"] {
        let mut world = World::new(settings);
        let said = world.exchange(1, "one", "1");
        let other = AnswerId::derive("another", 1);
        let unknown = if settings.is_empty() { said.answers[0].id } else { other };
        let event = finding(&world, Some(unknown), None);
        let written = world.play(event);
        assert_eq!((written.rulings(), written.retracts.len()), (vec![Ruling::Noted], 0));
        assert_eq!(world.stored_keys("a"), usize::from(!settings.is_empty()));
    }
}
