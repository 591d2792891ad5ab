use catalogue::Provider;
use outbound::Class;
use serde_json::json;

use super::*;
use crate::families::samples::{
    address, failed, fall_into_their_classes, heard, known, request, sent, tokens,
};

const PERSON: &str = "7f74d9d7ea851d98e0d2911ea478164a95f7d07ede192692c91ae66bb5148d5d";

fn body(model: &str) -> Value {
    sent(&Http, &request(), &known(Provider::Spark, model), &[])
}

#[test]
fn the_search_of_the_web_is_switched_off() {
    let expected = json!({
        "model": "4.0Ultra",
        "messages": [
            {"role": "system", "content": "You are the help desk."},
            {"role": "user", "content": "how do I reset my badge?"},
        ],
        "max_tokens": 1000,
        "temperature": 0.7,
        "user": PERSON,
        "tools": [{"type": "web_search", "web_search": {"enable": false}}],
        "stream": true,
    });
    assert_eq!(body("4.0Ultra"), expected);
    assert_eq!(body("lite").get("tools"), None, "it has none");
    assert!(PERSON.len() <= 512);
}

#[test]
fn thinking_is_switched_off_and_the_newest_generation_gets_its_own_fields() {
    let off = json!({"type": "disabled"});
    let x = body("spark-x");
    assert_eq!((&x["thinking"], &x["max_tokens"], &x["temperature"]), (&off, &json!(1000), &json!(0.7)));
    for model in ["spark-x2.5", "spark-x2.5-4b"] {
        let newest = body(model);
        assert_eq!((&newest["thinking"], &newest["max_completion_tokens"]), (&off, &json!(1000)));
        for absent in ["max_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty"] {
            assert_eq!(newest.get(absent), None, "{model} {absent}");
        }
    }
    assert_eq!(body("4.0Ultra").get("thinking"), None);
}

#[test]
fn thinking_is_switched_on_where_the_operator_wants_it() {
    let mut to = known(Provider::Spark, "spark-x");
    to.traits.thinking = Thinking::On;
    assert_eq!(sent(&Http, &request(), &to, &[])["thinking"], json!({"type": "enabled"}));
}

#[test]
fn a_cap_beyond_what_a_model_can_do_is_lowered() {
    let cap = |model: &str| {
        let request = schemas::request::Request { max_output_tokens: 100_000, ..request() };
        sent(&Http, &request, &known(Provider::Spark, model), &[])["max_tokens"].clone()
    };
    let caps = [
        ("lite", 4_096),
        ("pro-128k", 4_096),
        ("generalv3", 8_192),
        ("generalv3.5", 8_192),
        ("spark-x", 8_192),
    ];
    for (model, expected) in caps {
        assert_eq!(cap(model), json!(expected), "{model}");
    }
}

#[test]
fn a_model_that_hears_no_system_is_told_by_the_person() {
    for model in ["lite", "generalv3", "pro-128k"] {
        let expected =
            json!([{"role": "user", "content": "You are the help desk.\n\nhow do I reset my badge?"}]);
        assert_eq!(body(model)["messages"], expected, "{model}");
    }
}

#[test]
fn a_field_may_be_left_out_for_a_gateway() {
    let omit = ["user", "temperature", "max_tokens", "tools", "thinking"];
    let body = sent(&Http, &request(), &known(Provider::Spark, "spark-x"), &omit);
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["model", "messages", "stream"]);
}

#[test]
fn the_path_of_the_address_fits_the_generation() {
    let misplaced =
        |model: &str, base: &str| Http.misplaced(&known(Provider::Spark, model), &address(base)).is_some();
    let host = "https://spark-api-open.xf-yun.com";
    for (model, path) in [
        ("generalv3.5", "/v1"),
        ("spark-x", "/v2"),
        ("spark-x", "/x2"),
        ("spark-x2.5", "/x2"),
        ("mine", "/v1"),
    ] {
        assert!(!misplaced(model, &format!("{host}{path}")), "{model} {path}");
    }
    for (model, path) in [("generalv3.5", "/v2"), ("lite", "/x2"), ("spark-x", "/v1"), ("spark-x2.5", "/v1")]
    {
        assert!(misplaced(model, &format!("{host}{path}")), "{model} {path}");
    }
    assert!(!misplaced("spark-x", "https://gateway.example.com/v1"));
}

/// The vendor's numbers.
pub(super) const NUMBERS: &[(u32, Class)] = &[
    (10_001, Class::BadRequest),
    (10_002, Class::BadRequest),
    (10_003, Class::BadRequest),
    (10_004, Class::BadRequest),
    (10_005, Class::BadRequest),
    (10_006, Class::RateLimited),
    (10_007, Class::RateLimited),
    (10_008, Class::Overloaded),
    (10_009, Class::ServerError),
    (10_010, Class::ServerError),
    (10_011, Class::ServerError),
    (10_012, Class::ServerError),
    (10_013, Class::ContentBlocked),
    (10_014, Class::ContentBlocked),
    (10_015, Class::ContentBlocked),
    (10_016, Class::QuotaExhausted),
    (10_018, Class::Timeout),
    (10_019, Class::ContentBlocked),
    (10_021, Class::ContentBlocked),
    (10_110, Class::Overloaded),
    (10_163, Class::BadRequest),
    (10_222, Class::ServerError),
    (10_223, Class::ServerError),
    (10_404, Class::ModelUnavailable),
    (10_907, Class::ContextTooLong),
    (11_200, Class::QuotaExhausted),
    (11_201, Class::QuotaExhausted),
    (11_202, Class::RateLimited),
    (11_203, Class::RateLimited),
    (11_210, Class::RateLimited),
    (11_500, Class::Auth),
    (19_999, Class::ServerError),
];

#[test]
fn a_number_that_is_not_0_is_an_error_whatever_the_status() {
    for (number, expected) in NUMBERS {
        let flat = format!(r#"{{"code":{number},"message":"m","sid":"cha1@dx1"}}"#);
        assert_eq!(failed(&Http, 200, &flat).class, *expected, "{number}");
        if *number != 19_999 {
            let nested = format!(r#"{{"error":{{"message":"m","type":"api_error","code":"{number}"}}}}"#);
            for status in [400, 403, 500, 503] {
                assert_eq!(failed(&Http, status, &nested).class, *expected, "{status} {number}");
            }
        }
    }
}

#[test]
fn an_error_of_the_wire_counts_for_the_health_of_its_target() {
    let failure = failed(&Http, 200, r#"{"code":10012,"message":"EngineInternalError","sid":"s"}"#);
    assert!(failure.counts_for_breaker());
    assert_eq!(failure.code.as_deref(), Some("10012"));
}

#[test]
fn a_refusal_without_a_number_is_read_by_its_name_or_its_status() {
    let rows = [
        (
            401,
            r#"{"error":{"message":"invalid user","type":"api_error","param":null,"code":null}}"#,
            Class::Auth,
        ),
        (
            500,
            r#"{"error":{"message":"AppIdNoAuthError:(12:00:00.000) tokens.total","code":"11200"}}"#,
            Class::QuotaExhausted,
        ),
        (
            500,
            r#"{"error":{"message":"AppIdNoAuthError:(12:00:00.000) tokens.total"}}"#,
            Class::QuotaExhausted,
        ),
        (403, r#"{"error":{"message":"AppIdQpsOverFlowError:(12:00:00.000) qps"}}"#, Class::RateLimited),
    ];
    fall_into_their_classes(&Http, &rows);
}

#[test]
fn a_whole_reply_needs_no_finish_reason_and_is_known_by_its_sid() {
    let body = concat!(
        r#"{"code":0,"message":"Success","sid":"cha000@dx1","choices":[{"message":{"role":"assistant","content":"At the desk."},"index":0}],"#,
        r#""usage":{"prompt_tokens":6,"completion_tokens":42,"total_tokens":48}}"#
    );
    let read = heard(&Http, 200, body);
    assert_eq!(tokens(&read), [6, 0, 42, 0]);
    assert_eq!(read.notes.provider_request.as_deref(), Some("cha000@dx1"));
    assert_eq!(read.result.unwrap().text, "At the desk.");
}

fn stream(frames: &[&str]) -> String {
    frames.iter().map(|frame| format!("data:{frame}\n\n")).collect()
}

const FIRST: &str = r#"{"code":0,"message":"Success","sid":"cha1@dx1","id":"cha1","choices":[{"delta":{"role":"assistant","content":"At ","reasoning_content":""},"index":0}]}"#;
const LAST: &str = r#"{"code":0,"message":"Success","sid":"cha1@dx1","id":"cha1","choices":[{"delta":{"role":"assistant","content":"the desk."},"index":0}],"usage":{"prompt_tokens":6,"completion_tokens":4,"total_tokens":10}}"#;

#[test]
fn a_stream_ends_by_its_mark_alone() {
    let read = heard(&Http, 200, &stream(&[FIRST, LAST, "[DONE]"]));
    assert_eq!(
        read.notes.provider_request.as_deref(),
        Some("cha1@dx1"),
        "the sid is what the vendor asks for"
    );
    assert_eq!(tokens(&read), [6, 0, 4, 0]);
    assert_eq!(read.result.unwrap().text, "At the desk.");
    assert_eq!(failed(&Http, 200, &stream(&[FIRST, LAST])).class, Class::Protocol);
}

#[test]
fn an_error_in_any_frame_ends_the_answer() {
    let audited = r#"{"code":10014,"message":"output audit","sid":"cha1@dx1"}"#;
    let broken = r#"{"code":10012,"message":"engine","sid":"cha1@dx1"}"#;
    for (frames, expected) in [
        (vec![audited], Class::ContentBlocked),
        (vec![FIRST, audited, "[DONE]"], Class::ContentBlocked),
        (vec![FIRST, broken, "[DONE]"], Class::ServerError),
        (vec![FIRST, LAST, broken], Class::ServerError),
    ] {
        assert_eq!(failed(&Http, 200, &stream(&frames)).class, expected, "{frames:?}");
    }
}

#[test]
fn as_many_tokens_as_the_cap_allows_are_an_answer_that_was_cut() {
    for (tokens, is_cut) in [(999, false), (1_000, true), (1_001, true)] {
        let used = format!(r#""completion_tokens":{tokens},"total_tokens":{}"#, tokens + 6);
        let last = LAST.replace(r#""completion_tokens":4,"total_tokens":10"#, &used);
        let streamed = heard(&Http, 200, &stream(&[FIRST, &last, "[DONE]"]));
        assert_eq!(streamed.result.unwrap().truncated, is_cut, "{tokens}");
        assert_eq!(streamed.notes.finish, None, "the vendor has no word for it");
        let whole = last.replace("delta", "message");
        assert_eq!(heard(&Http, 200, &whole).result.unwrap().truncated, is_cut, "{tokens}");
        let silent = whole.replace("the desk.", "");
        let expected = if is_cut { Class::CapUsedUp } else { Class::Empty };
        assert_eq!(failed(&Http, 200, &silent).class, expected, "{tokens}");
        assert_eq!(failed(&Http, 200, &stream(&[FIRST, &last])).class, Class::Protocol, "it broke off");
    }
}
