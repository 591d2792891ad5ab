//! Messages that the filter holds: each ends once, whatever becomes of its review.

use schemas::answered::{Answered, Outcome};
use schemas::decision::Ruling;
use schemas::event::{CallbackReply, Event, Message};
use schemas::ids::EventId;
use schemas::ledger::LedgerKind;
use schemas::request::{Request, RequestKind};
use schemas::review::{AnswerReview, Level};
use schemas::state::{Phase, Prerequisite};
use schemas::text::Text;
use schemas::verdict::{Action, OnError, Verdict};

use crate::world::*;

/// An app whose reviewer is asked for what is held.
const REVIEWED: &str = "[review]\ntext = \"not now\"\n[canned]\nblocked = \"blocked!\"";

fn reviewed(request: &Request, level: Level) -> Answered {
    let reviewer = request.chain[0].clone();
    let heard = Outcome::Reviewed { level, category: Some("violence".into()), reviewer };
    Answered { attempts: vec![attempt(1, None, Some(900))], ..outcome(request, heard) }
}

fn review(world: &mut World, request: &Request, level: Level) -> Written {
    world.play(Event::Answered(reviewed(request, level)))
}

fn failed(reason: &str) -> Outcome {
    Outcome::Failed { reason: reason.into(), verdict: None }
}

fn policy(keys: &str) -> String {
    format!("[review]\n{keys}\n[canned]\nblocked = \"blocked!\"")
}

#[test]
fn a_held_message_waits_in_a_turn_of_its_own_for_a_review_of_all_that_it_says() {
    let mut world = World::new(REVIEWED);
    let other_texts = vec![Text::from("the password.png")];
    let written = world.play(Event::Message(Message { other_texts, ..world.message(1, "a bomb") }));
    let (decision, request) = (written.decision(), written.request());
    assert_eq!((decision.ruling, decision.turn), (Ruling::Held, Some(request.turn)));
    assert_eq!((request.kind, request.chain[0].as_str()), (RequestKind::Review, "cloud"));
    assert_eq!(request.prompt.len(), 1);
    assert_eq!(
        request.prompt[0].text.plain(),
        Some("a bomb\n\nthe ********.png"),
        "masked as the verdict says"
    );
    assert_eq!(request.answer_by, world.time + 10 * SECOND);
    let turn = world.state.as_ref().unwrap().core().lanes[""].turn.clone().unwrap();
    assert_eq!(turn.phase, Phase::Pending { awaits: Prerequisite::Review });
    assert_eq!(turn.request(), Some(request.id));
}

#[test]
fn what_is_safe_goes_on_in_the_same_turn_and_its_review_is_booked_and_charged_to_nobody() {
    let mut world = World::new(REVIEWED);
    let held = world.say(1, "a bomb").request().clone();
    let written = review(&mut world, &held, Level::Safe);
    let asked = written.request().clone();
    assert_eq!((asked.kind, asked.turn), (RequestKind::Answer, held.turn));
    assert_eq!(asked.prompt[0].text.plain(), Some("a bomb"));
    assert_eq!(written.decision().ruling, Ruling::Asked);
    assert_eq!(written.decision().reasons, ["review_safe", "violence"]);
    let booked = &written.ledger[0];
    assert_eq!((booked.kind, booked.reason.as_str()), (LedgerKind::Uncertain, "review"));
    assert_eq!((booked.request, booked.amount.as_ref().unwrap().pico), (held.id, 900));
    assert_eq!(world.answer(&asked, "hi").said(), ["hi"]);
}

#[test]
fn what_is_unsafe_is_refused_in_the_words_of_the_app_and_the_next_turn_opens() {
    let mut world = World::new(REVIEWED);
    let held = world.say(1, "a bomb").request().clone();
    world.say(2, "hello");
    let written = review(&mut world, &held, Level::Unsafe);
    assert_eq!((written.rulings(), written.said()), (vec![Ruling::Blocked, Ruling::Asked], vec!["not now"]));
    assert_eq!(written.decisions[0].reasons, ["review_unsafe", "violence", "blocked"]);
    assert_eq!((written.decisions[0].turn, written.answers[0].turn), (Some(held.turn), held.turn));
    assert_eq!(written.request().prompt.len(), 1, "what was stopped is in no prompt");
    assert_eq!(written.ledger.len(), 1);
}

#[test]
fn the_policy_decides_on_what_is_controversial_and_on_what_nobody_reviewed() {
    let nothing = [
        failed("review_budget"),
        failed("timeout"),
        Outcome::Expired,
        Outcome::Cancelled,
        Outcome::Dead { reason: "crashed".into() },
    ];
    for (keys, passes) in [("", false), ("when_away = \"pass\"\ncontroversial = \"pass\"", true)] {
        let mut world = World::new(&policy(keys));
        let held = world.say(1, "a bomb").request().clone();
        let written = review(&mut world, &held, Level::Controversial);
        assert_eq!(written.requests.len(), usize::from(passes));
        assert_eq!(written.said().is_empty(), passes);
        for away in nothing.clone() {
            let word = match &away {
                Outcome::Failed { reason, .. } | Outcome::Dead { reason } => reason.clone(),
                other => other.label().to_owned(),
            };
            let mut world = World::new(&policy(keys));
            let held = world.say(1, "a bomb").request().clone();
            let written = world.play(Event::Answered(outcome(&held, away)));
            assert_eq!(written.decision().reasons[..2], ["review_away".to_owned(), word]);
            assert_eq!((written.requests.len(), written.said().is_empty()), (usize::from(passes), passes));
        }
    }
}

#[test]
fn an_app_that_charges_for_reviews_settles_what_was_heard_and_has_a_price() {
    let mut world = World::new(&policy("charged = true"));
    let held = world.say(1, "a bomb").request().clone();
    let attempts = vec![attempt(1, Some("timeout"), Some(5)), attempt(2, None, Some(900))];
    let written =
        world.play(Event::Answered(Answered { attempts, rerun: true, ..reviewed(&held, Level::Safe) }));
    let kinds: Vec<_> = written.ledger.iter().map(|entry| (entry.kind, entry.reason.as_str())).collect();
    assert_eq!(
        kinds,
        [(LedgerKind::Uncertain, "review"), (LedgerKind::Settle, "review"), (LedgerKind::Uncertain, "rerun")]
    );
}

#[test]
fn an_app_without_a_reviewer_stops_what_is_held() {
    let mut world = World::new("[canned]\nblocked = \"blocked!\"");
    let held = Verdict::new(Action::Hold, vec!["theirs".into()], "ingest");
    let written = world.play(Event::Message(Message { verdict: held, ..world.message(1, "hello") }));
    assert_eq!((written.decision().ruling, written.said()), (Ruling::Blocked, vec!["blocked!"]));
}

#[test]
fn whoever_was_told_that_a_message_is_not_delivered_is_not_answered_later() {
    let mut world = World::new(REVIEWED);
    let reply = CallbackReply::Block;
    let written = world.play(Event::Message(Message { reply, ..world.message(1, "a bomb") }));
    assert_eq!((written.decision().ruling, written.requests.len()), (Ruling::Blocked, 0));
}

#[test]
fn what_is_held_is_merged_with_nothing_and_holds_nothing_else_up_longer_than_its_turn() {
    let mut world = World::new("merge_window = \"2s\"\n[review]");
    for (n, text) in [(1, "one"), (2, "two"), (3, "a bomb"), (4, "four")] {
        world.say(n, text);
        world.pass(1);
    }
    let first = world.pass(2 * SECOND).clock().request().clone();
    assert_eq!(first.prompt[0].text.plain(), Some("one\ntwo"));
    let held = world.answer(&first, "1 and 2").request().clone();
    assert_eq!((held.kind, held.message.clone()), (RequestKind::Review, id(3)));
    let third = review(&mut world, &held, Level::Safe).request().clone();
    assert_eq!(third.prompt.last().unwrap().text.plain(), Some("a bomb"));
    let fourth = world.answer(&third, "3").request().clone();
    assert_eq!(fourth.prompt.last().unwrap().text.plain(), Some("four"));
}

#[test]
fn a_recall_an_edit_and_a_take_over_cut_a_review_as_they_cut_a_call() {
    for how in 0..3 {
        let mut world = World::new(REVIEWED);
        let held = world.say(1, "a bomb").request().clone();
        let written = match how {
            0 => world.recall(1),
            1 => world.edit(1, "another bomb"),
            _ => world.takeover(Some("clerk")),
        };
        assert_eq!(written.cancels[0].request, held.id, "{how}");
        let again: Vec<_> = written.requests.iter().map(|request| request.kind).collect();
        assert_eq!(again, if how == 1 { vec![RequestKind::Review] } else { vec![] });
        let late = review(&mut world, &held, Level::Safe);
        assert_eq!((late.rulings(), late.requests.len()), (vec![Ruling::Late], 0));
        assert_eq!((late.ledger[0].kind, late.ledger[0].reason.as_str()), (LedgerKind::Uncertain, "review"));
    }
}

#[test]
fn a_message_that_was_found_safe_and_then_edited_is_held_by_its_new_text_alone() {
    let mut world = World::new(REVIEWED);
    let held = world.say(1, "a bomb").request().clone();
    review(&mut world, &held, Level::Safe);
    assert_eq!(world.edit(1, "a flower").request().kind, RequestKind::Answer);
    assert_eq!(world.edit(1, "a bomb").request().kind, RequestKind::Review);
}

#[test]
fn a_review_that_vanished_is_given_up_by_the_safety_timer() {
    let mut world = World::new(REVIEWED);
    let held = world.say(1, "a bomb").request().clone();
    let written = world.pass(16 * MINUTE).clock();
    assert_eq!((written.rulings(), written.said()), (vec![Ruling::Lost], vec!["failed!"]));
    assert_eq!((written.ledger[0].request, written.ledger[0].reason.as_str()), (held.id, "lost"));
    assert_eq!(review(&mut world, &held, Level::Safe).rulings(), [Ruling::Late]);
}

#[test]
fn a_second_verdict_on_the_same_message_is_late() {
    let mut world = World::new(REVIEWED);
    let held = world.say(1, "a bomb").request().clone();
    let asked = review(&mut world, &held, Level::Safe).request().clone();
    let second = Answered { id: EventId::derive("second", 0), ..reviewed(&held, Level::Unsafe) };
    assert_eq!(world.play(Event::Answered(second)).rulings(), [Ruling::Late]);
    assert_eq!(world.answer(&asked, "hi").said(), ["hi"]);
}

#[test]
fn words_that_cannot_wait_go_by_the_policy_at_once() {
    for (keys, ruling) in [("", Ruling::Blocked), ("when_away = \"pass\"", Ruling::Noted)] {
        let mut world = World::new(&policy(keys));
        let by_hand = Message { sender: user("bot"), bot: None, ..world.message(1, "a bomb") };
        assert_eq!(world.play(Event::Message(by_hand)).decision().ruling, ruling, "{keys}");
    }
    for (keys, ruling) in [("", Ruling::Blocked), ("when_away = \"pass\"", Ruling::TakenOver)] {
        let mut world = World::new(&policy(keys));
        world.takeover(Some("clerk"));
        assert_eq!(world.say(2, "a bomb").decision().ruling, ruling, "{keys}");
    }
    for (keys, ruling) in [("", Ruling::Blocked), ("when_away = \"pass\"", Ruling::Passed)] {
        let mut world = World::of(group(), &policy(keys));
        let between_people = Message { bot: None, ..world.message(3, "a bomb") };
        assert_eq!(world.play(Event::Message(between_people)).decision().ruling, ruling, "{keys}");
    }
}

#[test]
fn the_review_of_an_answer_is_told_and_booked_apart_from_the_answer() {
    let mut world = World::new(REVIEWED);
    let asked = world.say(1, "hello").request().clone();
    let review = AnswerReview {
        level: Some(Level::Safe),
        category: None,
        reason: None,
        attempts: vec![attempt(1, None, Some(900))],
    };
    let answered = Answered { review: Some(Box::new(review)), ..outcome(&asked, done("hi")) };
    let written = world.play(Event::Answered(answered));
    assert_eq!(
        (written.said(), &written.decision().reasons[1..]),
        (vec!["hi"], &["held".to_owned(), "review_safe".to_owned()][..])
    );
    let booked: Vec<_> = written.ledger.iter().map(|it| (it.kind, it.reason.as_str())).collect();
    assert_eq!(booked, [(LedgerKind::Settle, "done"), (LedgerKind::Uncertain, "review")]);
    assert_ne!(written.ledger[0].id, written.ledger[1].id);
}

/// A rule on the word `grenade` that holds texts and says what becomes of them when nobody reviews them.
fn rule(on_error: Option<&str>) -> String {
    let said = on_error.map(|said| format!("on_error = {said:?}")).unwrap_or_default();
    format!("[[filter.rule]]\nid = \"grenades\"\nwords = [\"grenade\"]\naction = \"hold\"\n{said}\n")
}

/// What rules may say, and whether a text goes on where the policy stops and where it passes.
const SAID: [(Option<&str>, bool, bool); 3] =
    [(Some("open"), true, true), (Some("closed"), false, false), (None, false, true)];

/// An app with a reviewer, whose policy is to pass or to stop what nobody reviews.
fn away(passes: bool, keys: &str, on_error: Option<&str>) -> World {
    let when_away = if passes { "pass" } else { "block" };
    World::new(&format!("[review]\nwhen_away = {when_away:?}\n{keys}\n{}", rule(on_error)))
}

#[test]
fn a_rule_says_what_becomes_of_a_message_that_nobody_reviewed_and_the_policy_where_it_does_not() {
    for (on_error, blocking, passing) in SAID {
        for (policy, goes_on) in [(false, blocking), (true, passing)] {
            let mut world = away(policy, "", on_error);
            let held = world.say(1, "a grenade").request().clone();
            let written = world.play(Event::Answered(outcome(&held, failed("timeout"))));
            assert_eq!(written.requests.len(), usize::from(goes_on), "{on_error:?} {policy}");
            let held = away(policy, "", on_error).say(1, "a grenade").request().clone();
            let written = review(&mut world, &held, Level::Unsafe);
            assert_eq!(written.requests.len(), 0, "a verdict is one");
            // An edit is held by what both texts say.
            let mut world = away(policy, "", on_error);
            world.say(1, "a grenade");
            let edited = world.edit(1, "a bomb and a grenade").request().clone();
            let both = goes_on && (policy || on_error.is_none());
            let written = world.play(Event::Answered(outcome(&edited, Outcome::Expired)));
            assert_eq!(written.requests.len(), usize::from(both), "{on_error:?} {policy}");
        }
    }
}

#[test]
fn a_rule_says_what_becomes_of_words_that_cannot_wait() {
    for (on_error, blocking, passing) in SAID {
        for (policy, goes_on) in [(false, blocking), (true, passing)] {
            let mut world = away(policy, "", on_error);
            let by_hand = Message { sender: user("bot"), bot: None, ..world.message(1, "a grenade") };
            let ruling = if goes_on { Ruling::Noted } else { Ruling::Blocked };
            assert_eq!(world.play(Event::Message(by_hand)).decision().ruling, ruling);
            world.takeover(Some("clerk"));
            let ruling = if goes_on { Ruling::TakenOver } else { Ruling::Blocked };
            assert_eq!(world.say(2, "a grenade").decision().ruling, ruling);
        }
    }
}

#[test]
fn without_a_reviewer_a_message_goes_on_if_all_rules_that_hold_it_are_open_as_milder_rules_have_it() {
    for (on_error, goes_on) in [(Some("open"), true), (Some("closed"), false), (None, false)] {
        let world = || World::new(&format!("[canned]\nblocked = \"blocked!\"\n{}", rule(on_error)));
        let written = world().say(1, "the password of a grenade");
        assert_eq!(written.requests.len(), usize::from(goes_on));
        if goes_on {
            assert_eq!(written.request().prompt[0].text.plain(), Some("the ******** of a grenade"));
            let verdict = written.decision().verdict.clone().unwrap();
            let rules = ["grenades".to_owned(), "secrets".to_owned()];
            assert_eq!((verdict.action, verdict.rules.as_slice()), (Action::Mask, &rules[..]));
            let asked = written.request();
            assert_eq!(asked.kind, RequestKind::Answer);
        }
        assert_eq!(world().say(1, "a gun and a grenade").said(), ["blocked!"]);
        let held = Verdict::new(Action::Hold, vec!["theirs".into()], "ingest");
        let mut world = world();
        let theirs = Message { verdict: held, ..world.message(1, "a grenade") };
        assert_eq!(
            world.play(Event::Message(theirs)).said(),
            ["blocked!"],
            "ingest knows a rule that says nothing"
        );
    }
}

#[test]
fn a_rule_says_what_becomes_of_an_answer_that_is_out_and_that_nobody_reviewed() {
    for (said, blocking, passing) in
        [(Some(OnError::Open), true, true), (Some(OnError::Closed), false, false), (None, false, true)]
    {
        for (policy, stands) in [(false, blocking), (true, passing)] {
            let mut world = away(policy, "answers = \"after\"", None);
            let asked = world.say(1, "hello").request().clone();
            let verdict = Verdict { on_error: said, ..Verdict::new(Action::Hold, vec!["r".into()], "call") };
            let target = asked.chain[0].clone();
            let held = Outcome::Done { text: "hm".into(), verdict, target, truncated: false };
            let review = world.play(Event::Answered(outcome(&asked, held))).request().clone();
            let written = world.play(Event::Answered(outcome(&review, Outcome::Expired)));
            assert_eq!(written.retracts.len(), usize::from(!stands), "{said:?} {policy}");
        }
    }
}
