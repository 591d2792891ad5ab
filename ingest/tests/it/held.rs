//! Messages that the filter holds: no callback waits for a review.

use schemas::event::{CallbackReply, Event};
use schemas::verdict::Action;
use serde_json::json;

use crate::line::{Line, chat, question};
use crate::publisher::Mood;

fn line(keys: &str, app: &str) -> Line {
    let policies = format!(
        "{app}\n[app.review]\nreviewer = \"desk\"\n{keys}\n\
         [[reviewer]]\nname = \"desk\"\nkind = \"webhook\"\nregion = \"cn\""
    );
    Line::new(&policies, Mood::Acknowledges)
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
