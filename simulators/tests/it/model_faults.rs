use crate::http::{Answered, call, order, read};
use crate::model::{ask, asking, start};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::Config;
use std::error::Error as _;
use std::time::{Duration, Instant};

async fn plan(sim: &Handle, fault: Value) {
    order(sim, "/control/faults", json!({"fault": fault})).await;
}

/// The answer to a call that meets a fault.
async fn met(sim: &Handle, fault: Value) -> Answered {
    plan(sim, fault).await;
    ask(sim, "m", &["hello there, how are you today?"]).await
}

/// The error, with its sources, of a call that meets a fault.
async fn broke(sim: &Handle, fault: Value) -> String {
    plan(sim, fault).await;
    let error = call(asking(sim, "m", &["hello there"])).await.err().expect("the call succeeded");
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn refusals_have_the_status_type_and_code_of_the_provider() {
    let sim = start(Config::default()).await;
    for (kind, status, code) in [
        ("rate_limited", 429, "rate_limit_exceeded"),
        ("insufficient_quota", 429, "insufficient_quota"),
        ("server_error", 500, "server_error"),
        ("overloaded", 503, "server_is_overloaded"),
        ("invalid_api_key", 401, "invalid_api_key"),
        ("model_not_found", 404, "model_not_found"),
        ("context_length_exceeded", 400, "context_length_exceeded"),
        ("invalid_prompt", 400, "invalid_prompt"),
    ] {
        let answered = met(&sim, json!({"kind": kind})).await;
        assert_eq!((answered.status, answered.json()["error"]["code"].clone()), (status, json!(code)));
        assert!(!answered.headers.contains_key("retry-after"));
    }
    assert_eq!(read(&sim, "/control/ledger").await["totals"]["billed_requests"], 0);
    for (kind, status) in [("bad_gateway", 502), ("gateway_timeout", 504)] {
        let answered = met(&sim, json!({"kind": kind})).await;
        assert_eq!(answered.status, status);
        assert!(answered.text.starts_with("<html>"));
    }
}

#[tokio::test]
async fn retry_after_comes_as_seconds_date_or_milliseconds() {
    let sim = start(Config::default()).await;
    let header = async |fault: Value, name: &str| {
        let answered = met(&sim, fault).await;
        answered.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let seconds = header(json!({"kind": "rate_limited", "retry_after": "10m"}), "retry-after").await;
    assert_eq!(seconds.as_deref(), Some("600"));
    let part = header(json!({"kind": "overloaded", "retry_after": "250ms"}), "retry-after").await;
    assert_eq!(part.as_deref(), Some("0.25"));
    let date =
        header(json!({"kind": "rate_limited", "retry_after_date": "30s"}), "retry-after").await.unwrap();
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    let ms = header(json!({"kind": "rate_limited", "retry_after_in_ms": "150ms"}), "retry-after-ms").await;
    assert_eq!(ms.as_deref(), Some("150"));
}

#[tokio::test]
async fn the_error_code_may_be_text_a_number_or_null() {
    let sim = start(Config::default()).await;
    for (form, code) in [("text", json!("server_error")), ("integer", json!(500)), ("null", Value::Null)] {
        let body = json!({"fault": {"kind": "server_error"}, "error_code": form});
        order(&sim, "/control/faults", body).await;
        assert_eq!(ask(&sim, "m", &["x"]).await.json()["error"]["code"], code);
    }
}

#[tokio::test]
async fn spoilt_answers_are_visible_in_the_body_and_billed() {
    let sim = start(Config::default()).await;
    let choice = |answered: &Answered| answered.json()["choices"][0].clone();
    for kind in ["content_filter", "length"] {
        let answered = met(&sim, json!({"kind": kind})).await;
        assert_eq!(choice(&answered)["finish_reason"], kind);
    }
    let empty = met(&sim, json!({"kind": "empty_content"})).await;
    assert_eq!(choice(&empty)["message"]["content"], "");
    let thinking = met(&sim, json!({"kind": "reasoning_only"})).await;
    assert_eq!(choice(&thinking)["message"]["content"], Value::Null);
    assert!(!choice(&thinking)["message"]["reasoning_content"].as_str().unwrap().is_empty());
    let silent = met(&sim, json!({"kind": "missing_usage"})).await;
    assert!(silent.json().get("usage").is_none());
    let broken = met(&sim, json!({"kind": "malformed_json"})).await;
    assert_eq!(broken.status, 200);
    assert!(serde_json::from_str::<Value>(&broken.text).is_err());
    assert_eq!(read(&sim, "/control/ledger").await["totals"]["billed_requests"], 6);
}

#[tokio::test]
async fn broken_connections_are_visible_to_a_real_client() {
    let sim = start(Config::default()).await;
    let reset = broke(&sim, json!({"kind": "reset"})).await;
    assert!(reset.contains("reset by peer"), "{reset}");
    let after = broke(&sim, json!({"kind": "reset_after_headers"})).await;
    assert!(after.contains("body") && after.contains("reset by peer"), "{after}");
    for kind in ["cut", "wrong_length"] {
        let cut = broke(&sim, json!({"kind": kind})).await;
        assert!(cut.contains("body") && !cut.contains("reset by peer"), "{kind}: {cut}");
    }
    let ends: Vec<(Value, Value)> = read(&sim, "/control/ledger").await["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["end"].clone(), entry["billed"].clone()))
        .collect();
    let expected = [("reset", false), ("reset", true), ("replied", true), ("replied", true)];
    assert_eq!(ends, expected.map(|(end, billed)| (json!(end), json!(billed))));
    assert_eq!(ask(&sim, "m", &["x"]).await.status, 200);
}

#[tokio::test]
async fn a_call_that_hangs_ends_with_its_client() {
    let sim = start(Config::default()).await;
    let impatient = asking(&sim, "sim-hang", &["x"]).timeout(Duration::from_millis(100));
    assert!(call(impatient).await.err().unwrap().is_timeout());
}

#[tokio::test]
async fn latency_is_set_by_order_by_the_models_name_and_by_configuration() {
    let sim = start(Config { latency: Duration::from_millis(300), ..Config::default() }).await;
    let timed = async |model: &str| {
        let begun = Instant::now();
        assert_eq!(ask(&sim, model, &["x"]).await.status, 200);
        begun.elapsed()
    };
    assert!(timed("m").await >= Duration::from_millis(300));
    assert!(timed("sim-slow-400ms").await >= Duration::from_millis(400));
    plan(&sim, json!({"kind": "slow", "after": "1ms"})).await;
    assert!(timed("m").await < Duration::from_millis(300));
    assert!(timed("sim-jitter-20ms").await < Duration::from_secs(2));
}

#[tokio::test]
async fn a_planned_fault_meets_only_calls_in_its_scope_and_as_often_as_planned() {
    let sim = start(Config::default()).await;
    let body =
        json!({"scope": {"model": "m", "contains": "twice"}, "times": 2, "fault": {"kind": "server_error"}});
    order(&sim, "/control/faults", body).await;
    assert_eq!(ask(&sim, "n", &["fail twice"]).await.status, 200);
    assert_eq!(ask(&sim, "m", &["fine"]).await.status, 200);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(&sim, "m", &["fail twice"]).await.status);
    }
    assert_eq!(statuses, [500, 500, 200]);
}

#[tokio::test]
async fn planned_faults_that_are_taken_back_meet_no_call() {
    let sim = start(Config::default()).await;
    order(&sim, "/control/faults", json!({"times": 1000, "fault": {"kind": "server_error"}})).await;
    assert_eq!(ask(&sim, "m", &["hello"]).await.status, 500);
    let answered = call(crate::http::client().delete(sim.url("/control/faults"))).await.unwrap();
    assert_eq!(answered.json(), json!({"planned": 0}));
    assert_eq!(ask(&sim, "m", &["hello"]).await.status, 200);
}
