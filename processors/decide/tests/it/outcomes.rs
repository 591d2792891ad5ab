//! Outcomes: the first one of the current turn is let out, every other is booked and sent nowhere.

use schemas::answer::AnswerSource;
use schemas::answered::{Answered, Attempt, Flagged, Outcome};
use schemas::decision::Ruling;
use schemas::event::Event;
use schemas::ledger::LedgerKind;
use schemas::verdict::{Action, Verdict};

use crate::world::*;

#[test]
fn the_first_outcome_is_let_out_and_settled() {
    let mut world = World::new("delivery = \"drop\"");
    let request = world.say(1, "hello").request().clone();
    world.pass(SECOND);
    let written = world.answer(&request, "hi");
    assert_eq!((written.decision().ruling, written.decision().parts), (Ruling::Answered, 1));
    let answer = &written.answers[0];
    assert_eq!(answer.source, AnswerSource::Model { request: request.id });
    assert_eq!((answer.part, answer.parts, answer.send_by), (1, 1, START + SECOND + 360 * MINUTE));
    assert_eq!(answer.class, schemas::answer::DeliveryClass::Drop);
    let entry = &written.ledger[0];
    assert_eq!(
        (entry.kind, entry.tokens, entry.amount.as_ref().unwrap().pico),
        (LedgerKind::Settle, 15, 700)
    );
    assert_eq!(entry.user, user("alice"));
}

#[test]
fn a_second_outcome_is_late_and_booked_as_uncertain() {
    let mut world = World::new("");
    let request = world.say(1, "hello").request().clone();
    let first = world.answer(&request, "hi");
    let second =
        Answered { id: schemas::ids::EventId::derive("second", 0), ..outcome(&request, done("hi again")) };
    let written = world.play(Event::Answered(second));
    assert_eq!(written.decision().ruling, Ruling::Late);
    assert!(written.answers.is_empty());
    assert_eq!((written.ledger[0].kind, written.ledger[0].reason.as_str()), (LedgerKind::Uncertain, "late"));
    assert_ne!(written.ledger[0].id, first.ledger[0].id);
}

#[test]
fn an_outcome_of_a_turn_that_nobody_knows_is_late() {
    let mut other = World::new("");
    let request = other.say(1, "hello").request().clone();
    let mut world = World::new("");
    let written = world.answer(&request, "hi");
    assert_eq!((written.decision().ruling, written.ledger[0].user.as_str()), (Ruling::Late, "alice"));
    assert!(written.answers.is_empty() && world.state.is_none());

    let mut other = World::of(group(), "lane = \"conversation\"");
    let request = other.say(1, "hello").request().clone();
    let mut world = World::of(group(), "lane = \"conversation\"");
    let written = world.answer(&request, "hi");
    assert_eq!(written.decision().reasons, ["unattributed"]);
    assert!(written.ledger.is_empty());
}

#[test]
fn attempts_before_the_answer_are_uncertain_and_a_rerun_is_too() {
    let mut world = World::new("");
    let request = world.say(1, "hello").request().clone();
    let attempts = vec![
        attempt(1, Some("rate_limited"), None),
        attempt(2, Some("cut"), Some(50)),
        Attempt { may_be_billed: true, ..attempt(3, Some("timeout"), None) },
        attempt(4, None, Some(700)),
    ];
    let written =
        world.play(Event::Answered(Answered { attempts, rerun: true, ..outcome(&request, done("hi")) }));
    let booked: Vec<_> = written
        .ledger
        .iter()
        .map(|e| (e.kind, e.reason.as_str(), e.amount.as_ref().map(|m| m.pico)))
        .collect();
    assert_eq!(
        booked,
        [
            (LedgerKind::Settle, "done", Some(700)),
            (LedgerKind::Uncertain, "attempt_failed", Some(50)),
            (LedgerKind::Uncertain, "attempt_failed", None),
            (LedgerKind::Uncertain, "rerun", None),
        ]
    );
}

#[test]
fn every_other_end_gives_its_canned_answer_and_is_not_remembered() {
    let failed = Outcome::Failed { reason: "rate_limit".into(), verdict: None };
    let dead = Outcome::Dead { reason: "unknown_target".into() };
    for (end, said, reasons) in [
        (failed, vec!["failed!"], vec!["failed", "rate_limit"]),
        (Outcome::Expired, vec!["expired!"], vec!["expired"]),
        (dead, vec!["failed!"], vec!["dead", "unknown_target"]),
        (Outcome::Cancelled, vec![], vec!["cancelled"]),
        (done(" \n"), vec!["failed!"], vec!["empty"]),
        (done("\u{200b}\u{3164}\n\u{2800}"), vec!["failed!"], vec!["empty"]),
        (done("\u{feff}\u{e0041}\u{a0}"), vec!["failed!"], vec!["empty"]),
    ] {
        let mut world = World::new("");
        let request = world.say(1, "hello").request().clone();
        let paid = vec![attempt(1, None, Some(9))];
        let written = world.play(Event::Answered(Answered { attempts: paid, ..outcome(&request, end) }));
        assert_eq!(written.said(), said);
        assert_eq!(written.decision().reasons, reasons);
        let ruling = if said.is_empty() { Ruling::Noted } else { Ruling::Answered };
        assert_eq!(written.decision().ruling, ruling);
        assert_eq!((written.ledger.len(), written.ledger[0].kind), (1, LedgerKind::Uncertain));
        assert_eq!(world.say(2, "again").request().prompt.len(), 1);
    }
}

#[test]
fn a_model_that_used_its_tokens_up_gets_words_of_its_own() {
    for (settings, expected) in [
        ("[canned]\nunfinished = \"ask for less!\"", "ask for less!"),
        ("", "抱歉,这个问题我没能答完,请把它拆小一些再问。"),
    ] {
        let mut world = World::new(settings);
        let request = world.say(1, "hello").request().clone();
        let used_up = Outcome::Failed { reason: "cap_used_up".into(), verdict: None };
        let paid = vec![attempt(1, Some("cap_used_up"), Some(9))];
        let written = world.play(Event::Answered(Answered { attempts: paid, ..outcome(&request, used_up) }));
        assert_eq!(
            (written.said(), &written.decision().reasons[..]),
            (vec![expected], &["failed".into(), "cap_used_up".into()][..])
        );
        assert_eq!(written.ledger[0].kind, LedgerKind::Uncertain);
    }
}

#[test]
fn the_reviewers_verdict_is_respected() {
    let reviewed = |action| Outcome::Done {
        text: "the model's words".into(),
        verdict: Verdict::new(action, vec!["r".into()], "reviewer"),
        target: schemas::ids::TargetName::new("first").unwrap(),
        truncated: true,
    };
    for (action, said, kind) in [
        (Action::Mask, "the model's words", LedgerKind::Settle),
        (Action::Replace, "failed!", LedgerKind::Uncertain),
        (Action::Block, "failed!", LedgerKind::Uncertain),
    ] {
        let mut world = World::new("");
        let request = world.say(1, "hello").request().clone();
        let written = world.play(Event::Answered(outcome(&request, reviewed(action))));
        assert_eq!((written.said(), written.ledger[0].kind), (vec![said], kind));
        assert_eq!(written.decision().verdict.as_ref().unwrap().action, action);
    }
}

#[test]
fn a_long_answer_goes_out_in_numbered_parts_that_fit() {
    let mut world = World::new("part_bytes = 256\nlabel = \"(AI)\"");
    let code: String = (0..30).map(|n| format!("println!(\"{n}\");\n")).collect();
    let text = format!("Look:\n\n```rust\n{code}");
    let written = world.exchange(1, "code!", &text);
    let count = u16::try_from(written.answers.len()).unwrap();
    assert!(count > 2);
    assert_eq!(written.decision().parts, count);
    for (number, answer) in (1..).zip(&written.answers) {
        let part = answer.text.plain().unwrap();
        assert_eq!((answer.part, answer.parts), (number, count));
        assert!(serde_json::to_string(part).unwrap().len() - 2 <= 256);
        assert_eq!(part.matches("```").count() % 2, 0, "{part}");
    }
    assert!(written.said().last().unwrap().ends_with("```\n\n(AI)"), "{:?}", written.said().last());
}

#[test]
fn an_answer_of_more_parts_than_may_be_sent_is_cut_and_says_so() {
    let settings = "part_bytes = 256\nmax_answer_parts = 3\nlabel = \"(AI)\"\n[canned]\ncut = \"(cut)\"";
    let mut world = World::new(settings);
    let sentence = "This is a sentence of some length. ";
    let written = world.exchange(1, "tell me everything", &sentence.repeat(100));
    assert_eq!(
        (written.decision().reasons.as_slice(), written.decision().parts),
        (&["done".to_owned(), "cut".to_owned()][..], 3)
    );
    let said = written.said();
    assert!(said.iter().all(|part| serde_json::to_string(part).unwrap().len() - 2 <= 256));
    assert!(said[2].ends_with("length.\n\n(cut)\n\n(AI)") && !said[1].contains("(cut)"), "{}", said[2]);
    assert!(written.answers.iter().all(|answer| answer.parts == 3));
    // What nobody saw is in no prompt.
    let next = world.say(2, "and then?").request().clone();
    let remembered = next.prompt[1].text.plain().unwrap();
    assert!(remembered.len() < 800 && sentence.repeat(100).starts_with(remembered), "{}", remembered.len());
}

#[test]
fn an_answer_that_is_cut_inside_of_code_ends_its_block() {
    let mut world = World::new("part_bytes = 256\nmax_answer_parts = 2\n[canned]\ncut = \"(cut)\"");
    let code: String = (0..60).map(|n| format!("  println!(\"{n}\");\n")).collect();
    let written = world.exchange(1, "code!", &format!("- ```rust\n{code}  ```\n"));
    let said = written.said();
    assert_eq!(said.len(), 2);
    assert!(said[1].starts_with("  ```rust\n") && said[1].ends_with("\n  ```\n\n(cut)"), "{}", said[1]);
}

#[test]
fn an_answer_of_exactly_as_many_parts_is_whole() {
    let mut world = World::new("part_bytes = 256\nmax_answer_parts = 2\n[canned]\ncut = \"(cut)\"");
    let written = world.exchange(1, "hello", &"x".repeat(512));
    assert_eq!(
        (written.decision().reasons.as_slice(), written.said().concat()),
        (&["done".to_owned()][..], "x".repeat(512))
    );
    let written = world.exchange(2, "hello", &"x".repeat(513));
    assert_eq!(written.said().len(), 2);
    assert!(written.said()[1].ends_with("x\n\n(cut)"));
}

#[test]
fn without_words_for_it_a_cut_answer_ends_where_it_is_cut() {
    let mut world = World::new("part_bytes = 256\nmax_answer_parts = 1\n[canned]\ncut = \"\"");
    let written = world.exchange(1, "hello", &"word ".repeat(100));
    assert!(written.said()[0].ends_with("word") && written.said().len() == 1);
}

#[test]
fn a_part_in_which_nobody_sees_anything_is_not_sent() {
    let mut world = World::new("part_bytes = 256");
    let written = world.exchange(1, "hello", &format!("before{}after", " \u{3000}\n".repeat(300)));
    let said = written.said();
    assert!(
        said.len() <= 3 && said[0].starts_with("before") && said[said.len() - 1].ends_with("after"),
        "{said:?}"
    );
    assert_eq!(written.decision().parts, u16::try_from(said.len()).unwrap());
    assert!(written.answers.iter().zip(1..).all(|(answer, number)| answer.part == number));
}

/// An attempt whose provider objects to this.
fn flagged(number: u16, what: Flagged) -> Attempt {
    Attempt { flagged: Some(what), ..attempt(number, Some("content_blocked"), Some(9)) }
}

/// Everything that a request says to the model.
fn prompt(request: &schemas::request::Request) -> Vec<&str> {
    request.prompt.iter().filter_map(|line| line.text.plain()).collect()
}

#[test]
fn a_turn_that_a_provider_objects_to_is_in_no_later_prompt() {
    for (what, left) in [
        (Flagged::Question, vec!["one", "1", "two", "2"]),
        (Flagged::Earlier(1), vec!["one", "1"]),
        (Flagged::Earlier(2), vec!["two", "2"]),
        (Flagged::Earlier(3), vec!["one", "1", "two", "2"]),
        (Flagged::Conversation, vec![]),
    ] {
        let mut world = World::new("");
        world.exchange(1, "one", "1");
        world.exchange(2, "two", "2");
        let request = world.say(3, "three").request().clone();
        let blocked = Outcome::Failed { reason: "content_blocked".into(), verdict: None };
        let attempts = vec![flagged(1, what)];
        let written = world.play(Event::Answered(Answered { attempts, ..outcome(&request, blocked) }));
        let goes = left.len() < 4;
        assert_eq!(written.decision().reasons.contains(&"history_flagged".to_owned()), goes, "{what:?}");
        let again = world.say(4, "four").request().clone();
        assert_eq!(prompt(&again), [left, vec!["four"]].concat(), "{what:?}");
    }
}

#[test]
fn a_question_that_one_provider_objects_to_and_another_answers_is_not_remembered() {
    for (what, left) in [
        (Flagged::Question, vec!["one", "1"]),
        (Flagged::Conversation, vec![]),
        (Flagged::Earlier(1), vec!["two", "hi"]),
    ] {
        let mut world = World::new("");
        world.exchange(1, "one", "1");
        let request = world.say(2, "two").request().clone();
        let attempts = vec![flagged(1, what), attempt(2, None, Some(700))];
        let written = world.play(Event::Answered(Answered { attempts, ..outcome(&request, done("hi")) }));
        assert_eq!(written.said(), ["hi"], "it is sent all the same");
        assert_eq!(written.decision().reasons, ["done", "history_flagged"]);
        let again = world.say(3, "three").request().clone();
        assert_eq!(prompt(&again), [left, vec!["three"]].concat(), "{what:?}");
    }
}
