use crate::http::{order, read};
use crate::line::{APP, Line, Reply, app, easemob, rule};
use crate::rest::{send, token};
use serde_json::json;
use simulators::easemob::{self as stand_in, Config, RuleConfig, Source, Stage};
use std::time::Duration;

fn after(url: &str) -> RuleConfig {
    RuleConfig { stage: Stage::Post, secret: "s3cr3t-B".into(), ..rule("after", url) }
}

fn hello(to: &str) -> serde_json::Value {
    json!({"app": APP, "chat_type": "chat", "from": "alice", "to": to, "text": "hello"})
}

#[tokio::test]
async fn a_delivered_message_is_told_after_sending_with_its_own_signature() {
    let line = Line::start("").await;
    let sim = easemob(vec![after(&line.url)]).await;
    let mut message = hello("bot");
    message["msg_id"] = "1501234567890123456".into();
    order(&sim, "/control/send", message).await;
    line.until(1).await;
    let event = line.last();
    assert_eq!(event["callId"], "acme#support_1501234567890123456");
    assert_eq!((&event["eventType"], &event["content_type"]), (&json!("chat"), &json!("chat:user:text")));
    assert_eq!(event["payload"]["bodies"], json!([{"type": "txt", "msg": "hello"}]));
    assert_eq!(event["security"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn an_intercepted_message_is_told_to_nobody() {
    let before = Line::start(r#"{"valid":false}"#).await;
    let line = Line::start("").await;
    let sim = easemob(vec![rule("before", &before.url), after(&line.url)]).await;
    order(&sim, "/control/send", hello("bot")).await;
    before.answer_with(Reply::text(r#"{"valid":true}"#));
    order(&sim, "/control/send", hello("carol")).await;
    line.until(1).await;
    assert_eq!(line.last()["to"], "carol");
    assert_eq!(line.bodies().len(), 1);
}

#[tokio::test]
async fn rest_sends_are_told_after_sending_unless_filtered_and_never_asked_before() {
    let before = Line::start(r#"{"valid":true}"#).await;
    let (all, sdk) = (Line::start("").await, Line::start("").await);
    let only_sdk = RuleConfig { name: "sdk".into(), sources: vec![Source::Sdk], ..after(&sdk.url) };
    let sim = easemob(vec![rule("before", &before.url), after(&all.url), only_sdk]).await;
    let token = token(&sim).await;
    assert_eq!(send(&sim, &token, "users", json!({"from": "bot", "to": ["alice"]})).await.status, 200);
    order(&sim, "/control/send", hello("bot")).await;
    all.until(2).await;
    sdk.until(1).await;
    assert_eq!(sdk.last()["from"], "alice");
    assert_eq!(before.bodies().len(), 1);
}

#[tokio::test]
async fn a_failed_event_is_sent_once_more_and_then_given_up() {
    let line = Line::start("").await;
    line.answer_with(Reply { status: 500, ..Reply::text("") });
    let sim = easemob(vec![after(&line.url)]).await;
    order(&sim, "/control/send", hello("bot")).await;
    line.until(2).await;
    let bodies = line.bodies();
    assert_eq!(bodies.first(), bodies.last());
    order(&sim, "/control/recall", json!({"app": APP, "msg_id": line.last()["msg_id"]})).await;
    assert_eq!(line.bodies().len(), 4, "two attempts for the recall, no third one for the message");
}

#[tokio::test]
async fn a_recall_is_an_event_of_its_own_and_marks_the_message() {
    let line = Line::start("").await;
    let sim = easemob(vec![after(&line.url)]).await;
    let sent = order(&sim, "/control/send", hello("bot")).await;
    line.until(1).await;
    let recalled = order(&sim, "/control/recall", json!({"app": APP, "msg_id": sent["msg_id"]})).await;
    assert_eq!(recalled["events"], json!([{"rule": "after", "outcome": "accepted"}]));
    let event = line.last();
    assert_eq!((&event["chat_type"], &event["recall_id"]), (&json!("recall"), &sent["msg_id"]));
    assert_eq!(event["payload"]["ack_message_id"], sent["msg_id"]);
    assert_eq!(event["payload"]["bodies"], json!([]));
    assert_ne!(event["msg_id"], sent["msg_id"]);
    assert_eq!(read(&sim, "/control/inbox?user=bot").await["messages"][0]["recalled"], true);
}

#[tokio::test]
async fn a_user_who_never_logs_in_yields_an_offline_event() {
    let line = Line::start("").await;
    let rule = RuleConfig { offline_events: true, ..after(&line.url) };
    let mut config = app(vec![rule]);
    config.offline_users = vec!["bot".into()];
    let sim = stand_in::start(Config { seed: 1, apps: vec![config], ..Config::default() }).await.unwrap();
    order(&sim, "/control/send", hello("bot")).await;
    line.until(2).await;
    assert_eq!(line.last()["eventType"], "chat_offline");
    order(&sim, "/control/send", hello("carol")).await;
    line.until(3).await;
    assert_eq!(line.last()["eventType"], "chat");
}

#[tokio::test]
async fn ninety_failures_ban_the_app_and_a_reset_lifts_the_ban() {
    let line = Line::start("").await;
    line.answer_with(Reply { status: 500, ..Reply::text("") });
    let sim = easemob(vec![after(&line.url)]).await;
    for _ in 0..45 {
        order(&sim, "/control/send", hello("bot")).await;
    }
    let banned = async {
        while read(&sim, "/control/bans").await["apps"][0]["banned"] != true {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), banned).await.expect("no ban");
    assert_eq!(line.bodies().len(), 90);
    let sent = order(&sim, "/control/send", hello("bot")).await;
    let event = order(&sim, "/control/recall", json!({"app": APP, "msg_id": sent["msg_id"]})).await;
    assert_eq!(event["events"][0]["outcome"], "banned");
    assert_eq!(line.bodies().len(), 90);
    order(&sim, "/control/reset", json!({})).await;
    assert_eq!(read(&sim, "/control/bans").await["apps"][0]["banned"], false);
}
