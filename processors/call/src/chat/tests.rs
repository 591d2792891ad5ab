use catalogue::Target;
use catalogue::target::OutputCap;
use outbound::{Failure, HeaderMap, Reply, StatusCode};
use schemas::answered::{Usage, UsageSource};
use schemas::request::Request;
use schemas::text::{Sealed, Text};
use serde_json::{Value, json};

use super::*;

const EXAMPLE: &str = include_str!("../../../../schemas/examples/requests/valid-answer.json");

fn request() -> Request {
    serde_json::from_str(EXAMPLE).unwrap()
}

fn target(provider: Provider) -> Target {
    let output_cap = match provider {
        Provider::Openai => OutputCap::MaxCompletionTokens,
        Provider::Local => OutputCap::MaxTokens,
    };
    Target {
        provider,
        model: "m1".into(),
        region: "cn".into(),
        context_tokens: 8_000,
        timeout_ms: 1_000,
        output_cap,
        temperature: true,
    }
}

fn sent(request: &Request, target: &Target) -> String {
    String::from_utf8(body(request, target).unwrap()).unwrap()
}

fn reply(status: u16, body: &str) -> Reply {
    let header = ("x-request-id".parse().unwrap(), "req_1".parse().unwrap());
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: [header].into_iter().collect(),
        body: body.to_owned().into(),
        received: std::time::SystemTime::UNIX_EPOCH,
    }
}

fn failure(provider: Provider, status: u16, body: &str) -> Failure {
    read(Dialect::of(provider), &reply(status, body)).result.unwrap_err()
}

fn class(provider: Provider, status: u16, error: &Value) -> Class {
    failure(provider, status, &json!({ "error": error }).to_string()).class
}

fn completion(message: &Value, finish: &str) -> String {
    json!({
        "id": "chatcmpl-1", "model": "m1-2026", "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 8}},
    })
    .to_string()
}

#[test]
fn the_body_for_openai_is_exactly_this() {
    let expected = concat!(
        r#"{"model":"m1","messages":[{"role":"system","content":"You are the help desk."},"#,
        r#"{"role":"user","content":"how do I reset my badge?"}],"max_completion_tokens":1000,"temperature":0.7,"#,
        r#""safety_identifier":"7f74d9d7ea851d98e0d2911ea478164a95f7d07ede192692c91ae66bb5148d5d"}"#
    );
    assert_eq!(sent(&request(), &target(Provider::Openai)), expected);
}

#[test]
fn a_local_server_gets_the_older_fields_and_no_temperature_that_it_does_not_take() {
    let target = Target { temperature: false, ..target(Provider::Local) };
    let body: Value = serde_json::from_str(&sent(&request(), &target)).unwrap();
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["model", "messages", "max_tokens", "user"]);
}

#[test]
fn persons_are_told_apart_and_not_named() {
    let who = |app: &str, user: &str| {
        let lane = format!("{app}/group/1");
        let mut request = request();
        request.lane = lane.parse().unwrap();
        request.user = schemas::ids::UserId::new(user).unwrap();
        serde_json::from_str::<Value>(&sent(&request, &target(Provider::Local))).unwrap()["user"].clone()
    };
    assert_eq!(who("acme#support", "alice"), who("acme#support", "Alice"));
    assert_ne!(who("acme#support", "alice"), who("acme#support", "bob"));
    assert_ne!(who("acme#support", "alice"), who("acme#sales", "alice"));
    assert!(!who("acme#support", "alice").to_string().contains("alice"));
}

#[test]
fn a_sealed_line_cannot_be_asked() {
    let mut request = request();
    request.prompt[1].text = Text::Sealed(Sealed { key: "k".into(), bytes: vec![1] });
    assert_eq!(body(&request, &target(Provider::Local)), Err(BodyError::Sealed));
}

#[test]
fn an_answer_is_read_with_everything_that_it_tells() {
    let message = json!({"role": "assistant", "content": "Hold it to the reader.", "refusal": null});
    let reading = read(Dialect::of(Provider::Openai), &reply(200, &completion(&message, "stop")));
    let said = Said { text: "Hold it to the reader.".into(), truncated: false };
    assert_eq!(reading.result.unwrap(), said);
    let usage = Usage { input: 100, cached: 64, output: 20, reasoning: 8, source: UsageSource::Provider };
    let expected = Notes {
        status: Some(200),
        model: Some("m1-2026".into()),
        provider_request: Some("req_1".into()),
        finish: Some("stop".into()),
        usage: Some(usage),
    };
    assert_eq!(reading.notes, expected);
}

#[test]
fn what_a_server_leaves_out_is_not_made_up() {
    let bare = r#"{"id": "c1", "choices": [{"message": {"content": "hi"}, "finish_reason": "length"}]}"#;
    let without_header = Reply { headers: HeaderMap::new(), ..reply(200, bare) };
    let reading = read(Dialect::of(Provider::Local), &without_header);
    assert!(reading.result.unwrap().truncated);
    assert_eq!((reading.notes.usage, reading.notes.model), (None, None));
    assert_eq!(reading.notes.provider_request.as_deref(), Some("c1"));
    let half = r#"{"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 3}}"#;
    let reading = read(Dialect::of(Provider::Local), &reply(200, half));
    assert_eq!((reading.result.unwrap().truncated, reading.notes.usage), (false, None));
    for lie in [
        json!({"prompt_tokens": u64::MAX, "completion_tokens": 1}),
        json!({"prompt_tokens": 1, "completion_tokens": 1_000_000_001_u64}),
        json!({"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}}),
        json!({"prompt_tokens": 1, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 2}}),
    ] {
        let body = json!({"choices": [{"message": {"content": "hi"}}], "usage": lie}).to_string();
        assert_eq!(read(Dialect::of(Provider::Local), &reply(200, &body)).notes.usage, None, "{body}");
    }
}

#[test]
fn an_answer_without_text_is_useless_and_its_tokens_still_count() {
    for message in [json!({"content": null, "reasoning_content": "hm"}), json!({"content": " \n"}), json!({})]
    {
        let reading = read(Dialect::of(Provider::Openai), &reply(200, &completion(&message, "stop")));
        let failure = reading.result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::Protocol, Some("empty")), "{message}");
        assert_eq!(reading.notes.usage.unwrap().output, 20);
    }
    for body in ["", "{\"choi", "[]", r#"{"choices": []}"#, r#"{"choices": [{"finish_reason": "stop"}]}"#] {
        let failure = failure(Provider::Openai, 200, body);
        assert_eq!(failure.class, Class::Protocol, "{body}");
        assert!(failure.ambiguous, "the provider did the work: {body}");
    }
}

#[test]
fn a_stopped_answer_is_blocked_whatever_part_of_it_came() {
    let cut = completion(&json!({"content": "Half of"}), "content_filter");
    let refusal = completion(&json!({"content": null, "refusal": "I cannot help with that."}), "stop");
    for (body, code) in [(cut, "content_filter"), (refusal, "refusal")] {
        let failure = failure(Provider::Openai, 200, &body);
        assert_eq!((failure.class, failure.code.as_deref()), (Class::ContentBlocked, Some(code)));
    }
}

#[test]
fn errors_of_openai_fall_into_their_classes() {
    let invalid = "invalid_request_error";
    let cases = [
        (400, json!({"type": invalid, "code": null}), Class::BadRequest),
        (400, json!({"type": invalid, "code": "unsupported_parameter"}), Class::BadRequest),
        (400, json!({"type": invalid, "code": "context_length_exceeded"}), Class::ContextTooLong),
        (400, json!({"type": invalid, "code": "invalid_prompt"}), Class::ContentBlocked),
        (400, json!({"type": invalid, "code": "content_policy_violation"}), Class::ContentBlocked),
        (400, json!({"type": invalid, "code": "content_filter"}), Class::ContentBlocked),
        (401, json!({"type": invalid, "code": "invalid_api_key"}), Class::Auth),
        (403, json!({"code": "unsupported_country_region_territory"}), Class::Auth),
        (404, json!({"code": "model_not_found"}), Class::ModelUnavailable),
        (408, json!({}), Class::Timeout),
        (409, json!({}), Class::Timeout),
        (413, json!({}), Class::BadRequest),
        (429, json!({"type": "requests", "code": "rate_limit_exceeded"}), Class::RateLimited),
        (429, json!({"code": null}), Class::RateLimited),
        (429, json!({"type": "rate_limit_error", "code": "slow_down"}), Class::RampLimited),
        (429, json!({"type": "insufficient_quota", "code": null}), Class::QuotaExhausted),
        (
            429,
            json!({"type": "insufficient_quota", "code": "credit_balance_exhausted"}),
            Class::QuotaExhausted,
        ),
        (500, json!({"type": "server_error"}), Class::ServerError),
        (503, json!({"code": "server_is_overloaded"}), Class::Overloaded),
        (200, json!({"message": "upstream broke"}), Class::Protocol),
    ];
    for (status, error, expected) in cases {
        assert_eq!(class(Provider::Openai, status, &error), expected, "{status} {error}");
    }
}

#[test]
fn errors_of_local_servers_fall_into_their_classes() {
    let vllm = json!({"code": 400, "type": "BadRequestError",
        "message": "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."});
    let busy = json!({"message": "server busy, please try again. maximum pending requests exceeded",
        "type": "api_error", "code": null});
    let cases = [
        (400, vllm, Class::ContextTooLong),
        (400, json!({"code": 400, "type": "exceed_context_size_error"}), Class::ContextTooLong),
        (400, json!({"code": 400, "message": "bad"}), Class::BadRequest),
        (401, json!({"code": 401, "type": "authentication_error"}), Class::Auth),
        (404, json!({"type": "not_found_error", "code": null}), Class::ModelUnavailable),
        (500, json!({"code": 500}), Class::ServerError),
        (501, json!({"code": 501, "type": "not_supported_error"}), Class::BadRequest),
        (503, busy, Class::RateLimited),
        (
            503,
            json!({"code": 503, "message": "Loading model", "type": "unavailable_error"}),
            Class::Overloaded,
        ),
    ];
    for (status, error, expected) in cases {
        assert_eq!(class(Provider::Local, status, &error), expected, "{status} {error}");
    }
    let busy = r#"{"error": "server busy, please try again. maximum pending requests exceeded"}"#;
    assert_eq!(failure(Provider::Local, 503, busy).class, Class::RateLimited, "ollama's bare form");
}

#[test]
fn pages_of_gateways_are_read_by_their_status() {
    for (status, ambiguous) in [(502, true), (504, true), (524, true), (530, false)] {
        for provider in Provider::ALL {
            let failure = failure(provider, status, "<html><body>error</body></html>");
            assert_eq!((failure.class, failure.ambiguous), (Class::ServerError, ambiguous), "{status}");
        }
    }
}

#[test]
fn the_code_may_be_a_word_a_number_or_nothing() {
    let code = |code: Value| {
        failure(Provider::Local, 400, &json!({"error": {"type": "t", "code": code}}).to_string())
            .code
            .unwrap()
    };
    assert_eq!(code(json!("c")), "c");
    assert_eq!(code(json!(400)), "400");
    assert_eq!(code(json!(null)), "t");
}

#[test]
fn a_failure_never_quotes_the_providers_message() {
    let error =
        json!({"error": {"message": "your prompt was: 身份证", "code": "invalid_prompt"}}).to_string();
    assert!(!format!("{:?}", failure(Provider::Openai, 400, &error)).contains("身份证"));
}
