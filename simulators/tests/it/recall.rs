//! Recalls by the REST API.

use crate::http::{Answered, call, client, read};
use crate::line::{Line, app, easemob, rule};
use crate::rest::{send, token};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::easemob::{self as stand_in, AppConfig, Config, QuotaConfig, Source, Stage};
use std::time::Duration;

async fn of(config: AppConfig) -> Handle {
    stand_in::start(Config { seed: 7, apps: vec![config], ..Config::default() }).await.unwrap()
}

async fn recall(sim: &Handle, token: &str, body: &Value) -> Answered {
    let request = client().post(sim.url("/acme/support/messages/msg_recall")).bearer_auth(token).json(body);
    call(request).await.unwrap()
}

fn refusal(answered: &Answered) -> (u16, String, String) {
    let body = answered.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (answered.status, text("error"), text("error_description"))
}

fn refused(status: u16, error: &str, text: &str) -> (u16, String, String) {
    (status, error.to_owned(), text.to_owned())
}

/// Sends to alice and gives the message's id.
async fn sent(sim: &Handle, token: &str) -> Value {
    send(sim, token, "users", json!({"from": "bot", "to": ["alice"]})).await.json()["data"]["alice"].clone()
}

#[tokio::test]
async fn a_recalled_message_vanishes_from_the_chat_and_is_told_of() {
    let line = Line::start("{}").await;
    let sources = vec![Source::Rest];
    let post = stand_in::RuleConfig { stage: Stage::Post, sources, ..rule("post", &line.url) };
    let sim = easemob(vec![post]).await;
    let token = token(&sim).await;
    let id = sent(&sim, &token).await;
    let body = json!({"msg_id": id, "to": "alice", "chat_type": "chat", "from": "bot", "force": true});
    let done = recall(&sim, &token, &body).await;
    assert_eq!(done.status, 200);
    let expected = json!({"recalled": "yes", "chattype": "chat", "from": "bot", "to": "alice", "msg_id": id});
    assert_eq!(done.json()["data"], expected);
    assert_eq!(read(&sim, "/control/inbox?user=alice").await["messages"][0]["recalled"], true);
    let recalls = read(&sim, "/control/recalls").await["recalls"].clone();
    assert_eq!(
        (&recalls[0]["msg_id"], &recalls[0]["force"], recalls.as_array().unwrap().len()),
        (&id, &json!(true), 1)
    );
    line.until(2).await;
    let told = line.bodies().into_iter().find(|body| body.contains("\"recall\"")).expect("it is told");
    assert!(told.contains(id.as_str().unwrap()));
    // What was recalled is not found any more.
    assert_eq!(
        refusal(&recall(&sim, &token, &body).await),
        refused(403, "message_recall_error", "not_found msg")
    );
}

#[tokio::test]
async fn the_first_broken_rule_names_the_refusal() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let id = sent(&sim, &token).await;
    let ask = async |body: Value| refusal(&recall(&sim, &token, &body).await);
    let empty = |name: &str| refused(400, "message_recall_error", &format!("param {name} can't be empty"));
    assert_eq!(ask(json!({"to": "", "chat_type": ""})).await, empty("msg_id"));
    assert_eq!(ask(json!({"msg_id": id, "to": "", "chat_type": "chat"})).await, empty("to"));
    assert_eq!(ask(json!({"msg_id": id, "to": "alice"})).await, empty("chat_type"));
    let with_force = json!({"msg_id": id, "to": "alice", "chat_type": "chat", "force": null});
    assert_eq!(ask(with_force).await, empty("force"));
    let other = json!({"msg_id": id, "to": "bob", "chat_type": "chat"});
    assert_eq!(ask(other).await, refused(400, "message_recall_error", "can't find msg to"));
    let in_group = json!({"msg_id": id, "to": "alice", "chat_type": "groupchat"});
    assert_eq!(ask(in_group).await.2, "can't find msg to");
    let unknown = json!({"msg_id": "1", "to": "alice", "chat_type": "chat"});
    assert_eq!(ask(unknown).await, refused(403, "message_recall_error", "not_found msg"));
    assert_eq!(ask(json!({"msg_id": 7, "to": "alice", "chat_type": "chat"})).await.1, "invalid_request_body");
    assert_eq!(recall(&sim, "nonsense", &json!({})).await.status, 401);
    assert_eq!(read(&sim, "/control/inbox?user=alice").await["messages"][0]["recalled"], false);
}

#[tokio::test]
async fn an_old_message_is_recalled_by_force_alone() {
    let sim = of(AppConfig { recall_time: Some(Duration::ZERO), ..app(vec![]) }).await;
    let token = token(&sim).await;
    let id = sent(&sim, &token).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    let body = json!({"msg_id": id, "to": "alice", "chat_type": "chat"});
    let late = recall(&sim, &token, &body).await;
    assert_eq!(refusal(&late), refused(403, "message_recall_error", "exceed recall time limit"));
    let body = json!({"msg_id": id, "to": "alice", "chat_type": "chat", "force": true});
    assert_eq!(recall(&sim, &token, &body).await.status, 200);
}

#[tokio::test]
async fn a_closed_service_and_a_used_up_quota_refuse_before_the_message_is_looked_at() {
    let quotas = QuotaConfig { recall_calls_per_s: 1, ..QuotaConfig::default() };
    let sim = of(AppConfig { recall_closed: true, quotas, ..app(vec![]) }).await;
    let token = token(&sim).await;
    let closed = recall(&sim, &token, &json!({})).await;
    assert_eq!(refusal(&closed), refused(403, "forbidden_op", "message recall service is unopened"));
    assert_eq!(recall(&sim, &token, &json!({})).await.status, 429);
}
