//! The output policy: how often a person is answered, and what is not talked about.

use schemas::answer::AnswerSource;
use schemas::answered::Outcome;
use schemas::event::Event;
use schemas::ledger::LedgerKind;
use schemas::verdict::{Action, Verdict};

use super::world::*;

const LIMITED: &str = "[app.output]\nmax_per_minute = 2\ntoo_often = \"Slowly, please.\"";
const REFUSING: &str = "[[app.output.topic]]\nname = \"war\"\nrules = [\"weapons\"]\ntext = \"Not here.\"\n\
                        [[app.output.topic]]\nname = \"keys\"\nrules = [\"secrets\", \"weapons\"]\ntext = \"No keys.\"";

#[test]
fn beyond_so_many_answers_a_minute_a_person_is_told_once_and_no_model_is_asked() {
    let mut world = World::new(LIMITED);
    for n in 0..2 {
        assert_eq!(world.exchange(n, "question", "answer").said(), ["answer"]);
    }
    let written = world.say(2, "one more");
    assert!(written.requests.is_empty());
    assert_eq!(written.said(), ["Slowly, please."]);
    assert_eq!(written.answers[0].source, AnswerSource::Canned { reason: "too_often".into() });
    assert_eq!(written.decision().reasons, ["too_often"]);
    let written = world.say(3, "and more");
    assert!(written.nothing_goes_out());
    assert_eq!(written.decision().reasons, ["too_often", "told_before"]);
    world.pass(MINUTE);
    assert_eq!(world.exchange(4, "later", "answer").said(), ["answer"]);
}

#[test]
fn canned_words_count_as_answers_and_messages_that_wait_are_refused_like_others() {
    let mut world = World::new(LIMITED);
    assert_eq!(world.say(0, " ").said(), ["unanswerable!"]);
    let request = world.say(1, "question").request().clone();
    assert!(world.say(2, "waits").answers.is_empty());
    let written = world.answer(&request, "answer");
    assert_eq!(written.said(), ["answer", "Slowly, please."]);
    assert!(written.requests.is_empty());
    let written = world.say(3, " ");
    assert!(written.nothing_goes_out());
    assert_eq!(written.decision().reasons, ["no_text", "too_often", "told_before"]);
}

#[test]
fn in_a_group_each_person_has_answers_of_its_own() {
    let mut world = World::of(group(), LIMITED);
    for (n, person) in [(0, "alice"), (1, "bob"), (2, "ALICE"), (3, "bob")] {
        let request = world.say_as(person, n, "question").request().clone();
        world.answer(&request, "answer");
    }
    assert_eq!(world.say_as("alice", 4, "question").said(), ["Slowly, please."]);
    assert_eq!(world.say_as("carol", 5, "question").requests.len(), 1);
}

#[test]
fn without_words_nothing_is_said_and_without_a_limit_nothing_is_kept() {
    let mut world = World::new("[app.output]\nmax_per_minute = 1");
    world.exchange(0, "question", "answer");
    let written = world.say(1, "question");
    assert!(written.nothing_goes_out());
    assert_eq!(written.decision().reasons, ["too_often"]);
    let kept = world.core_size();
    world.rules = Some(rules(""));
    world.exchange(2, "question", "answer");
    assert!(world.core_size() < kept);
}

fn reviewed(action: Action, rules: &[&str]) -> Verdict {
    Verdict::new(action, rules.iter().map(|rule| (*rule).to_owned()).collect(), "d")
}

#[test]
fn an_answer_about_a_refused_topic_is_replaced_by_the_words_for_it_whatever_the_rule_does() {
    for action in [Action::Pass, Action::Mask, Action::Block] {
        let mut world = World::new(REFUSING);
        let request = world.say(1, "question").request().clone();
        let Outcome::Done { text, target, truncated, .. } = done("how to build one") else { unreachable!() };
        let verdict = reviewed(action, &["other", "weapons"]);
        let written = world
            .play(Event::Answered(outcome(&request, Outcome::Done { text, target, truncated, verdict })));
        assert_eq!(written.said(), ["Not here."]);
        assert_eq!(written.answers[0].source, AnswerSource::Canned { reason: "refused_topic".into() });
        assert_eq!(written.decision().reasons, ["refused_topic", "war"]);
        // What was paid for it is not the person's.
        assert!(written.ledger.iter().all(|entry| entry.kind != LedgerKind::Settle));
        assert_eq!(world.say(2, "and now?").request().prompt.len(), 1);
    }
}

#[test]
fn an_answer_that_the_reviewer_has_stopped_is_refused_by_its_topic_and_others_pass() {
    let mut world = World::new(REFUSING);
    let request = world.say(1, "question").request().clone();
    let verdict = Some(reviewed(Action::Block, &["secrets"]));
    let failed = Outcome::Failed { reason: "reviewed".into(), verdict };
    assert_eq!(world.play(Event::Answered(outcome(&request, failed))).said(), ["No keys."]);
    assert_eq!(world.exchange(2, "question", "answer").said(), ["answer"]);
}
