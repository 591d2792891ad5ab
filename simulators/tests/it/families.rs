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

/// Asks for each fault, whole and as a stream, and compares status and body.
async fn worded(wire: &str, cases: &[(&str, u16, Value)]) {
    let sim = keyed().await;
    for (fault, status, expected) in cases {
        for stream in [false, true] {
            let refused = ask(&sim, wire, &format!("sim-{fault}"), json!({"stream": stream})).await;
            let told = (refused.status, contains(&refused.json(), expected));
            // What a filter finds in an answer is told in the middle of a stream.
            let is_late = stream && *fault == "content-filter";
            assert!(
                is_late || told == (*status, true),
                "{wire} {fault}: {} {}",
                refused.status,
                refused.text
            );
            assert!(!refused.headers.contains_key("retry-after"));
        }
    }
}

#[tokio::test]
async fn refusals_come_in_the_words_of_openai() {
    let error = |kind: &str, code: &str| json!({"error": {"type": kind, "code": code}});
    let cases = [
        ("ramp-limited", 429, error("rate_limit_error", "slow_down")),
        ("spend-limit", 429, error("insufficient_quota", "credit_balance_exhausted")),
        ("insufficient-quota", 429, error("insufficient_quota", "insufficient_quota")),
        ("overloaded", 503, error("service_unavailable_error", "server_is_overloaded")),
        ("error-content_policy_violation", 400, error("invalid_request_error", "content_policy_violation")),
    ];
    worded("openai", &cases).await;
}

#[tokio::test]
async fn refusals_come_in_the_words_of_claude() {
    let error = |kind: &str| json!({"type": "error", "error": {"type": kind}});
    let detailed =
        |code: &str| json!({"error": {"type": "rate_limit_error", "details": {"error_code": code}}});
    let cases = [
        ("rate-limited", 429, error("rate_limit_error")),
        ("ramp-limited", 429, detailed("ramp_limit_exceeded")),
        ("spend-limit", 429, detailed("enforced_spend_limit_reached")),
        ("overloaded", 529, error("overloaded_error")),
        ("insufficient-quota", 402, error("billing_error")),
        ("timeout", 504, error("timeout_error")),
        ("permission-denied", 403, error("permission_error")),
        ("error-request_too_large", 413, error("request_too_large")),
        ("context-length-exceeded", 400, error("invalid_request_error")),
    ];
    worded("claude", &cases).await;
}

#[tokio::test]
async fn refusals_come_in_the_words_of_dashscope() {
    let error = |code: &str| json!({"error": {"code": code}});
    let cases = [
        ("insufficient-quota", 400, error("Arrearage")),
        ("token-limited", 429, error("insufficient_quota")),
        ("ramp-limited", 429, error("limit_burst_rate")),
        ("spend-limit", 429, error("PostpaidBillOverdue")),
        ("invalid-prompt", 400, error("data_inspection_failed")),
        ("content-filter", 400, error("data_inspection_failed")),
        ("error-AllocationQuota.FreeTierOnly", 403, error("AllocationQuota.FreeTierOnly")),
        ("error-Throttling.BurstRate", 429, error("limit_burst_rate")),
    ];
    worded("tongyi", &cases).await;
    let native = [
        ("insufficient-quota", 400, json!({"code": "Arrearage"})),
        ("token-limited", 429, json!({"code": "Throttling.AllocationQuota"})),
        ("error-insufficient_quota", 429, json!({"code": "Throttling.AllocationQuota"})),
    ];
    worded("native", &native).await;
}

#[tokio::test]
async fn refusals_come_in_the_words_of_qianfan() {
    let error = |code: &str| json!({"error": {"code": code}});
    let cases = [
        ("insufficient-quota", 403, error("account_overdue")),
        ("model-retired", 403, error("model_offline")),
        ("token-limited", 429, error("tpm_rate_limit_exceeded")),
        ("context-length-exceeded", 400, error("tokens_too_long")),
        ("error-system_unsafe", 403, error("system_unsafe")),
    ];
    worded("ernie", &cases).await;
    let coded = |code: i64| json!({"error_code": code});
    let old = [
        ("invalid-api-key", 200, coded(110)),
        ("expired-token", 200, coded(111)),
        ("error-18", 200, coded(18)),
        ("insufficient-quota", 200, coded(17)),
    ];
    worded("ernie-v1", &old).await;
}

#[tokio::test]
async fn refusals_come_in_the_words_of_spark() {
    let coded = |code: i64| json!({"code": code});
    let cases = [
        ("invalid-prompt", 200, coded(10_013)),
        ("content-filter", 200, coded(10_014)),
        ("rate-limited", 200, coded(11_202)),
        ("concurrency-limited", 200, coded(11_203)),
        ("context-length-exceeded", 200, coded(10_907)),
        ("insufficient-quota", 403, json!({"error": {"code": "11200"}})),
    ];
    worded("spark", &cases).await;
}

#[tokio::test]
async fn refusals_come_in_the_words_of_local_servers() {
    let error = |kind: &str, code: Value| json!({"error": {"type": kind, "code": code}});
    let busy = json!({"error": "server busy, please try again. maximum pending requests exceeded"});
    worded("ollama", &[("concurrency-limited", 503, busy)]).await;
    worded("ollama-like", &[("model-not-found", 404, error("not_found_error", Value::Null))]).await;
    worded("vllm", &[("model-not-found", 404, error("NotFoundError", json!(404)))]).await;
    let cases = [
        ("overloaded", 503, error("unavailable_error", json!(503))),
        ("context-length-exceeded", 400, error("exceed_context_size_error", json!(400))),
    ];
    worded("llamacpp", &cases).await;
}

#[tokio::test]
async fn the_page_of_a_gateway_is_the_same_before_every_vendor() {
    let sim = keyed().await;
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
