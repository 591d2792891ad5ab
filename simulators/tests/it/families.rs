//! What holds for every wire alike.

use crate::http::{call, order, read};
use crate::wires::{WIRES, answered, ask, asking, frames, keyed, said};
use serde_json::{Value, json};

const HEARD: &str =
    "I hear you say: \"hello there, how are you today?\". This is the first thing you tell me.";

#[tokio::test]
async fn a_whole_answer_and_a_stream_say_the_same_and_cost_the_same() {
    let sim = keyed().await;
    for (wire, _) in WIRES {
        let whole = ask(&sim, wire, "sim-large", json!({})).await;
        assert_eq!((whole.status, answered(wire, &whole.json())), (200, json!(HEARD)), "{wire}");
        let stream = ask(&sim, wire, "sim-large", json!({"stream": true})).await;
        assert_eq!((stream.status, said(wire, &stream.text)), (200, HEARD.to_owned()), "{wire}");
        let kind = stream.headers["content-type"].to_str().unwrap();
        let expected = if wire == "ollama" { "application/x-ndjson" } else { "text/event-stream" };
        assert_eq!(kind, expected);
    }
    let ledger = read(&sim, "/control/ledger").await;
    for pair in ledger["entries"].as_array().unwrap().chunks(2) {
        for name in ["family", "key", "prompt_tokens", "completion_tokens", "billed"] {
            assert_eq!(pair[0][name], pair[1][name], "{name}");
        }
        assert_eq!((&pair[0]["stream"], &pair[1]["stream"]), (&json!(false), &json!(true)));
        assert!(pair[1]["chunks"].as_u64().unwrap() > 3 && pair[0]["chunks"] == 0);
    }
    let families = ledger["by_family"].as_object().unwrap();
    assert_eq!(
        families.keys().collect::<Vec<_>>(),
        ["openai", "claude", "tongyi", "ernie", "spark", "local"]
    );
    let keys = ledger["by_key"].as_object().unwrap();
    assert_eq!(keys["key-2"]["requests"], 2, "the token of ernie's v1 belongs to the key of two parts");
    assert_eq!(keys["key-1"]["requests"], 20);
}

#[tokio::test]
async fn a_stream_ends_as_its_wire_ends_streams_and_one_without_its_end_is_seen() {
    let sim = keyed().await;
    for (wire, _) in WIRES {
        let last = async |model: &str| {
            let stream = ask(&sim, wire, model, json!({"stream": true})).await;
            frames(&stream.text).pop().unwrap()
        };
        let is_end = |frame: &str| match wire {
            "claude" => frame.contains("message_stop"),
            "native" => !frame.contains("\"finish_reason\":\"null\""),
            "ernie-v1" => frame.contains("\"is_end\":true"),
            "ollama" => frame.contains("\"done\":true"),
            _ => frame == "[DONE]",
        };
        assert!(is_end(&last("sim-large").await), "{wire}");
        assert!(!is_end(&last("sim-missing-done").await), "{wire}");
    }
}

#[tokio::test]
async fn streams_break_as_planned_on_every_wire_and_are_billed_for_what_was_generated() {
    let sim = keyed().await;
    for (wire, _) in WIRES {
        let stream = asking(&sim, wire, "sim-cut-2", json!({"stream": true})).await;
        let reply = stream.send().await.unwrap();
        assert_eq!(reply.status(), 200, "{wire}");
        assert!(reply.text().await.is_err(), "{wire}: the body must end early");
        let garbage = ask(&sim, wire, "sim-malformed-frame-2", json!({"stream": true})).await;
        let broken = frames(&garbage.text)
            .iter()
            .filter(|frame| serde_json::from_str::<Value>(frame).is_err())
            .count();
        let terminators = usize::from(garbage.text.contains("[DONE]"));
        assert_eq!(broken - terminators, 1, "{wire}");
        assert_eq!(said(wire, &garbage.text), HEARD, "{wire}");
    }
    let entries = read(&sim, "/control/ledger").await["entries"].clone();
    for pair in entries.as_array().unwrap().chunks(2) {
        assert_eq!((&pair[0]["chunks"], &pair[0]["end"]), (&json!(2), &json!("replied")));
        let [cut, whole] = [&pair[0], &pair[1]].map(|entry| entry["completion_tokens"].as_u64().unwrap());
        assert!(0 < cut && cut < whole, "{cut} of {whole}");
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_has_the_form_of_its_wire() {
    let sim = keyed().await;
    for (wire, expected) in [
        ("openai", json!({"error": {"code": "server_is_overloaded"}})),
        ("claude", json!({"type": "error", "error": {"type": "overloaded_error"}})),
        ("tongyi", json!({"error": {"code": "model_serving_error"}})),
        ("native", json!({"code": "ModelServingError"})),
        ("ernie", json!({"error": {"code": "cluster_rate_limit_exceeded"}})),
        ("ernie-v1", json!({"error_code": 336_100})),
        ("spark", json!({"code": 10_008})),
        ("ollama", json!({"error": "server busy, please try again. maximum pending requests exceeded"})),
        ("vllm", json!({"error": {"code": 503}})),
        ("llamacpp", json!({"error": {"code": 503, "type": "unavailable_error"}})),
    ] {
        let stream = ask(&sim, wire, "sim-stream-error-2", json!({"stream": true})).await;
        assert_eq!(stream.status, 200);
        let last: Value = serde_json::from_str(&frames(&stream.text).pop().unwrap()).unwrap();
        assert!(contains(&last, &expected), "{wire}: {last}");
    }
    let order = r#"{"kind":"stream_error","after_chunks":1,"code":"10014"}"#;
    let asking = asking(&sim, "spark", "generalv3.5", json!({"stream": true})).await;
    let blocked = call(asking.header("x-sim-fault", order)).await.unwrap();
    assert!(frames(&blocked.text).pop().unwrap().contains("\"code\":10014"), "{}", blocked.text);
    let native = ask(&sim, "native", "sim-stream-error-1", json!({"stream": true})).await;
    assert!(native.text.contains("event:error\n:HTTP_STATUS/503\n"), "{}", native.text);
    let claude = ask(&sim, "claude", "sim-stream-error-1", json!({"stream": true})).await;
    assert!(claude.text.contains("event: error\ndata: {\"type\":\"error\""), "{}", claude.text);
}

/// Whether all that is expected is there.
fn contains(whole: &Value, expected: &Value) -> bool {
    match expected {
        Value::Object(fields) => fields.iter().all(|(name, value)| contains(&whole[name], value)),
        value => whole == value,
    }
}

#[tokio::test]
async fn refusals_come_in_the_words_of_each_family() {
    let sim = keyed().await;
    let openai =
        |status: u16, kind: &str, code: &str| (status, json!({"error": {"type": kind, "code": code}}));
    let claude = |status: u16, kind: &str| (status, json!({"type": "error", "error": {"type": kind}}));
    let tongyi = |status: u16, code: &str| (status, json!({"error": {"code": code}}));
    let ernie = |status: u16, code: &str| (status, json!({"error": {"code": code}}));
    let v1 = |code: i64| (200, json!({"error_code": code}));
    let spark = |code: i64| (200, json!({"code": code}));
    for (wire, fault, (status, expected)) in [
        ("openai", "ramp-limited", openai(429, "rate_limit_error", "slow_down")),
        ("openai", "spend-limit", openai(429, "insufficient_quota", "credit_balance_exhausted")),
        ("openai", "insufficient-quota", openai(429, "insufficient_quota", "insufficient_quota")),
        ("openai", "overloaded", openai(503, "service_unavailable_error", "server_is_overloaded")),
        (
            "openai",
            "error-content_policy_violation",
            openai(400, "invalid_request_error", "content_policy_violation"),
        ),
        ("claude", "overloaded", claude(529, "overloaded_error")),
        ("claude", "insufficient-quota", claude(402, "billing_error")),
        ("claude", "timeout", claude(504, "timeout_error")),
        ("claude", "permission-denied", claude(403, "permission_error")),
        ("claude", "error-request_too_large", claude(413, "request_too_large")),
        ("claude", "context-length-exceeded", claude(400, "invalid_request_error")),
        ("tongyi", "insufficient-quota", tongyi(400, "Arrearage")),
        ("tongyi", "token-limited", tongyi(429, "insufficient_quota")),
        ("tongyi", "ramp-limited", tongyi(429, "limit_burst_rate")),
        ("tongyi", "spend-limit", tongyi(429, "PostpaidBillOverdue")),
        ("tongyi", "invalid-prompt", tongyi(400, "data_inspection_failed")),
        ("tongyi", "content-filter", tongyi(400, "data_inspection_failed")),
        ("tongyi", "error-AllocationQuota.FreeTierOnly", tongyi(403, "AllocationQuota.FreeTierOnly")),
        ("tongyi", "error-Throttling.BurstRate", tongyi(429, "limit_burst_rate")),
        ("native", "insufficient-quota", (400, json!({"code": "Arrearage"}))),
        ("native", "token-limited", (429, json!({"code": "Throttling.AllocationQuota"}))),
        ("native", "error-insufficient_quota", (429, json!({"code": "Throttling.AllocationQuota"}))),
        ("ernie", "insufficient-quota", ernie(403, "account_overdue")),
        ("ernie", "model-retired", ernie(403, "model_offline")),
        ("ernie", "token-limited", ernie(429, "tpm_rate_limit_exceeded")),
        ("ernie", "context-length-exceeded", ernie(400, "tokens_too_long")),
        ("ernie", "error-system_unsafe", ernie(403, "system_unsafe")),
        ("ernie-v1", "invalid-api-key", v1(110)),
        ("ernie-v1", "expired-token", v1(111)),
        ("ernie-v1", "error-18", v1(18)),
        ("ernie-v1", "insufficient-quota", v1(17)),
        ("spark", "invalid-prompt", spark(10_013)),
        ("spark", "content-filter", spark(10_014)),
        ("spark", "rate-limited", spark(11_202)),
        ("spark", "concurrency-limited", spark(11_203)),
        ("spark", "context-length-exceeded", spark(10_907)),
        ("spark", "insufficient-quota", (403, json!({"error": {"code": "11200"}}))),
        (
            "ollama",
            "concurrency-limited",
            (503, json!({"error": "server busy, please try again. maximum pending requests exceeded"})),
        ),
        (
            "ollama-like",
            "model-not-found",
            (404, json!({"error": {"type": "not_found_error", "code": null}})),
        ),
        ("vllm", "model-not-found", (404, json!({"error": {"type": "NotFoundError", "code": 404}}))),
        (
            "llamacpp",
            "overloaded",
            (503, json!({"error": {"type": "unavailable_error", "code": 503, "message": "Loading model"}})),
        ),
        (
            "llamacpp",
            "context-length-exceeded",
            (400, json!({"error": {"type": "exceed_context_size_error"}})),
        ),
    ] {
        for stream in [false, true] {
            if stream && fault == "content-filter" {
                continue;
            }
            let refused = ask(&sim, wire, &format!("sim-{fault}"), json!({"stream": stream})).await;
            let told = refused.json();
            assert!(
                refused.status == status && contains(&told, &expected),
                "{wire} {fault}: {} {told}",
                refused.status
            );
            assert!(!refused.headers.contains_key("retry-after"));
        }
    }
    for (wire, _) in WIRES {
        for (fault, status) in [("bad-gateway", 502), ("gateway-timeout", 504)] {
            let page = ask(&sim, wire, &format!("sim-{fault}"), json!({})).await;
            assert_eq!((page.status, page.text.starts_with("<html>")), (status, true), "{wire}");
        }
    }
}

#[tokio::test]
async fn empty_answers_thoughts_alone_and_cut_answers_are_told_by_every_wire() {
    let sim = keyed().await;
    for (wire, _) in WIRES {
        let empty = ask(&sim, wire, "sim-empty-content", json!({})).await.json();
        let text = answered(wire, &empty);
        assert!(text == "" || (wire == "claude" && text.is_null()), "{wire}: {empty}");
        let stream = ask(&sim, wire, "sim-empty-content", json!({"stream": true})).await;
        assert_eq!(said(wire, &stream.text), "", "{wire}");
        let thought = ask(&sim, wire, "sim-reasoning-only", json!({"stream": true})).await;
        assert_eq!(said(wire, &thought.text), "", "{wire}");
        let length = ask(&sim, wire, "sim-length", json!({})).await.json();
        let reason = match wire {
            "claude" => &length["stop_reason"],
            "native" => &length["output"]["choices"][0]["finish_reason"],
            "ernie-v1" => &length["finish_reason"],
            "ollama" => &length["done_reason"],
            _ => &length["choices"][0]["finish_reason"],
        };
        let expected = match wire {
            "claude" => json!("max_tokens"),
            "spark" => Value::Null,
            _ => json!("length"),
        };
        assert_eq!(*reason, expected, "{wire}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_where_a_key_is_asked_for() {
    let sim = keyed().await;
    for (wire, status) in [
        ("openai", 401),
        ("claude", 401),
        ("tongyi", 401),
        ("native", 401),
        ("ernie", 401),
        ("spark", 401),
        ("vllm", 401),
        ("llamacpp", 401),
        ("ollama", 200),
    ] {
        let asking = asking(&sim, wire, "sim-large", json!({})).await.build().unwrap();
        let mut asking = asking;
        for name in ["authorization", "x-api-key"] {
            if asking.headers_mut().remove(name).is_some() {
                asking.headers_mut().insert(name, "Bearer wrong".parse().unwrap());
            }
        }
        let refused = crate::http::client().execute(asking).await.unwrap();
        assert_eq!(refused.status(), status, "{wire}");
    }
    let ledger = read(&sim, "/control/ledger").await;
    let key = ledger["entries"][0]["key"].as_str().unwrap();
    assert!(key.starts_with("unknown-") && !key.contains("wrong"), "{key}");
}

#[tokio::test]
async fn a_fault_can_be_for_a_family_a_key_or_streams_only() {
    let sim = keyed().await;
    let status =
        async |wire: &str, stream: bool| ask(&sim, wire, "sim-large", json!({"stream": stream})).await.status;
    let scope = json!({"scope": {"family": "openai", "stream": true}, "fault": {"kind": "server_error"}});
    order(&sim, "/control/faults", scope).await;
    assert_eq!(
        [status("claude", true).await, status("openai", false).await, status("openai", true).await],
        [200, 200, 500]
    );
    let dying = json!({"scope": {"key": "key-1"}, "after_calls": 2, "for": "10m", "fault": {"kind": "invalid_api_key"}});
    order(&sim, "/control/faults", dying).await;
    let met = [status("openai", false).await, status("tongyi", false).await, status("openai", false).await];
    assert_eq!((met, status("ernie-v1", false).await), ([200, 200, 401], 200));
}
