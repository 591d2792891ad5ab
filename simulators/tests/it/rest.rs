use crate::http::{Answered, call, client, order, post, read};
use crate::line::{APP, app, easemob};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::easemob::{self as stand_in, Config, QuotaConfig};

pub(crate) async fn token(sim: &Handle) -> String {
    let request = json!({"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"});
    let granted = order(sim, "/acme/support/token", request).await;
    granted["access_token"].as_str().unwrap().to_owned()
}

pub(crate) fn sending(sim: &Handle, token: &str, path: &str, fields: Value) -> reqwest::RequestBuilder {
    let mut body = json!({"type": "txt", "body": {"msg": "hi"}, "ext": {"ai": {"reply_to": "1"}}});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    client().post(sim.url(&format!("/acme/support/messages/{path}"))).bearer_auth(token).json(&body)
}

pub(crate) async fn send(sim: &Handle, token: &str, path: &str, fields: Value) -> Answered {
    call(sending(sim, token, path, fields)).await.unwrap()
}

#[tokio::test]
async fn a_send_reaches_every_recipient_and_answers_with_an_id_for_each() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let sent = send(&sim, &token, "users", json!({"from": "bot", "to": ["alice", "bob"]})).await;
    assert_eq!(sent.status, 200);
    let sent = sent.json();
    assert_eq!((&sent["path"], &sent["organization"]), (&json!("/messages/users"), &json!("acme")));
    assert_eq!((&sent["applicationName"], &sent["action"]), (&json!("support"), &json!("post")));
    let inbox = read(&sim, "/control/inbox?user=bob").await;
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 1);
    let received = &inbox["messages"][0];
    assert_eq!(received["msg_id"], sent["data"]["bob"]);
    assert_eq!((&received["from"], &received["text"]), (&json!("bot"), &json!("hi")));
    assert_eq!((&received["source"], &received["ext"]["ai"]["reply_to"]), (&json!("rest"), &json!("1")));
    let sends = read(&sim, "/control/sends").await;
    assert_eq!(sends["sends"][0]["msg_ids"], sent["data"]);
    assert_eq!(sends["sends"][0]["ext"], json!({"ai": {"reply_to": "1"}}));
    assert_eq!(send(&sim, &token, "chatgroups", json!({"from": "bot", "to": ["g1"]})).await.status, 200);
    assert_eq!(send(&sim, &token, "chatrooms", json!({"from": "bot", "to": ["r1"]})).await.status, 200);
    assert_eq!(read(&sim, "/control/inbox?group=g1").await["messages"][0]["chat_type"], "group");
    assert_eq!(read(&sim, "/control/inbox?group=r1").await["messages"][0]["chat_type"], "chatroom");
}

#[tokio::test]
async fn wrong_credentials_are_named_and_a_token_tells_its_life() {
    let sim = easemob(vec![]).await;
    let ask = async |body: Value| {
        let answered = post(&sim, "/acme/support/token", body).await;
        (answered.status, answered.json())
    };
    let (status, refused) = ask(json!({"grant_type": "client_credentials", "client_secret": "secret"})).await;
    assert_eq!((status, &refused["error"]), (400, &json!("illegal_argument")));
    assert_eq!(refused["error_description"], "client_id must be provided.");
    let (status, refused) =
        ask(json!({"grant_type": "client_credentials", "client_id": "id", "client_secret": "no"})).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    assert_eq!(refused["error_description"], "client_secret does not match");
    let (_, granted) = ask(
        json!({"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret", "ttl": 60}),
    )
    .await;
    assert_eq!(granted["expires_in"], 60);
    assert_eq!(granted["application"].as_str().unwrap().len(), 36);
    let elsewhere = post(&sim, "/acme/other/token", json!({})).await;
    assert_eq!(elsewhere.json()["error"], "organization_application_not_found");
}

#[tokio::test]
async fn missing_foreign_and_revoked_tokens_are_refused_differently() {
    let sim = easemob(vec![]).await;
    let good = token(&sim).await;
    let error = async |token: &str| {
        let answered = send(&sim, token, "users", json!({"to": ["a"]})).await;
        (answered.status, answered.json()["error"].clone())
    };
    assert_eq!(error("nonsense").await, (401, json!("auth_bad_access_token")));
    let bare = client().post(sim.url("/acme/support/messages/users")).json(&json!({}));
    assert_eq!(call(bare).await.unwrap().json()["error"], "unauthorized");
    assert_eq!(order(&sim, "/control/tokens/revoke", json!({"app": APP})).await["revoked"], 1);
    assert_eq!(error(&good).await, (401, json!("unauthorized")));
    let again = token(&sim).await;
    assert_eq!(send(&sim, &again, "users", json!({"to": ["a"]})).await.status, 200);
}

#[tokio::test]
async fn wrong_shapes_types_and_sizes_are_refused_as_documented() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let large = send(&sim, &token, "users", json!({"to": ["a"], "body": {"msg": "x".repeat(5_200)}})).await;
    assert_eq!((large.status, large.json()["error_code"].clone()), (400, json!(14_007)));
    let none = send(&sim, &token, "users", json!({"to": []})).await.json();
    assert_eq!(none["error"], "message_send_error");
    assert_eq!(
        (&none["error_description"], &none["error_code"]),
        (&json!("param to can't be empty"), &json!(14_002))
    );
    let url = sim.url("/acme/support/messages/users");
    let plain = call(client().post(&url).bearer_auth(&token).body("{}")).await.unwrap();
    assert_eq!((plain.status, plain.json()["error"].clone()), (415, json!("web_application")));
    assert_eq!(call(client().get(&url)).await.unwrap().status, 405);
    let path = send(&sim, &token, "nowhere", json!({"to": ["a"]})).await;
    assert_eq!((path.status, path.json()["error"].clone()), (404, json!("service_resource_not_found")));
    assert_eq!(read(&sim, "/control/sends").await["sends"], json!([]));
}

#[tokio::test]
async fn calls_over_quota_are_429_and_messages_over_quota_403() {
    let quotas = QuotaConfig { groups_calls_per_s: 2, users_messages_per_min: 3, ..QuotaConfig::default() };
    let config = stand_in::AppConfig { quotas, ..app(vec![]) };
    let sim = stand_in::start(Config { seed: 1, apps: vec![config], ..Config::default() }).await.unwrap();
    let token = token(&sim).await;
    let group = async || send(&sim, &token, "chatgroups", json!({"to": ["g"]})).await;
    let statuses = [group().await.status, group().await.status];
    assert_eq!(statuses, [200, 200]);
    let over = group().await;
    assert_eq!((over.status, over.json()["error"].clone()), (429, json!("reach_limit")));
    let user = async |to: Value| send(&sim, &token, "users", json!({"to": to})).await;
    assert_eq!(user(json!(["a", "b"])).await.status, 200);
    let over = user(json!(["a", "b"])).await;
    assert_eq!(over.status, 403);
    assert_eq!(over.json()["error_description"], "message send reach limit");
    assert_eq!(user(json!(["a"])).await.status, 200);
}
