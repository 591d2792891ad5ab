//! Limits with the vendors' headers, and faults that come and go.

use crate::http::{call, client, order, read};
use crate::wires::{ask, keyed};
use serde_json::{Value, json};
use simulators::Handle;
use std::time::{Duration, Instant};

async fn limit(sim: &Handle, model: &str, limits: Value) {
    let order = json!({"model": model, "limits": limits});
    let answered = call(client().put(sim.url("/control/limits")).json(&order)).await.unwrap();
    assert_eq!(answered.status, 200, "{}", answered.text);
}

#[tokio::test]
async fn what_is_left_of_a_limit_is_told_in_the_headers_of_each_vendor() {
    let sim = keyed().await;
    let limits = json!({"requests_per_min": 3, "tokens_per_min": 10_000, "input_tokens_per_min": 500, "output_tokens_per_min": 400});
    limit(&sim, "sim-large", limits).await;
    let openai = ask(&sim, "openai", "sim-large", json!({})).await.headers;
    let text = |name: &str| openai[name].to_str().unwrap().to_owned();
    assert_eq!([text("x-ratelimit-limit-requests"), text("x-ratelimit-remaining-requests")], ["3", "2"]);
    let reset = text("x-ratelimit-reset-requests");
    assert!(reset == "1m0s" || reset.starts_with("59."), "{reset}");
    assert_eq!(text("x-ratelimit-limit-tokens"), "10000");
    let ernie = ask(&sim, "ernie", "sim-large", json!({})).await.headers;
    assert_eq!(ernie["x-ratelimit-remaining-requests"], "1");
    assert!(
        ernie.contains_key("x-ratelimit-remaining-input-tokens")
            && !ernie.contains_key("x-ratelimit-reset-requests")
    );
    let claude = ask(&sim, "claude", "sim-large", json!({})).await.headers;
    assert_eq!(claude["anthropic-ratelimit-requests-remaining"], "0");
    let reset = claude["anthropic-ratelimit-output-tokens-reset"].to_str().unwrap();
    assert!(humantime::parse_rfc3339(reset).is_ok(), "{reset}");
    let refused = ask(&sim, "claude", "sim-large", json!({})).await;
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.status == 429 && (50..=61).contains(&wait), "{wait}");
    assert!(!ask(&sim, "tongyi", "sim-large", json!({})).await.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn each_limit_is_refused_with_its_own_word() {
    let sim = keyed().await;
    for (wire, limits, code) in [
        ("tongyi", json!({"requests_per_s": 0}), "limit_burst_rate"),
        ("tongyi", json!({"requests_per_min": 0}), "limit_requests"),
        ("tongyi", json!({"tokens_per_min": 5}), "insufficient_quota"),
        ("ernie", json!({"input_tokens_per_min": 5}), "input_tpm_rate_limit_exceeded"),
        ("ernie", json!({"output_tokens_per_min": 0}), "output_tpm_rate_limit_exceeded"),
        ("openai", json!({"ramp_percent": 150, "ramp_floor": 0}), "slow_down"),
        ("claude", json!({"ramp_percent": 150, "ramp_floor": 0}), "ramp_limit_exceeded"),
        ("spark", json!({"concurrent": 0}), "11203"),
        ("spark", json!({"requests_per_s": 0}), "11202"),
        ("ollama", json!({"concurrent": 0}), "server busy"),
    ] {
        limit(&sim, "sim-large", limits.clone()).await;
        let refused = ask(&sim, wire, "sim-large", json!({})).await;
        assert!(refused.text.contains(code), "{wire} {limits}: {}", refused.text);
    }
    limit(&sim, "sim-large", json!({})).await;
    assert_eq!(read(&sim, "/control/traffic").await["models"]["sim-large"]["refused"], 10);
    assert_eq!(ask(&sim, "openai", "sim-large", json!({})).await.status, 200);
}

#[tokio::test]
async fn tokens_that_were_generated_count_against_the_next_call() {
    let sim = keyed().await;
    limit(&sim, "sim-large", json!({"output_tokens_per_min": 1})).await;
    let status = async || ask(&sim, "claude", "sim-large", json!({"stream": true})).await.status;
    assert_eq!([status().await, status().await], [200, 429]);
}

#[tokio::test]
async fn a_key_can_have_limits_of_its_own() {
    let sim = keyed().await;
    limit(&sim, "generalv3.5", json!({"requests_per_min": 1, "per_key": true})).await;
    let status = async |key: &str| {
        let body = crate::wires::body("spark", "generalv3.5", &json!({}));
        let asked = client().post(sim.url("/spark/v1/chat/completions")).bearer_auth(key).json(&body);
        call(asked).await.unwrap().json()["code"].clone()
    };
    assert_eq!([status("sk-sim").await, status("sk-sim").await, status("ak:sk").await], [0, 11_202, 0]);
}

#[tokio::test]
async fn an_outage_begins_when_it_is_to_begin_and_flaps_as_ordered() {
    let sim = keyed().await;
    let status = async || ask(&sim, "openai", "sim-large", json!({})).await.status;
    let outage = json!({"in": "10m", "for": "10m", "fault": {"kind": "server_error"}});
    order(&sim, "/control/faults", outage).await;
    assert_eq!(status().await, 200);
    let flapping =
        json!({"for": "10m", "flapping": {"bad": "10m", "good": "1s"}, "fault": {"kind": "overloaded"}});
    order(&sim, "/control/faults", flapping).await;
    assert_eq!(status().await, 503);
    call(client().delete(sim.url("/control/faults"))).await.unwrap();
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn latency_creeps_up_call_by_call() {
    let sim = keyed().await;
    let creep = json!({"times": 3, "fault": {"kind": "creep", "first": "10ms", "step": "60ms"}});
    order(&sim, "/control/faults", creep).await;
    let mut times = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        ask(&sim, "openai", "sim-large", json!({})).await;
        times.push(begun.elapsed());
    }
    assert!(times[1] >= Duration::from_millis(70) && times[2] >= Duration::from_millis(130), "{times:?}");
    let entries = read(&sim, "/control/ledger").await["entries"].clone();
    assert_eq!(entries[2]["fault"], json!({"kind": "slow", "after": "130ms"}));
}

#[tokio::test]
async fn the_endpoint_of_tokens_has_faults_of_its_own() {
    let sim = keyed().await;
    order(&sim, "/control/faults", json!({"scope": {"model": "oauth"}, "fault": {"kind": "server_error"}}))
        .await;
    assert_eq!(ask(&sim, "openai", "sim-large", json!({})).await.status, 200);
    let path = "/ernie/oauth/2.0/token?grant_type=client_credentials&client_id=ak&client_secret=sk";
    let failed = call(client().post(sim.url(path))).await.unwrap();
    assert_eq!((failed.status, failed.json()["error"].clone()), (500, json!("internal_error")));
    assert_eq!(call(client().post(sim.url(path))).await.unwrap().status, 200);
}
