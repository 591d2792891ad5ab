//! Messages that the filter holds: no callback waits for a review.

use schemas::event::{CallbackReply, Event};
use schemas::verdict::Action;
use serde_json::json;

use crate::line::{Line, chat, question};
use crate::publisher::Mood;

fn line(keys: &str, app: &str) -> Line {
    Line::new(&reviewed(keys, app), Mood::Acknowledges)
}

/// The policies of an app that has a reviewer.
fn reviewed(keys: &str, app: &str) -> String {
    format!(
        "{app}\n[app.review]\nreviewer = \"desk\"\n{keys}\n\
         [[reviewer]]\nname = \"desk\"\nkind = \"webhook\"\nregion = \"cn\""
    )
}

fn recorded(line: &Line) -> Vec<(CallbackReply, Action)> {
    let told = |event: &Event| match event {
        Event::Message(message) => (message.reply, message.verdict.action),
        other => panic!("{other:?}"),
    };
    line.memory.events().iter().map(told).collect()
}

#[tokio::test(start_paused = true)]
async fn a_question_to_a_bot_is_taken_and_its_verdict_goes_with_it() {
    for (app, valid, reply) in
        [("", false, CallbackReply::Intercept), ("answer = \"pass\"", true, CallbackReply::Pass)]
    {
        let line = line("", app);
        assert_eq!(line.before(question("a strange brew")).await, json!({ "valid": valid }));
        assert_eq!(recorded(&line), [(reply, Action::Hold)]);
    }
}

#[tokio::test(start_paused = true)]
async fn between_people_the_policy_decides_at_once() {
    let blocking = line("", "");
    assert_eq!(blocking.before(chat("alice", "bob", "a strange brew")).await["valid"], false);
    assert_eq!(recorded(&blocking), [(CallbackReply::Block, Action::Hold)]);
    let passing = line("when_away = \"pass\"", "");
    assert_eq!(passing.before(chat("alice", "bob", "a strange brew")).await, json!({"valid": true}));
    assert_eq!(recorded(&passing), [(CallbackReply::Pass, Action::Hold)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_let_on_is_masked_where_other_rules_say_so_and_blocked_where_they_do() {
    let line = line("when_away = \"pass\"", "");
    let masked = line.before(chat("alice", "bob", "a damn strange brew")).await;
    assert_eq!(masked["valid"], true);
    assert!(masked.to_string().contains("a **** strange brew"), "{masked}");
    assert_eq!(line.before(chat("alice", "bob", "赌博 with strange brew")).await["valid"], false);
}

#[tokio::test(start_paused = true)]
async fn without_reviews_what_is_held_is_stopped() {
    let line = Line::new("", Mood::Acknowledges);
    assert_eq!(line.before(question("a strange brew")).await["valid"], false);
    assert_eq!(recorded(&line), [(CallbackReply::Block, Action::Hold)]);
}

#[tokio::test(start_paused = true)]
async fn without_reviews_a_question_that_is_held_is_taken_if_its_rule_is_open() {
    for (on_error, reply) in [
        (Some("open"), CallbackReply::Intercept),
        (Some("closed"), CallbackReply::Block),
        (None, CallbackReply::Block),
    ] {
        let line = Line::on_error("", ("odd", "hold"), on_error);
        assert_eq!(line.before(question("a strange brew")).await["valid"], false);
        assert_eq!(recorded(&line), [(reply, Action::Hold)]);
        let stopped = line.before(question("赌博 strange brew")).await;
        assert_eq!(stopped, json!({"valid": false, "code": "blocked"}));
    }
}

#[tokio::test(start_paused = true)]
async fn where_people_read_along_a_rule_says_what_becomes_of_what_cannot_wait_or_be_changed() {
    let group = |text: &str| {
        let mut callback = chat("alice", "42", text);
        callback["chat_type"] = json!("groupchat");
        callback["group_id"] = json!("42");
        callback["payload"]["ext"] = json!({"em_at_list": ["bot_helpdesk"]});
        callback
    };
    for (on_error, away, valid) in [
        (Some("open"), "block", true),
        (Some("closed"), "pass", false),
        (None, "block", false),
        (None, "pass", true),
    ] {
        let policies = reviewed(&format!("when_away = {away:?}"), "answer = \"pass\"");
        let line = Line::on_error(&policies, ("odd", "hold"), on_error);
        assert_eq!(line.before(group("a strange brew")).await["valid"], valid, "{on_error:?} {away}");
    }
    for (on_error, valid) in [(Some("open"), true), (Some("closed"), false), (None, false)] {
        let line = Line::on_error("answer = \"pass\"", ("mild", "mask"), on_error);
        let mut unchangeable = group("hi");
        unchangeable["payload"]["ext"]["damn it"] = json!(1);
        assert_eq!(
            line.before(unchangeable).await,
            match valid {
                true => json!({"valid": true}),
                false => json!({"valid": false, "code": "blocked"}),
            }
        );
        assert_eq!(line.before(group("damn it")).await["payload"]["bodies"][0]["msg"], "**** it");
    }
}
