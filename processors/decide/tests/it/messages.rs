//! Messages: who is meant, what was seen, what the guard says.

use schemas::answer::AnswerSource;
use schemas::decision::Ruling;
use schemas::event::{CallbackReply, Event, Message, MessageKind};
use schemas::request::Role;
use schemas::text::{Sealed, Text};
use schemas::verdict::{Action, Verdict};

use crate::world::*;

#[test]
fn before_the_first_bundle_everything_is_unconfigured_and_nothing_changes() {
    let mut world = World::new("");
    let rules = world.rules.take();
    let written = world.say(1, "hello");
    assert_eq!(written.decision().ruling, Ruling::Unconfigured);
    assert_eq!(written.decision().message, Some(id(1)));
    assert!(written.decision().bundle.is_none() && written.nothing_goes_out() && world.state.is_none());
    assert_eq!(world.recall(1).rulings(), [Ruling::Unconfigured]);
    world.rules = rules;
    assert_eq!(world.say(1, "hello").rulings(), [Ruling::Asked]);
}

#[test]
fn an_app_that_the_bundle_does_not_know_is_unconfigured() {
    let other = "other#app".parse::<schemas::conversation::Conversation>();
    assert!(other.is_err());
    let mut world = World::of("other#app/chat/bot/alice".parse().unwrap(), "");
    let message =
        Message { id: schemas::ids::MessageId::new("other#app/chat/1").unwrap(), ..world.message(1, "hi") };
    let written = world.play(Event::Message(message));
    assert_eq!(written.decision().ruling, Ruling::Unconfigured);
    assert!(written.decision().bundle.is_some() && world.state.is_none());
}

#[test]
fn a_message_to_a_free_lane_is_asked_at_once() {
    let mut world = World::new("system_prompt = \"Be kind.\"\ntemperature_milli = 300");
    let written = world.say(1, "hello");
    let decision = written.decision();
    assert_eq!((decision.ruling, decision.merged, decision.characters), (Ruling::Asked, 1, 5));
    assert_eq!(decision.route.as_ref().unwrap().chain.len(), 2);
    let request = written.request();
    assert_eq!((decision.turn, decision.request), (Some(request.turn), Some(request.id)));
    let lines: Vec<_> = request.prompt.iter().map(|line| (line.role, line.text.plain().unwrap())).collect();
    assert_eq!(lines, [(Role::System, "Be kind."), (Role::User, "hello")]);
    assert_eq!((request.answer_by, request.temperature_milli), (START + MINUTE, Some(300)));
    assert_eq!((request.bot.as_str(), request.user.as_str()), ("bot", "alice"));
}

#[test]
fn what_an_app_says_of_hedging_and_of_blocks_travels_with_its_requests() {
    let mut world = World::new("hedge_after = \"3s\"\nfallback_after_block = true");
    let written = world.say(1, "hello");
    let request = written.request();
    assert_eq!((request.hedge_after_ms, request.fallback_after_block), (Some(3_000), Some(true)));
    let request = serde_json::to_string(World::new("").say(1, "hello").request()).unwrap();
    assert!(!request.contains("hedge_after") && !request.contains("fallback"), "{request}");
}

#[test]
fn a_duplicate_falls_and_so_does_a_missed_message_that_was_seen() {
    let mut world = World::new("");
    world.say(1, "hello");
    assert_eq!(world.say(1, "hello").rulings(), [Ruling::Duplicate]);
    let written = world.play(Event::Missed(world.message(1, "hello")));
    assert_eq!(written.rulings(), [Ruling::Duplicate]);
    assert!(written.nothing_goes_out());
}

#[test]
fn a_duplicate_falls_until_it_is_older_than_the_horizon() {
    let mut world = World::new("");
    let message = world.message(1, "hello");
    world.play(Event::Message(message.clone()));
    world.pass(HOUR - 20);
    world.say(2, "something else");
    assert_eq!(world.play(Event::Message(message.clone())).rulings(), [Ruling::Duplicate]);
    world.pass(1);
    world.say(3, "something else");
    assert_eq!(world.play(Event::Message(message.clone())).rulings(), [Ruling::Duplicate]);
    world.pass(HOUR);
    world.say(4, "something else");
    let written = world.play(Event::Message(message));
    assert_eq!(written.decision().ruling, Ruling::TooOld);
    assert_eq!(written.decision().reasons, ["older_than_horizon"]);
}

#[test]
fn a_missed_message_is_judged_late_and_answered() {
    let mut world = World::new("");
    let written = world.play(Event::Missed(world.message(1, "hello")));
    assert_eq!(written.decision().ruling, Ruling::Asked);
    assert_eq!(
        (written.decision().input.as_str(), written.decision().reasons.as_slice()),
        ("missed", &["judged_late".to_owned()][..])
    );
    assert_eq!(written.requests.len(), 1);
}

#[test]
fn people_among_themselves_pass_and_hits_of_theirs_are_blocked() {
    let mut world = World::of(group(), "");
    let plain = Message { bot: None, ..world.message(1, "hello") };
    let hit = Message { bot: None, ..world.message(2, "a gun") };
    assert_eq!(world.play(Event::Message(plain)).rulings(), [Ruling::Passed]);
    let written = world.play(Event::Message(hit));
    assert_eq!(written.decision().ruling, Ruling::Blocked);
    assert!(written.nothing_goes_out());
}

#[test]
fn what_the_policy_on_people_let_through_is_passed_whatever_its_verdict() {
    let mut world = World::of(group(), "");
    let held = Verdict::new(Action::Hold, vec!["theirs".into()], "ingest");
    let people = |n, reply| Message { bot: None, reply, verdict: held.clone(), ..world.message(n, "hello") };
    let through = people(1, CallbackReply::Pass);
    let stopped = people(2, CallbackReply::Block);
    let without_text = Message { text: None, ..people(3, CallbackReply::Block) };
    assert_eq!(world.play(Event::Message(through)).rulings(), [Ruling::Passed]);
    assert_eq!(world.play(Event::Message(stopped)).rulings(), [Ruling::Blocked]);
    assert_eq!(world.play(Event::Message(without_text)).rulings(), [Ruling::Blocked]);
}

#[test]
fn bots_never_answer_bots() {
    let mut world = World::of(group(), "");
    let written = world.say_as("clerk", 1, "hello bot");
    assert_eq!(written.decision().reasons, ["from_bot"]);
    let unknown = Message { bot: Some(user("stranger")), ..world.message(2, "hello") };
    let other = world.play(Event::Message(unknown));
    assert_eq!(other.decision().reasons, ["unknown_bot"]);
    assert_eq!((written.rulings(), other.rulings()), (vec![Ruling::Passed], vec![Ruling::Passed]));
}

#[test]
fn a_blocked_message_gets_the_canned_answer_if_there_is_one() {
    let mut silent = World::new("");
    let written = silent.say(1, "a gun");
    assert_eq!(written.decision().ruling, Ruling::Blocked);
    assert_eq!(written.decision().verdict.as_ref().unwrap().rules, ["weapons"]);
    assert!(written.nothing_goes_out() && silent.state.as_ref().unwrap().core().lanes.is_empty());

    let mut world = World::new("[canned]\nblocked = \"blocked!\"");
    let written = world.say(1, "a gun");
    assert_eq!(written.said(), ["blocked!"]);
    assert_eq!(written.answers[0].source, AnswerSource::Canned { reason: "blocked".into() });
    assert_eq!(written.decision().turn, Some(written.answers[0].turn));
}

#[test]
fn a_blocked_message_is_answered_in_the_language_of_the_rule_that_stopped_it() {
    let mut world = World::new(
        "[canned]\nblocked = \"blocked!\"\nblocked_texts = { zh = \"不行\", fr = \"non\" }\n\
         [[filter.rule]]\nid = \"chinese\"\nwords = [\"枪\"]\naction = \"block\"\nlanguage = \"zh\"\n\
         [[filter.rule]]\nid = \"german\"\nwords = [\"Gewehr\"]\naction = \"block\"\nlanguage = \"de\"",
    );
    assert_eq!(world.say(1, "一把枪").said(), ["不行"]);
    assert_eq!(world.say(2, "ein Gewehr").said(), ["blocked!"], "there is no text in that language");
    assert_eq!(world.say(3, "a gun").said(), ["blocked!"]);
}

#[test]
fn a_decision_tells_what_the_guard_found_where_the_message_tells_what_its_callback_found() {
    let mut world = World::new("");
    let told = |world: &mut World, n, text: &str, earlier: Verdict| {
        let written = world.play(Event::Message(Message { verdict: earlier, ..world.message(n, text) }));
        written.decision().verdict.as_ref().unwrap().findings.clone()
    };
    let earlier = || Verdict::new(Action::Pass, vec![], "ingest");
    assert_eq!(told(&mut world, 1, "a gun", earlier()), None, "a record of an earlier version");
    let found = told(&mut world, 2, "a gun", earlier().with_findings()).unwrap();
    let [finding] = found.list.as_slice() else { panic!("{found:?}") };
    assert_eq!((finding.rule.as_str(), finding.spans.as_slice()), ("weapons", &[(2, 5)][..]));
    let theirs = Verdict { findings: Some(found), ..earlier() };
    assert_eq!(told(&mut world, 2, "a gun", theirs.clone()), None, "a duplicate is not judged");
    assert_eq!(told(&mut world, 3, "hello", theirs), None, "what the callback found is its own");
}

#[test]
fn the_stricter_of_ingests_verdict_and_ours_is_applied() {
    let mut world = World::new("");
    let held = Verdict::new(Action::Hold, vec!["theirs".into()], "ingest");
    let written = world.play(Event::Message(Message { verdict: held.clone(), ..world.message(1, "hello") }));
    assert_eq!(
        (written.decision().ruling, written.decision().verdict.clone()),
        (Ruling::Blocked, Some(held))
    );
    let named = Message { other_texts: vec!["gun.png".into()], ..world.message(2, "hello") };
    assert_eq!(world.play(Event::Message(named)).rulings(), [Ruling::Blocked]);
}

#[test]
fn a_masked_text_goes_on_without_what_was_hit() {
    let mut world = World::new("");
    let written = world.say(1, "my password is");
    assert_eq!(written.decision().verdict.as_ref().unwrap().action, Action::Mask);
    assert_eq!(written.request().prompt[0].text, Text::from("my ******** is"));
}

#[test]
fn what_a_model_cannot_read_is_unanswerable() {
    let mut world = World::new("");
    let sealed = Text::Sealed(Sealed { key: "k".into(), bytes: vec![1] });
    let with = |n, kind, text| Message { kind, text, ..World::new("").message(n, "") };
    for (n, kind, text, reason) in [
        (1, MessageKind::Image, None, "no_text"),
        (2, MessageKind::Text, Some(Text::from(" \n")), "no_text"),
        (10, MessageKind::Text, Some(Text::from("\u{200b}\u{200d}\u{2060}\u{feff}")), "no_text"),
        (11, MessageKind::Text, Some(Text::from("\u{3164}\u{115f}\u{ffa0}")), "no_text"),
        (12, MessageKind::Text, Some(Text::from("\u{a0}\u{3000}\u{2800}\u{fe0f}\u{202e}")), "no_text"),
        (13, MessageKind::Text, Some(Text::from("\u{e0061}\u{e0062}\u{301}")), "no_text"),
        (3, MessageKind::Text, Some(sealed), "sealed"),
    ] {
        let written = world.play(Event::Message(with(n, kind, text)));
        assert_eq!(written.decision().ruling, Ruling::Unanswerable);
        assert_eq!(
            (written.decision().reasons.as_slice(), written.said()),
            (&[reason.to_owned()][..], vec!["unanswerable!"])
        );
    }
    let typing = world.play(Event::Message(with(4, MessageKind::Command, None)));
    assert_eq!(typing.decision().ruling, Ruling::Unanswerable);
    assert!(typing.nothing_goes_out());
    let caption = world.play(Event::Message(with(5, MessageKind::Image, Some("what is this?".into()))));
    assert_eq!(caption.rulings(), [Ruling::Asked]);
}

#[test]
fn feedback_and_reactions_are_noted() {
    use schemas::event::{Feedback, Reaction};
    let mut world = World::new("");
    let (conversation, at) = (alice(), START);
    let feedback =
        Feedback { id: "f".into(), conversation, easemob_id: None, rating: Some(5), text: None, at };
    assert_eq!(world.play(Event::Feedback(feedback)).rulings(), [Ruling::Noted]);
    assert!(world.state.is_none());
    let (conversation, easemob_id, reaction) = (alice(), "1".into(), "ok".into());
    let reaction = Reaction { conversation, easemob_id, user: user("alice"), reaction, put: true, at };
    assert_eq!(world.play(Event::Reaction(reaction)).rulings(), [Ruling::Noted]);
}
