//! What each vendor refuses about a request.

use crate::http::{call, client};
use crate::wires::{ask, asking, body, keyed, token};
use serde_json::{Value, json};
use simulators::model::{self, Config, ModelConfig};

/// Asks each and compares status and message.
async fn refused(wire: &str, cases: &[(&str, Value, u16, &str)]) {
    let sim = keyed().await;
    for (model, more, status, message) in cases {
        let answered = ask(&sim, wire, model, more.clone()).await;
        let told = (answered.status, answered.text.contains(message));
        assert_eq!(told, (*status, true), "{wire} {model} {more}: {}", answered.text);
    }
}

#[tokio::test]
async fn openai_refuses_what_its_newer_models_do_not_take() {
    let long = "x".repeat(129);
    refused(
        "openai",
        &[
            (
                "gpt-5.2",
                json!({"max_tokens": 5}),
                400,
                "\"param\":\"max_tokens\",\"code\":\"unsupported_parameter\"",
            ),
            ("gpt-4o", json!({"max_tokens": 5}), 200, "\"finish_reason\":\"length\""),
            ("gpt-5.2", json!({"max_completion_tokens": 9}), 200, "\"finish_reason\":\"length\""),
            (
                "gpt-5.2",
                json!({"temperature": 0.2}),
                400,
                "\"param\":\"temperature\",\"code\":\"unsupported_value\"",
            ),
            ("gpt-5.2", json!({"temperature": 1}), 200, "\"usage\""),
            (
                "gpt-5.2",
                json!({"temperature": 0.2, "reasoning_effort": "none"}),
                200,
                "\"reasoning_tokens\":0",
            ),
            ("gpt-4o", json!({"temperature": 2.1}), 400, "\"param\":\"temperature\""),
            ("o3", json!({"stop": ["x"]}), 400, "\"param\":\"stop\""),
            ("gpt-4o", json!({"stop": ["a", "b", "c", "d", "e"]}), 400, "at most 4 items"),
            (
                "gpt-4o",
                json!({"enable_thinking": false}),
                400,
                "Unrecognized request argument supplied: enable_thinking",
            ),
            (
                "gpt-4o",
                json!({"stream_options": {"include_usage": true}}),
                400,
                "\"param\":\"stream_options\"",
            ),
            ("gpt-4o", json!({"max_tokens": 20_000}), 400, "supports at most 16384 completion tokens"),
            ("gpt-4o", json!({"safety_identifier": long}), 400, "\"param\":\"safety_identifier\""),
            ("gpt-4o", json!({"messages": [{"role": "bot", "content": "x"}]}), 400, "Invalid value: 'bot'"),
            ("gpt-4o", json!({"messages": []}), 400, "\"param\":\"messages\""),
            ("gpt-4", json!({}), 404, "model_not_found"),
            ("acme-large", json!({}), 404, "model_not_found"),
        ],
    )
    .await;
}

#[tokio::test]
async fn claude_refuses_what_the_messages_api_refuses() {
    let thinking =
        |budget: u64| json!({"thinking": {"type": "enabled", "budget_tokens": budget}, "max_tokens": 2_000});
    let ended_by = |role: &str, text: &str| json!({"messages": [{"role": "user", "content": "x"}, {"role": role, "content": text}]});
    refused(
        "claude",
        &[
            ("claude-haiku-4-5", json!({"max_tokens": null}), 400, "max_tokens: Field required"),
            ("claude-haiku-4-5", json!({"max_tokens": 64_001}), 400, "max_tokens: 64001 > 64000"),
            ("claude-haiku-4-5", json!({"temperature": 1.5}), 400, "temperature"),
            ("claude-haiku-4-5", json!({"temperature": 0.5}), 200, "end_turn"),
            ("claude-opus-4-7", json!({"temperature": 1.0}), 400, "does not support sampling"),
            ("claude-sonnet-5", json!({"top_p": 1.0}), 400, "top_p"),
            ("claude-haiku-4-5", ended_by("assistant", "I"), 200, "end_turn"),
            (
                "claude-sonnet-4-6",
                ended_by("assistant", "I"),
                400,
                "does not support assistant message prefill",
            ),
            ("claude-haiku-4-5", ended_by("system", "be brief"), 400, "unexpected role"),
            ("claude-sonnet-5", ended_by("system", "be brief"), 200, "end_turn"),
            ("claude-haiku-4-5", ended_by("user", ""), 400, "must have non-empty content"),
            ("claude-haiku-4-5", thinking(1_023), 400, "greater than or equal to 1024"),
            ("claude-haiku-4-5", thinking(2_000), 400, "must be greater than `thinking.budget_tokens`"),
            ("claude-haiku-4-5", thinking(1_024), 200, "\"type\":\"thinking\""),
            (
                "claude-haiku-4-5",
                json!({"presence_penalty": 1}),
                400,
                "presence_penalty: Extra inputs are not permitted",
            ),
            ("claude-haiku-4-5", json!({"metadata": {"name": "x"}}), 400, "metadata.name: Extra inputs"),
            ("claude-none", json!({}), 404, "not_found_error"),
        ],
    )
    .await;
    let sim = keyed().await;
    let bare = |version: Option<&str>| {
        let asked = client().post(sim.url("/claude/v1/messages")).bearer_auth("sk-sim");
        let asked = asked.json(&body("claude", "claude-haiku-4-5", &json!({"temperature": 1.0})));
        version.map_or(asked.try_clone().unwrap(), |version| asked.header("anthropic-version", version))
    };
    for (version, status, message) in [
        (None, 400, "anthropic-version: header is required"),
        (Some("2020-01-01"), 400, "is not a valid version"),
        (Some("2026-10-21"), 400, "temperature: Extra inputs are not permitted"),
        (Some("2023-06-01"), 200, "end_turn"),
    ] {
        let answered = call(bare(version)).await.unwrap();
        assert_eq!((answered.status, answered.text.contains(message)), (status, true), "{}", answered.text);
        assert!(answered.headers["request-id"].to_str().unwrap().starts_with("req_"));
    }
}

#[tokio::test]
async fn tongyi_refuses_what_dashscope_refuses() {
    let cases = |code: &'static str| {
        vec![
            ("qwen-plus", json!({"temperature": 2}), 400, code),
            ("qwen-plus", json!({"temperature": 1.99}), 200, "stop"),
            ("qwen-plus", json!({"top_p": 0}), 400, "Range of top_p"),
            ("qwen-plus", json!({"seed": 2_147_483_648_u64}), 400, code),
            ("qwen-plus", json!({"max_tokens": 32_769}), 400, "Range of max_tokens should be [1, 32768]"),
            ("qwq-plus", json!({}), 400, "only support stream mode"),
            ("qwq-plus", json!({"stream": true}), 200, "reasoning_content"),
            (
                "qwen-turbo",
                json!({"enable_thinking": true}),
                400,
                "must be set to false for non-streaming calls",
            ),
            ("qwen3-32b", json!({}), 400, "must be set to false for non-streaming calls"),
            ("qwen3-32b", json!({"enable_thinking": false}), 200, "stop"),
            ("qwen-none", json!({}), 404, "not"),
        ]
    };
    refused("tongyi", &cases("invalid_parameter_error")).await;
    refused("native", &cases("InvalidParameter")).await;
    let late = json!({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "x"}]});
    refused("tongyi", &[("qwen-plus", late, 400, "a system message comes first")]).await;
}

#[tokio::test]
async fn ernie_refuses_blank_last_messages_and_what_is_not_in_turns() {
    let messages = |list: &[(&str, &str)]| {
        let list: Vec<Value> =
            list.iter().map(|(role, text)| json!({"role": role, "content": text})).collect();
        json!({ "messages": list })
    };
    refused(
        "ernie",
        &[
            ("ernie-5.1", messages(&[("user", " \n")]), 400, "invalid_messages"),
            ("ernie-5.1", messages(&[("user", "x"), ("system", "x")]), 400, "invalid_messages"),
            ("ernie-5.1", json!({"penalty_score": 0.5}), 400, "invalid_argument"),
            ("ernie-5.1", json!({"stop": ["a stop that is far too long"]}), 400, "20 characters"),
            ("ernie-5.1", json!({"thinking_budget": 99}), 400, "invalid_argument"),
            ("ernie-4.5-turbo-128k", json!({}), 403, "model_offline"),
            ("ernie-5.1-preview", json!({}), 400, "invalid_model"),
            ("completions_pro", json!({}), 400, "invalid_model"),
        ],
    )
    .await;
    refused(
        "ernie-v1",
        &[
            ("completions_pro", json!({"temperature": 0}), 200, "\"error_code\":336003"),
            ("completions_pro", json!({"temperature": 1}), 200, "\"result\""),
            ("completions_pro", json!({"max_output_tokens": 4_096}), 200, "\"error_code\":336003"),
            ("completions_pro", messages(&[("user", "x"), ("assistant", "y")]), 200, "odd number"),
            (
                "completions_pro",
                messages(&[("user", "x"), ("user", "y"), ("user", "z")]),
                200,
                "must be assistant",
            ),
            (
                "completions_pro",
                messages(&[("system", "x"), ("user", "y"), ("user", "y")]),
                200,
                "must be user",
            ),
            ("ernie-5.1", json!({}), 200, "\"error_code\":3,"),
        ],
    )
    .await;
}

#[tokio::test]
async fn spark_refuses_models_under_the_wrong_path_and_values_that_are_fixed() {
    refused(
        "spark",
        &[
            ("generalv3.5", json!({"top_k": 7}), 400, "\"code\":\"10163\""),
            ("lite", json!({"max_tokens": 4_097}), 400, "\"code\":\"10163\""),
            ("generalv3.5", json!({"max_tokens": 8_192}), 200, "\"code\":0"),
            ("spark-x", json!({}), 200, "\"code\":10404"),
        ],
    )
    .await;
    let sim = keyed().await;
    let at = async |generation: &str, model: &str, more: Value| {
        let path = format!("/spark/{generation}/chat/completions");
        let asked = client().post(sim.url(&path)).bearer_auth("ak:sk").json(&body("spark", model, &more));
        call(asked).await.unwrap()
    };
    assert_eq!(at("x2", "spark-x", json!({})).await.json()["code"], 0);
    let fixed = at("x2", "spark-x2.5", json!({"temperature": 0.5})).await;
    assert_eq!((fixed.status, fixed.text.contains("fixed to 1")), (400, true));
    assert_eq!(at("x2", "spark-x2.5", json!({"max_completion_tokens": 262_143})).await.json()["code"], 0);
    let answered = at("v1", "generalv3.5", json!({})).await.json();
    assert_eq!(
        answered.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["code", "message", "sid", "choices", "usage"]
    );
    assert!(answered["choices"][0].get("finish_reason").is_none());
    let stranger = client().post(sim.url("/spark/v1/chat/completions")).bearer_auth("wrong");
    let refused = call(stranger.json(&body("spark", "lite", &json!({})))).await.unwrap();
    let expected =
        json!({"error": {"message": "invalid user", "type": "api_error", "param": null, "code": null}});
    assert_eq!((refused.status, refused.json()), (401, expected));
}

#[tokio::test]
async fn ollama_cuts_a_prompt_silently_to_the_window_that_was_asked_for() {
    let sim = keyed().await;
    let mut messages =
        vec![json!({"role": "user", "content": format!("my cat is Momo {}", "1".repeat(5_000))})];
    messages.push(json!({"role": "assistant", "content": "nice"}));
    messages.push(json!({"role": "user", "content": "what is its name?"}));
    for (wire, options, remembers) in [
        ("ollama", json!({}), false),
        ("ollama", json!({"num_ctx": 8_192}), true),
        ("ollama-like", json!({"num_ctx": 8_192}), false),
        ("vllm", json!({}), true),
    ] {
        let asked = json!({"messages": messages, "options": options});
        let answered = ask(&sim, wire, "qwen3", asked).await;
        assert_eq!(answered.status, 200);
        assert_eq!(answered.text.contains("Momo"), remembers, "{wire} {options}: {}", answered.text);
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_refused_in_each_dialect() {
    let small = ["sim-small", "completions_pro"].map(|name| ModelConfig {
        name: name.into(),
        context_tokens: 20,
        ..ModelConfig::default()
    });
    let config = Config {
        models: small.to_vec(),
        api_keys: vec!["sk-sim".into(), "ak:sk".into()],
        ..Config::default()
    };
    let sim = model::start(config).await.unwrap();
    for (wire, model, status, message) in [
        ("openai", "sim-small", 400, "context_length_exceeded"),
        ("claude", "sim-small", 400, "prompt is too long: 22 tokens > 20 maximum"),
        ("tongyi", "sim-small", 400, "Range of input length should be [1, 20]"),
        ("ernie", "sim-small", 400, "tokens_too_long"),
        ("ernie-v1", "completions_pro", 200, "\"error_code\":336103"),
        ("spark", "sim-small", 200, "\"code\":10907"),
        ("vllm", "sim-small", 400, "This model's maximum context length is 20 tokens"),
        ("llamacpp", "sim-small", 400, "exceed_context_size_error"),
    ] {
        let answered = call(asking(&sim, wire, model, json!({})).await).await.unwrap();
        assert_eq!(
            (answered.status, answered.text.contains(message)),
            (status, true),
            "{wire}: {}",
            answered.text
        );
    }
}

#[tokio::test]
async fn tokens_of_ernies_v1_are_given_for_a_key_and_expire() {
    let sim = keyed().await;
    let given = token(&sim).await;
    let with = async |token: &str| {
        let path = "/ernie/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro?access_token=";
        let asked = client().post(sim.url(&format!("{path}{token}")));
        call(asked.json(&body("ernie-v1", "", &json!({})))).await.unwrap().json()["error_code"].clone()
    };
    assert_eq!((with(&given).await, with("24.other").await), (Value::Null, json!(110)));
    call(client().delete(sim.url("/control/tokens"))).await.unwrap();
    assert_eq!((with(&given).await, with(&token(&sim).await).await), (json!(111), Value::Null));
    let refused = async |query: &str| {
        let answered =
            call(client().post(sim.url(&format!("/ernie/oauth/2.0/token?{query}")))).await.unwrap();
        (answered.status, answered.json()["error_description"].clone())
    };
    let grant = "grant_type=client_credentials";
    assert_eq!(
        refused(&format!("{grant}&client_id=no&client_secret=sk")).await,
        (401, json!("unknown client id"))
    );
    let wrong = refused(&format!("{grant}&client_id=ak&client_secret=no")).await;
    assert_eq!(wrong, (401, json!("Client authentication failed")));
    assert_eq!(refused("client_id=ak&client_secret=sk").await.0, 400);
}

#[tokio::test]
async fn filters_of_families_that_answer_in_spite_of_them_are_told_in_the_answer() {
    let sim = keyed().await;
    let flagged = ask(&sim, "ernie", "sim-flagged", json!({})).await.json()["choices"][0].clone();
    assert_eq!((&flagged["flag"], &flagged["ban_round"]), (&json!(3), &json!(-1)));
    let stream = ask(&sim, "ernie", "sim-flagged", json!({"stream": true})).await;
    assert!(stream.text.contains("\"flag\":3,\"ban_round\":-1"), "{}", stream.text);
    let old = ask(&sim, "ernie-v1", "sim-flagged", json!({})).await.json();
    assert_eq!((&old["need_clear_history"], &old["ban_round"]), (&json!(true), &json!(-1)));
    let refusal = ask(&sim, "claude", "sim-refusal", json!({})).await.json();
    assert_eq!(
        (&refusal["stop_reason"], &refusal["stop_details"]["type"]),
        (&json!("refusal"), &json!("refusal"))
    );
    let blocked = ask(&sim, "claude", "sim-invalid-prompt", json!({})).await.json();
    assert_eq!((&blocked["stop_reason"], &blocked["content"]), (&json!("refusal"), &json!([])));
    let filtered = ask(&sim, "openai", "sim-content-filter", json!({})).await.json();
    assert_eq!(filtered["choices"][0]["finish_reason"], "content_filter");
    let refused = ask(&sim, "openai", "sim-refusal", json!({})).await.json()["choices"][0]["message"].clone();
    assert!(refused["content"].is_null() && refused["refusal"].is_string(), "{refused}");
    let output = ask(&sim, "tongyi", "sim-content-filter", json!({"stream": true})).await;
    assert!(output.text.contains("Output data may contain inappropriate content"), "{}", output.text);
}

#[tokio::test]
async fn what_claude_is_told_to_cache_is_written_once_and_read_from_then_on() {
    let sim = keyed().await;
    let usage = async |ttl: &str| {
        let control = json!({"type": "ephemeral", "ttl": ttl});
        let system = json!([{"type": "text", "text": format!("be brief {ttl}"), "cache_control": control}]);
        ask(&sim, "claude", "claude-haiku-4-5", json!({ "system": system })).await.json()["usage"].clone()
    };
    for (ttl, name) in [("5m", "ephemeral_5m_input_tokens"), ("1h", "ephemeral_1h_input_tokens")] {
        let (first, second) = (usage(ttl).await, usage(ttl).await);
        let written = first["cache_creation"][name].as_u64().unwrap();
        assert!(written > 0 && first["cache_creation_input_tokens"] == written, "{first}");
        assert_eq!(second["cache_read_input_tokens"], written);
        assert_eq!(first["input_tokens"], second["input_tokens"]);
    }
    let sums = crate::http::read(&sim, "/control/ledger").await["totals"].clone();
    assert!(
        sums["cache_write_5m_tokens"].as_u64() > Some(0) && sums["cache_write_1h_tokens"].as_u64() > Some(0)
    );
}
