use crate::http::{call, client, order, read};
use crate::line::{APP, easemob};
use crate::model::{ask, start};
use crate::rest::{send, token};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::{Config, LimitConfig, ModelConfig};
use std::time::Duration;

async fn put(at: &Handle, path: &str, body: Value) {
    let answered = call(client().put(at.url(path)).json(&body)).await.unwrap();
    assert_eq!(answered.status, 200, "{path}: {}", answered.text);
}

async fn traffic(sim: &Handle, path: &str) -> Value {
    read(sim, &format!("/control/traffic?app={}&calls=true", APP.replace('#', "%23"))).await["apps"][APP]
        [path]
        .clone()
}

fn sums(told: &Value) -> [u64; 4] {
    ["calls", "accepted", "refused", "failed"].map(|name| told[name].as_u64().unwrap())
}

#[tokio::test]
async fn quotas_change_while_the_app_runs_and_are_counted_by_kind() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let group = async || send(&sim, &token, "chatgroups", json!({"to": ["g"]})).await.status;
    assert_eq!([group().await, group().await, group().await], [200, 200, 200]);
    let quotas = json!({"counting": "sliding", "groups_calls_per_s": 0, "users_messages_per_min": 0});
    put(&sim, "/control/quotas", json!({"app": APP, "quotas": quotas})).await;
    assert_eq!(group().await, 429);
    let user = send(&sim, &token, "users", json!({"to": ["alice"]})).await;
    assert_eq!(
        (user.status, user.json()["error_description"].clone()),
        (403, json!("message send reach limit"))
    );
    assert_eq!(send(&sim, &token, "users", json!({"to": []})).await.status, 400);
    assert_eq!(send(&sim, &token, "chatrooms", json!({"to": ["r"]})).await.status, 200);
    assert_eq!(sums(&traffic(&sim, "chatgroups").await), [4, 3, 1, 0]);
    assert_eq!(sums(&traffic(&sim, "users").await), [2, 0, 1, 1]);
    assert_eq!(sums(&traffic(&sim, "chatrooms").await), [1, 1, 0, 0]);
    assert_eq!(sums(&traffic(&sim, "token").await), [1, 1, 0, 0]);
    order(&sim, "/control/reset", json!({})).await;
    assert_eq!(traffic(&sim, "users").await, Value::Null);
    assert_eq!(group().await, 429, "what was set stays");
    let nobody =
        call(client().put(sim.url("/control/quotas")).json(&json!({"app": "a#b", "quotas": {}}))).await;
    assert_eq!(nobody.unwrap().status, 404);
}

#[tokio::test]
async fn traffic_tells_when_each_call_came_whatever_became_of_it() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let plan = async |fault: Value| {
        order(&sim, "/control/faults", json!({"scope": {"path": "users"}, "fault": fault})).await;
    };
    plan(json!({"kind": "reach_limit"})).await;
    plan(json!({"kind": "message_limit"})).await;
    plan(json!({"kind": "unauthorized"})).await;
    for _ in 0..5 {
        send(&sim, &token, "users", json!({"to": ["alice"]})).await;
    }
    let told = traffic(&sim, "users").await;
    assert_eq!(sums(&told), [5, 2, 2, 1]);
    let seconds = told["seconds"].as_array().unwrap();
    let calls: u64 = seconds.iter().map(|second| second["calls"].as_u64().unwrap()).sum();
    assert_eq!(calls, 5);
    let fates: Vec<&Value> = told["each"].as_array().unwrap().iter().map(|call| &call["fate"]).collect();
    assert_eq!(fates, ["refused", "refused", "failed", "accepted", "accepted"]);
    let most = |name: &str| told[name].as_u64().unwrap();
    assert!(most("most_in_sliding_second") >= most("most_in_fixed_second"));
}

#[tokio::test]
async fn an_outage_lasts_as_long_as_ordered() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let outage = json!({"scope": {"app": APP}, "for": "10m", "fault": {"kind": "service_unavailable"}});
    order(&sim, "/control/faults", outage).await;
    for path in ["users", "chatgroups"] {
        let answered = send(&sim, &token, path, json!({"to": ["a"]})).await;
        assert_eq!(answered.status, 503);
        assert!(answered.text.starts_with("<html>"));
    }
    assert_eq!(crate::http::post(&sim, "/acme/support/token", json!({})).await.status, 503);
    call(client().delete(sim.url("/control/faults"))).await.unwrap();
    let short = json!({"for": "80ms", "fault": {"kind": "service_unavailable"}});
    order(&sim, "/control/faults", short).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(send(&sim, &token, "users", json!({"to": ["a"]})).await.status, 200);
}

#[tokio::test]
async fn a_model_refuses_what_is_over_its_limit_with_and_without_a_time_to_come_back() {
    let limits = LimitConfig {
        requests_per_min: 1,
        retry_after: Some(Duration::from_secs(2)),
        ..LimitConfig::default()
    };
    let models = vec![ModelConfig { name: "small".into(), limits, ..ModelConfig::default() }];
    let sim = start(Config { models, ..Config::default() }).await;
    assert_eq!(ask(&sim, "small", &["x"]).await.status, 200);
    let refused = ask(&sim, "small", &["x"]).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].clone()),
        (429, json!("rate_limit_exceeded"))
    );
    assert_eq!(refused.headers["retry-after"], "2");
    put(&sim, "/control/limits", json!({"model": "small", "limits": {"requests_per_min": 1}})).await;
    let refused = ask(&sim, "small", &["x"]).await;
    assert_eq!((refused.status, refused.headers.get("retry-after")), (429, None));
    put(
        &sim,
        "/control/limits",
        json!({"model": "small", "limits": {"counting": "fixed", "requests_per_s": 0}}),
    )
    .await;
    assert_eq!(ask(&sim, "small", &["x"]).await.status, 429);
    let told = read(&sim, "/control/traffic").await["models"]["small"].clone();
    assert_eq!(sums(&told), [4, 1, 3, 0]);
    assert_eq!(read(&sim, "/control/ledger").await["totals"]["billed_requests"], 1);
}

#[tokio::test]
async fn a_model_answers_so_many_at_a_time() {
    let limits = LimitConfig { concurrent: 1, ..LimitConfig::default() };
    let models = vec![ModelConfig { name: "m".into(), limits, ..ModelConfig::default() }];
    let sim = start(Config { models, ..Config::default() }).await;
    order(&sim, "/control/hold", json!({"contains": "first"})).await;
    let held = tokio::spawn(call(crate::model::asking(&sim, "m", &["first"])));
    while read(&sim, "/control/traffic").await["models"]["m"]["running"] != 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(ask(&sim, "m", &["second"]).await.status, 429);
    order(&sim, "/control/release", json!({})).await;
    assert_eq!(held.await.unwrap().unwrap().status, 200);
    assert_eq!(ask(&sim, "m", &["third"]).await.status, 200);
    assert_eq!(read(&sim, "/control/traffic").await["models"]["m"]["most_running"], 1);
}
