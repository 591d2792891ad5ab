use crate::http::{call, order, read};
use crate::line::easemob;
use crate::rest::{send, sending, token};
use serde_json::{Value, json};
use simulators::Handle;
use std::time::{Duration, Instant};

async fn plan(sim: &Handle, times: u32, fault: Value) {
    let order_body = json!({"scope": {"path": "users"}, "times": times, "fault": fault});
    order(sim, "/control/faults", order_body).await;
}

async fn inbox(sim: &Handle) -> usize {
    read(sim, "/control/inbox?user=alice").await["messages"].as_array().unwrap().len()
}

#[tokio::test]
async fn planned_refusals_come_in_order_and_then_end() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let kinds = [
        ("reach_limit", 429, "reach_limit"),
        ("message_limit", 403, "message_send_error"),
        ("resource_limited", 429, "resource_limited"),
        ("unauthorized", 401, "unauthorized"),
        ("forbidden", 403, "forbidden_op"),
        ("bad_request", 400, "invalid_request_body"),
    ];
    for (kind, ..) in kinds {
        plan(&sim, 1, json!({"kind": kind})).await;
    }
    assert_eq!(send(&sim, &token, "chatgroups", json!({"to": ["g"]})).await.status, 200, "out of scope");
    for (kind, status, error) in kinds {
        let answered = send(&sim, &token, "users", json!({"to": ["alice"]})).await;
        assert_eq!((answered.status, answered.json()["error"].clone()), (status, json!(error)), "{kind}");
    }
    assert_eq!(inbox(&sim).await, 0);
    assert_eq!(send(&sim, &token, "users", json!({"to": ["alice"]})).await.status, 200);
}

#[tokio::test]
async fn server_errors_have_pages_in_place_of_json() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    for (kind, status) in [("server_error", 500), ("bad_gateway", 502)] {
        plan(&sim, 1, json!({"kind": kind})).await;
        let answered = send(&sim, &token, "users", json!({"to": ["alice"]})).await;
        assert_eq!(answered.status, status);
        assert!(answered.text.starts_with("<html>"));
        assert!(answered.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    }
}

#[tokio::test]
async fn a_reset_before_acceptance_leaves_nothing_and_one_after_it_leaves_the_message() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    plan(&sim, 1, json!({"kind": "reset"})).await;
    assert!(call(sending(&sim, &token, "users", json!({"to": ["alice"]}))).await.is_err());
    assert_eq!(inbox(&sim).await, 0);
    plan(&sim, 1, json!({"kind": "reset_after_accept"})).await;
    let error = call(sending(&sim, &token, "users", json!({"to": ["alice"]}))).await.err().unwrap();
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    assert_eq!(inbox(&sim).await, 1);
    let sends = read(&sim, "/control/sends").await;
    assert_eq!(sends["sends"][0]["fault"], json!({"kind": "reset_after_accept"}));
}

#[tokio::test]
async fn slow_sends_are_accepted_before_or_after_the_wait() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let impatient = |request: reqwest::RequestBuilder| request.timeout(Duration::from_millis(100));
    for (kind, accepted) in [("slow", 0), ("slow_after_accept", 1)] {
        plan(&sim, 1, json!({"kind": kind, "after": "1m"})).await;
        let sent = call(impatient(sending(&sim, &token, "users", json!({"to": ["alice"]})))).await;
        assert!(sent.err().unwrap().is_timeout());
        assert_eq!(inbox(&sim).await, accepted, "{kind}");
    }
    plan(&sim, 1, json!({"kind": "slow", "after": "150ms"})).await;
    let begun = Instant::now();
    assert_eq!(send(&sim, &token, "users", json!({"to": ["alice"]})).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_send_may_be_accepted_twice_and_a_token_refused() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    plan(&sim, 1, json!({"kind": "duplicate"})).await;
    assert_eq!(send(&sim, &token, "users", json!({"to": ["alice"]})).await.status, 200);
    assert_eq!(inbox(&sim).await, 2);
    let scope = json!({"scope": {"path": "token"}, "fault": {"kind": "server_error"}});
    order(&sim, "/control/faults", scope).await;
    assert_eq!(crate::http::post(&sim, "/acme/support/token", json!({})).await.status, 500);
}
