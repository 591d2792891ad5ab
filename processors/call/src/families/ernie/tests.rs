use catalogue::Provider;
use catalogue::model_traits::MilliRange;
use schemas::answered::{Flagged, Usage};
use schemas::request::{PromptLine, Request as Asked, Role};
use serde_json::{Value, json};

use super::*;
use crate::families::samples::{address, body, call, failure, frames, read, reply, request, target};
use crate::reply::ReadReply;

const BASE: &str = "https://host/v2";

fn sent(asked: &Asked, to: &Target) -> Value {
    body(&Qianfan, asked, to, &address(BASE))
}

fn model() -> Target {
    target(Provider::Ernie, "ernie-5.1")
}

#[test]
fn the_body_is_exactly_this() {
    let expected = json!({
        "model": "ernie-5.1",
        "messages": [{"role": "system", "content": "You are the help desk."},
            {"role": "user", "content": "how do I reset my badge?"}],
        "max_tokens": 1000, "temperature": 0.7,
        "user": "7f74d9d7ea851d98e0d2911ea478164a95f7d07ede192692c91ae66bb5148d5d",
        "stream": true, "stream_options": {"include_usage": true},
    });
    assert_eq!(sent(&request(), &model()), expected);
}

#[test]
fn thinking_is_switched_for_models_that_have_the_switch() {
    for (thinking, expected) in [
        (Thinking::Unsaid, None),
        (Thinking::Always, None),
        (Thinking::Off, Some(json!(false))),
        (Thinking::On, Some(json!(true))),
    ] {
        let mut to = model();
        to.traits.thinking = thinking;
        assert_eq!(sent(&request(), &to).get("enable_thinking"), expected.as_ref(), "{thinking:?}");
    }
}

#[test]
fn a_temperature_is_one_that_the_model_takes() {
    let sent = |milli, range| {
        let mut to = model();
        to.traits.temperature_milli = range;
        sent(&Asked { temperature_milli: Some(milli), ..request() }, &to)["temperature"].clone()
    };
    assert_eq!([0, 500, 1_000, 1_800].map(|milli| sent(milli, None)), [0.01, 0.5, 1.0, 1.0]);
    let wide = Some(MilliRange { least: 0, most: 2_000 });
    assert_eq!([0, 1_800, 2_000].map(|milli| sent(milli, wide)), [0.0, 1.8, 2.0]);
}

#[test]
fn a_blank_content_is_never_sent() {
    let line = |role, text: &str| PromptLine::new(role, text);
    let mut asked = request();
    asked.prompt = vec![line(Role::User, "hi"), line(Role::Assistant, ""), line(Role::User, " \n")];
    assert_eq!(sent(&asked, &model())["messages"], json!([{"role": "user", "content": "hi"}]));
    asked.prompt =
        vec![line(Role::User, "hi"), line(Role::System, "be kind"), line(Role::System, "be brief")];
    let expected =
        json!([{"role": "system", "content": "be kind\n\nbe brief"}, {"role": "user", "content": "hi"}]);
    assert_eq!(sent(&asked, &model())["messages"], expected, "instructions come first");
    asked.prompt = vec![line(Role::System, "be kind"), line(Role::User, " \u{200b}")];
    let refused = Qianfan.body(&Question::of(&asked).unwrap(), &model(), &address(BASE)).unwrap_err();
    assert_eq!(refused.class, Class::BadRequest);
}

#[test]
fn calls_carry_the_key_and_the_application() {
    let plain = call(&Qianfan, &model(), &address(BASE));
    assert_eq!(plain.url().as_str(), "https://host/v2/chat/completions");
    assert_eq!(plain.headers()["authorization"], "Bearer hush-key");
    assert!(!plain.headers().contains_key("appid"));
    let of_app = address(BASE).on(None, Some("app-1"), &common::Secret::default());
    assert_eq!(call(&Qianfan, &model(), &of_app).headers()["appid"], "app-1");
}

const LIMIT: &str = "rate_limit_exceeded";
const INVALID: &str = "invalid_request_error";

/// The vendor's table: status, type, codes, and the class.
const ERRORS: &[(u16, &str, &[&str], Class)] = &[
    (400, INVALID, &["malformed_json", "invalid_messages", "invalid_argument"], Class::BadRequest),
    (400, INVALID, &["invalid_model"], Class::ModelUnavailable),
    (400, INVALID, &["tokens_too_long", "characters_too_long"], Class::ContextTooLong),
    (400, "unsafe_request", &["image_url_unsafe"], Class::ContentBlocked),
    (
        401,
        "access_denied",
        &["invalid_iam_token", "invalid_appid", "no_parameter_permission", "invalid_model"],
        Class::Auth,
    ),
    (
        403,
        "unsafe_request",
        &["system_unsafe", "user_setting_unsafe", "functions_unsafe"],
        Class::ContentBlocked,
    ),
    (403, "access_denied", &["account_overdue"], Class::QuotaExhausted),
    (403, "access_denied", &["model_offline"], Class::ModelUnavailable),
    (405, INVALID, &["method_not_supported"], Class::BadRequest),
    (
        429,
        LIMIT,
        &[
            "rpm_rate_limit_exceeded",
            "tpm_rate_limit_exceeded",
            "input_tpm_rate_limit_exceeded",
            "output_tpm_rate_limit_exceeded",
            "user_rate_limit_exceeded",
            "preemptible_rpm_rate_limit_exceeded",
        ],
        Class::RateLimited,
    ),
    (
        429,
        LIMIT,
        &[
            "cluster_rate_limit_exceeded",
            "cluster_rpm_rate_limit_exceeded",
            "cluster_tpm_rate_limit_exceeded",
        ],
        Class::Overloaded,
    ),
    (
        429,
        LIMIT,
        &["coding_plan_hour_quota_exceeded", "coding_plan_week_quota_exceeded"],
        Class::QuotaExhausted,
    ),
    (500, "internal_error", &["internal_error", "dispatch_internal_error"], Class::ServerError),
    // In the middle of a stream.
    (200, LIMIT, &["tpm_rate_limit_exceeded"], Class::RateLimited),
    (200, "internal_error", &["internal_error"], Class::ServerError),
    (200, "unsafe_request", &["system_unsafe"], Class::ContentBlocked),
];

#[test]
fn every_error_of_the_vendors_table_has_its_class() {
    for (status, kind, codes, expected) in ERRORS {
        for code in *codes {
            let error = json!({"error": {"code": code, "message": "x", "type": kind}, "id": "as-1"});
            let failure = failure(&Qianfan, &reply(*status, &[], &error.to_string()));
            assert_eq!((failure.class, failure.code.as_deref()), (*expected, Some(*code)), "{status} {code}");
        }
    }
    for (status, expected) in
        [(401, Class::Auth), (429, Class::RateLimited), (500, Class::ServerError), (503, Class::Overloaded)]
    {
        let body = json!({"error": {"code": "?", "message": "x", "type": "y"}, "id": "as-1"});
        assert_eq!(failure(&Qianfan, &reply(status, &[], &body.to_string())).class, expected, "{status}");
    }
}

fn whole(choice: &Value) -> ReadReply {
    let mut first =
        json!({"index": 0, "message": {"role": "assistant", "content": "好的。"}, "finish_reason": "stop"});
    first.as_object_mut().unwrap().extend(choice.as_object().unwrap().clone());
    let body = json!({"id": "as-1", "object": "chat.completion", "model": "ernie-5.1", "choices": [first],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 8}}});
    read(&Qianfan, &reply(200, &[], &body.to_string()))
}

#[test]
fn an_answer_is_read_with_everything_that_it_tells() {
    let thinking =
        json!({"message": {"role": "assistant", "content": "好的。", "reasoning_content": "hm"}, "flag": 0});
    let ReadReply { result, notes } = whole(&thinking);
    assert_eq!(result.unwrap().text, "好的。");
    assert_eq!(
        (notes.provider_request.as_deref(), notes.model.as_deref()),
        (Some("as-1"), Some("ernie-5.1"))
    );
    let expected = Usage { input: 100, cached: 64, output: 20, reasoning: 8, ..Usage::default() };
    assert_eq!(notes.usage, Some(expected));
}

#[test]
fn whatever_the_filter_flags_is_not_shown_and_is_paid() {
    let cases = [
        (json!({"flag": 1, "ban_round": -1}), "flag_1"),
        (json!({"flag": 2, "ban_round": 0}), "flag_2"),
        (json!({"flag": 3, "ban_round": -1}), "flag_3"),
        (json!({"flag": 3, "ban_round": 2}), "flag_3_in_history"),
        (json!({"flag": 4}), "flag_4"),
        (json!({"flag": 9, "ban_round": 1}), "flag_in_history"),
        (json!({"finish_reason": "content_filter"}), "content_filter"),
    ];
    for (choice, code) in cases {
        let ReadReply { result, notes } = whole(&choice);
        let failure = result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::ContentBlocked, Some(code)), "{choice}");
        assert!(!failure.counts_for_breaker() && notes.usage.is_some(), "{choice}");
    }
    for choice in [json!({}), json!({"flag": 0, "ban_round": 0}), json!({"flag": null})] {
        assert!(whole(&choice).result.is_ok(), "{choice}");
    }
}

fn chunk(delta: Value, more: Value) -> Value {
    let mut choice = json!({"index": 0, "delta": delta, "finish_reason": null, "flag": 0});
    choice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"id": "as-1", "object": "chat.completion.chunk", "model": "ernie-5.1", "choices": [choice]})
}

fn streamed(all: &[Value], end: &str) -> ReadReply {
    let body = frames(all) + end;
    read(&Qianfan, &reply(200, &[("content-type", "text/event-stream")], &body))
}

fn chunks() -> Vec<Value> {
    vec![
        chunk(json!({"role": "assistant", "reasoning_content": "hm"}), json!({})),
        chunk(json!({"content": "好"}), json!({})),
        chunk(json!({"content": "的。"}), json!({})),
        chunk(json!({"content": ""}), json!({"finish_reason": "stop"})),
        json!({"id": "as-1", "object": "chat.completion.chunk", "choices": [],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}}),
    ]
}

#[test]
fn a_stream_comes_to_the_same_as_an_answer_and_a_cut_one_to_none() {
    let ReadReply { result, notes } = streamed(&chunks(), "data: [DONE]\n\n");
    assert_eq!(result.unwrap().text, "好的。");
    assert_eq!(notes.usage.map(|usage| (usage.input, usage.output)), Some((100, 20)));
    let cut = streamed(&chunks()[..3], "");
    assert_eq!(cut.result.unwrap_err().class, Class::Protocol);
}

#[test]
fn a_flag_or_an_error_within_a_stream_ends_it() {
    let mut all = chunks();
    all[2] = chunk(json!({"content": "的。"}), json!({"flag": 4, "ban_round": -1}));
    let failure = streamed(&all, "data: [DONE]\n\n").result.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::ContentBlocked, Some("flag_4")));
    let mut all = chunks();
    all.truncate(2);
    all.push(json!({"error": {"code": "tpm_rate_limit_exceeded", "message": "x", "type": "rate_limit_exceeded"}, "id": "as-1"}));
    let failure = streamed(&all, "").result.unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_deref()),
        (Class::RateLimited, Some("tpm_rate_limit_exceeded"))
    );
}

#[test]
fn what_the_filter_objects_to_is_noted() {
    let noted = |choice: Value| whole(&choice).notes.flagged;
    for round in [json!(-1), json!(0), Value::Null] {
        assert_eq!(noted(json!({"flag": 3, "ban_round": round})), Some(Flagged::Question), "{round}");
    }
    assert_eq!(
        noted(json!({"flag": 3, "ban_round": 9})),
        Some(Flagged::Conversation),
        "there are not as many"
    );
    assert_eq!(noted(json!({"flag": 0, "ban_round": 0})), None);
}
