use crate::http::{Answered, call, client, order, post, read};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::{self, Answer, Config, ModelConfig};
use std::time::Duration;

pub(crate) async fn start(config: Config) -> Handle {
    model::start(Config { seed: 7, ..config }).await.unwrap()
}

pub(crate) fn asking(sim: &Handle, model: &str, texts: &[&str]) -> reqwest::RequestBuilder {
    let roles = ["user", "assistant"].into_iter().cycle();
    let turns: Vec<Value> =
        roles.zip(texts).map(|(role, text)| json!({"role": role, "content": text})).collect();
    client()
        .post(sim.url("/v1/chat/completions"))
        .header("x-request-id", "turn-1")
        .json(&json!({"model": model, "messages": turns}))
}

pub(crate) async fn ask(sim: &Handle, model: &str, texts: &[&str]) -> Answered {
    call(asking(sim, model, texts)).await.unwrap()
}

fn content(answered: &Answered) -> String {
    answered.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_proves_the_history_and_repeats() {
    let sim = start(Config::default()).await;
    let first = ask(&sim, "m", &["my cat is Momo"]).await;
    assert_eq!(first.status, 200);
    assert!(content(&first).contains("first thing"));
    let second = ask(&sim, "m", &["my cat is Momo", "nice", "what is its name?"]).await;
    assert!(content(&second).contains("you told me earlier: \"my cat is Momo\""), "{}", second.text);
    let again = ask(&sim, "m", &["my cat is Momo", "nice", "what is its name?"]).await;
    assert_eq!(content(&second), content(&again));
    assert_eq!(second.json()["usage"], again.json()["usage"]);
    let usage = &second.json()["usage"];
    assert_eq!(
        usage["total_tokens"].as_u64().unwrap(),
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap()
    );
    assert_eq!(second.json()["choices"][0]["finish_reason"], "stop");
    assert!(second.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn rules_win_and_models_differ_in_what_they_take() {
    let config = Config {
        answers: vec![Answer { contains: "badge".into(), reply: "Ask the desk.".into() }],
        models: vec![
            ModelConfig { name: "new".into(), new: true, reasoning: true, ..ModelConfig::default() },
            ModelConfig { name: "small".into(), context_tokens: 20, ..ModelConfig::default() },
        ],
        ..Config::default()
    };
    let sim = start(config).await;
    assert_eq!(content(&ask(&sim, "new", &["my badge"]).await), "Ask the desk.");
    let usage = ask(&sim, "new", &["hello there"]).await.json()["usage"].clone();
    let details = &usage["completion_tokens_details"]["reasoning_tokens"];
    assert!(details.as_u64().unwrap() > 0 && details.as_u64() < usage["completion_tokens"].as_u64());
    let body = json!({"model": "new", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5});
    let refused = post(&sim, "/v1/chat/completions", body).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].clone()),
        (400, json!("unsupported_parameter"))
    );
    assert_eq!(refused.json()["error"]["param"], "max_tokens");
    let body = json!({"model": "small", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5});
    let cut = post(&sim, "/v1/chat/completions", body).await.json();
    assert_eq!(cut["choices"][0]["finish_reason"], "length");
    assert!(cut["usage"]["completion_tokens"].as_u64().unwrap() <= 5);
    let long = ask(&sim, "small", &["0123456789012345"]).await;
    assert_eq!((long.status, long.json()["error"]["code"].clone()), (400, json!("context_length_exceeded")));
    assert_eq!(ask(&sim, "other", &["x"]).await.json()["error"]["code"], "model_not_found");
    let models = read(&sim, "/v1/models").await;
    assert_eq!(models["data"][1]["id"], "small");
}

#[tokio::test]
async fn a_key_is_asked_for_when_one_is_configured() {
    let sim = start(Config { api_keys: vec!["sk-sim".into()], ..Config::default() }).await;
    let refused = ask(&sim, "m", &["x"]).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].clone()), (401, json!("invalid_api_key")));
    assert_eq!(call(asking(&sim, "m", &["x"]).bearer_auth("sk-sim")).await.unwrap().status, 200);
    let bad = call(client().post(sim.url("/v1/chat/completions")).body("{")).await.unwrap();
    assert_eq!((bad.status, bad.json()["error"]["type"].clone()), (400, json!("invalid_request_error")));
}

#[tokio::test]
async fn the_ledger_bills_what_was_worked_on_and_sums_it() {
    let sim = start(Config::default()).await;
    let one = ask(&sim, "m", &["hello"]).await.json()["usage"].clone();
    let two = ask(&sim, "n", &["hello again"]).await.json()["usage"].clone();
    ask(&sim, "sim-server-error", &["x"]).await;
    let ledger = read(&sim, "/control/ledger").await;
    let prompt = |usage: &Value| usage["prompt_tokens"].as_u64().unwrap();
    assert_eq!(ledger["totals"]["requests"], 3);
    assert_eq!(ledger["totals"]["billed_requests"], 2);
    assert_eq!(ledger["totals"]["prompt_tokens"], prompt(&one) + prompt(&two));
    assert_eq!(ledger["by_model"]["n"]["prompt_tokens"], prompt(&two));
    assert_eq!(ledger["by_model"]["sim-server-error"]["billed_requests"], 0);
    let entry = &ledger["entries"][0];
    assert_eq!((&entry["request_id"], &entry["last_user"]), (&json!("turn-1"), &json!("hello")));
    assert_eq!((&entry["end"], &entry["status"]), (&json!("replied"), &json!(200)));
    assert_eq!(entry["fingerprint"].as_str().unwrap().len(), 32);
    assert_eq!(ledger["entries"][2]["fault"], json!({"kind": "server_error"}));
    order(&sim, "/control/reset", json!({})).await;
    assert_eq!(read(&sim, "/control/ledger").await["totals"]["requests"], 0);
}

async fn inflight(sim: &Handle) -> Vec<Value> {
    read(sim, "/control/inflight").await["calls"].as_array().unwrap().clone()
}

async fn until_inflight(sim: &Handle, count: usize) {
    let reached = async {
        while inflight(sim).await.len() != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reached).await.expect("calls in flight");
}

#[tokio::test]
async fn a_held_call_waits_until_it_is_released_while_others_pass() {
    let sim = start(Config::default()).await;
    order(&sim, "/control/hold", json!({"contains": "slow one"})).await;
    let held = tokio::spawn(call(asking(&sim, "m", &["the slow one"])));
    until_inflight(&sim, 1).await;
    assert_eq!(ask(&sim, "m", &["a quick one"]).await.status, 200);
    let running = inflight(&sim).await;
    assert_eq!((&running[0]["last_user"], &running[0]["end"]), (&json!("the slow one"), &json!("running")));
    order(&sim, "/control/release", json!({"contains": "slow one"})).await;
    assert_eq!(held.await.unwrap().unwrap().status, 200);
    until_inflight(&sim, 0).await;
    assert_eq!(read(&sim, "/control/ledger").await["entries"][0]["held"], true);
}

#[tokio::test]
async fn a_client_that_goes_away_is_billed_for_work_begun_but_not_for_a_call_that_hung() {
    let sim = start(Config::default()).await;
    order(&sim, "/control/hold", json!({"contains": "gone"})).await;
    let held = tokio::spawn(call(asking(&sim, "m", &["gone"])));
    let hung = tokio::spawn(call(asking(&sim, "sim-hang", &["x"])));
    until_inflight(&sim, 2).await;
    held.abort();
    hung.abort();
    until_inflight(&sim, 0).await;
    let ledger = read(&sim, "/control/ledger").await;
    for entry in ledger["entries"].as_array().unwrap() {
        assert_eq!(entry["end"], "client_gone");
        assert_eq!(entry["billed"], entry["model"] == "m", "{entry}");
        assert_eq!(entry["prompt_tokens"].as_u64().unwrap() > 0, entry["model"] == "m");
    }
    assert_eq!(ledger["totals"]["billed_requests"], 1);
}
