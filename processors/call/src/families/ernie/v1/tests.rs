use catalogue::Provider;
use schemas::answered::{Flagged, Usage};
use schemas::request::Request as Asked;
use serde_json::{Value, json};

use super::*;
use crate::families::samples::{self, body, call, failure, frames, read, request, target};
use crate::reply::ReadReply;

fn address() -> Address {
    samples::address("https://host").on(Some("v1"), None, &Secret::new("hush-secret"))
}

fn model() -> Target {
    target(Provider::Ernie, "ERNIE-4.0-8K")
}

#[test]
fn the_body_is_exactly_this() {
    let expected = json!({
        "messages": [{"role": "user", "content": "how do I reset my badge?"}],
        "system": "You are the help desk.", "temperature": 0.7, "max_output_tokens": 1000,
        "user_id": "7f74d9d7ea851d98e0d2911ea478164a95f7d07ede192692c91ae66bb5148d5d", "stream": true,
    });
    assert_eq!(body(&Workshop, &request(), &model(), &address()), expected);
}

#[test]
fn the_output_cap_is_one_that_the_vendor_takes() {
    for (cap, expected) in [(1, 2), (2_048, 2_048), (5_000, 2_048)] {
        let asked = Asked { max_output_tokens: cap, ..request() };
        assert_eq!(body(&Workshop, &asked, &model(), &address())["max_output_tokens"], expected);
    }
}

#[test]
fn calls_go_to_the_models_place_with_the_token() {
    const CHAT: &str = "https://host/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/";
    for (model, place) in [
        ("ERNIE-4.0-8K", "completions_pro"),
        ("completions_pro", "completions_pro"),
        ("ERNIE-3.5-8K", "completions"),
        ("ERNIE-Speed-8K", "ernie_speed"),
        ("ernie-speed-128k", "ernie-speed-128k"),
        ("ERNIE-Lite-8K", "ernie-lite-8k"),
        ("ERNIE-Tiny-8K", "ernie-tiny-8k"),
        ("xyz_helpdesk", "xyz_helpdesk"),
    ] {
        let call = call(&Workshop, &target(Provider::Ernie, model), &address());
        assert_eq!(call.url().as_str(), format!("{CHAT}{place}?access_token=hush-token"));
        assert!(!call.headers().contains_key("authorization"));
        assert!(!format!("{call:?}").contains("hush"));
    }
}

#[test]
fn a_token_is_asked_for_with_key_and_secret() {
    let call = Workshop.request(&address());
    let expected = "https://host/oauth/2.0/token?grant_type=client_credentials&client_id=hush-key&client_secret=hush-secret";
    assert_eq!(call.url().as_str(), expected);
}

#[test]
fn what_the_service_of_tokens_tells_is_a_token_or_a_failure() {
    let token = |status, body: &str| Workshop.token(&samples::reply(status, &[], body));
    let (value, lasts) =
        token(200, r#"{"access_token": "24.x", "expires_in": 2592000, "scope": "public"}"#).unwrap();
    assert_eq!((value.expose(), lasts), ("24.x", Duration::from_secs(2_592_000)));
    assert_eq!(token(200, r#"{"access_token": "24.x"}"#).unwrap().1, TOKEN_LASTS);
    let wrong = r#"{"error": "invalid_client", "error_description": "unknown client id"}"#;
    for (status, body, class) in [
        (401, wrong, Class::Auth),
        (200, wrong, Class::Auth),
        (200, r#"{"access_token": ""}"#, Class::Protocol),
        (200, "<html>", Class::Protocol),
        (500, "", Class::ServerError),
        (503, "{}", Class::Overloaded),
        (429, "{}", Class::RateLimited),
    ] {
        let failure = token(status, body).unwrap_err();
        assert_eq!(failure.class, class, "{status} {body}");
        assert!(failure.detail.starts_with("get an access token"), "{}", failure.detail);
    }
}

#[test]
fn every_error_code_inside_a_success_has_its_class() {
    let rows: &[(&[u32], Class)] = &[
        (&[1, 336_000], Class::ServerError),
        (&[2, 4, 15, 336_100], Class::Overloaded),
        (&[18, 336_501, 336_502], Class::RateLimited),
        (&[17, 19], Class::QuotaExhausted),
        (&[6, 13, 14, 100, 110, 111], Class::Auth),
        (&[3], Class::ModelUnavailable),
        (&[336_103], Class::ContextTooLong),
        (&[336_001, 336_002, 336_003, 336_004, 336_005, 336_101, 336_104, 336_105], Class::BadRequest),
        // Numbers of other vendors.
        (&[10_013, 1_301, 11_200], Class::ServerError),
    ];
    for (codes, expected) in rows {
        for code in *codes {
            let error = json!({"error_code": code, "error_msg": "x", "id": "as-1"});
            let failure = failure(&Workshop, &samples::reply(200, &[], &error.to_string()));
            let told = failure.code.clone().unwrap_or_default();
            assert_eq!((failure.class, told), (*expected, code.to_string()), "{code}");
            assert_eq!(
                failure.counts_for_breaker(),
                expected.counts_for_breaker(),
                "it is the wire's status: {code}"
            );
            assert_eq!(Workshop.is_refused(&failure), [100, 110, 111].contains(code), "{code}");
        }
    }
}

fn whole(more: &Value) -> ReadReply {
    let mut body = json!({"id": "as-1", "object": "chat.completion", "created": 1, "result": "好的。", "is_truncated": false,
        "need_clear_history": false, "finish_reason": "normal",
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    read(&Workshop, &samples::reply(200, &[], &body.to_string()))
}

#[test]
fn an_answer_is_read_with_everything_that_it_tells() {
    let ReadReply { result, notes } = whole(&json!({}));
    let said = result.unwrap();
    assert_eq!((said.text.as_str(), said.truncated), ("好的。", false));
    assert_eq!((notes.provider_request.as_deref(), notes.finish.as_deref()), (Some("as-1"), Some("normal")));
    assert_eq!(notes.usage, Some(Usage { input: 100, output: 20, ..Usage::default() }));
    for cut in [json!({"is_truncated": true}), json!({"finish_reason": "length"})] {
        assert!(whole(&cut).result.unwrap().truncated, "{cut}");
    }
    assert_eq!(whole(&json!({"result": ""})).result.unwrap_err().class, Class::Empty);
}

#[test]
fn what_the_filter_finds_is_not_shown() {
    for (more, code) in [
        (json!({"flag": 3, "ban_round": -1}), "flag_3"),
        (json!({"flag": 1, "ban_round": 3, "need_clear_history": true}), "flag_1_in_history"),
        (json!({"need_clear_history": true}), "need_clear_history"),
        (json!({"finish_reason": "content_filter"}), "content_filter"),
    ] {
        let failure = whole(&more).result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::ContentBlocked, Some(code)), "{more}");
    }
}

fn piece(number: u32, said: &str, is_end: bool) -> Value {
    json!({"id": "as-1", "object": "chat.completion", "created": 1, "sentence_id": number, "is_end": is_end,
        "is_truncated": false, "result": said, "need_clear_history": false, "finish_reason": "normal",
        "usage": {"prompt_tokens": 100, "completion_tokens": number + 1, "total_tokens": 101 + number}})
}

fn streamed(all: &[Value]) -> ReadReply {
    read(&Workshop, &samples::reply(200, &[("content-type", "text/event-stream")], &frames(all)))
}

#[test]
fn a_stream_ends_with_its_last_piece_and_with_nothing_else() {
    let all = [piece(0, "好", false), piece(1, "的。", false), piece(2, "", true)];
    let ReadReply { result, notes } = streamed(&all);
    assert_eq!(result.unwrap().text, "好的。");
    assert_eq!(notes.usage, Some(Usage { input: 100, output: 3, ..Usage::default() }));
    let cut = streamed(&all[..2]);
    assert_eq!(cut.result.unwrap_err().class, Class::Protocol, "every piece has a finish reason");
    assert_eq!(streamed(&[piece(0, "", true)]).result.unwrap_err().class, Class::Empty);
}

#[test]
fn an_error_or_a_flag_within_a_stream_ends_it() {
    let error = json!({"error_code": 336_100, "error_msg": "busy", "id": "as-1"});
    let failure = streamed(&[piece(0, "好", false), error]).result.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Overloaded, Some("336100")));
    let mut flagged = piece(1, "的。", false);
    flagged["flag"] = json!(4);
    let failure = streamed(&[piece(0, "好", false), flagged, piece(2, "", true)]).result.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::ContentBlocked, Some("flag_4")));
}

#[test]
fn what_the_filter_objects_to_is_noted() {
    for (more, flagged) in [
        (json!({"flag": 3, "ban_round": -1, "need_clear_history": true}), Some(Flagged::Question)),
        (json!({"need_clear_history": true, "ban_round": 0}), Some(Flagged::Conversation)),
        (json!({"need_clear_history": true}), Some(Flagged::Conversation)),
        (json!({"flag": 2}), Some(Flagged::Question)),
        (json!({"ban_round": 0, "flag": 0}), None),
    ] {
        assert_eq!(whole(&more).notes.flagged, flagged, "{more}");
    }
}
