use std::collections::BTreeMap;

use catalogue::Provider;
use common::Secret;
use schemas::request::Request as Question_;

use super::super::tests::NUMBERS;
use super::*;
use crate::families::samples::{address, body, failed, heard, known, request, sent, tokens};

/// An address with the credentials of an account.
fn account(base: &str) -> Address {
    let keyed = Address::new(base, &Secret::new("key123"), None).unwrap();
    keyed.on(None, Some("app9"), &Secret::new("secret456"))
}

const DATE: &str = "Sun, 22 Nov 2026 08:00:00 GMT";

#[test]
fn the_signature_is_that_of_the_vendors_example() {
    let address = account("https://spark-api.xf-yun.com");
    let text = format!("host: spark-api.xf-yun.com\ndate: {DATE}\nGET /v3.5/chat HTTP/1.1");
    let expected = "JoyMS6s16bGuARWwqvGJ5m4HzMy5J1xMiZs10W3Qx9E=";
    assert_eq!(Signature { address: &address, date: DATE }.mac(&text), expected);
    let url = Signature { address: &address, date: DATE }.of(address.at("/v3.5/chat"));
    assert_eq!((url.host_str(), url.path()), (Some("spark-api.xf-yun.com"), "/v3.5/chat"));
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!((query["date"].as_str(), query["host"].as_str()), (DATE, "spark-api.xf-yun.com"));
    let origin = String::from_utf8(STANDARD.decode(&query["authorization"]).unwrap()).unwrap();
    let signed = format!(
        "api_key=\"key123\", algorithm=\"hmac-sha256\", headers=\"host date request-line\", signature=\"{expected}\""
    );
    assert_eq!(origin, signed);
}

#[test]
fn the_date_of_a_signature_is_that_of_the_attempt() {
    let (address, to) = (account("https://spark-api.xf-yun.com"), known(Provider::Spark, "generalv3.5"));
    let call = Call {
        address: &address,
        to: &to,
        body: Bytes::new(),
        correlation: "c",
        token: None,
        now: 1_795_334_400_000,
    };
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(1_795_334_400_000));
    assert_eq!(date, DATE);
    assert!(WebSocket.call(call).is_ok());
}

#[test]
fn the_path_is_that_of_the_generation_unless_the_address_has_one() {
    let bare = address("https://spark-api.xf-yun.com");
    for (model, expected) in [
        ("lite", "/v1.1/chat"),
        ("generalv3", "/v3.1/chat"),
        ("pro-128k", "/chat/pro-128k"),
        ("generalv3.5", "/v3.5/chat"),
        ("max-32k", "/chat/max-32k"),
        ("4.0Ultra", "/v4.0/chat"),
        ("spark-x", "/v1/x1"),
    ] {
        assert_eq!(path(&known(Provider::Spark, model), &bare).as_deref(), Some(expected), "{model}");
    }
    let unknown = known(Provider::Spark, "kjwx");
    assert!(WebSocket.misplaced(&unknown, &bare).is_some());
    let own = address("https://spark-openapi-n.cn-huabei-1.xf-yun.com/v1.1/chat_kjwx");
    assert_eq!(path(&unknown, &own).as_deref(), Some("/v1.1/chat_kjwx"));
    assert_eq!(WebSocket.misplaced(&unknown, &own), None);
}

#[test]
fn the_frame_names_application_person_and_generation() {
    let to = known(Provider::Spark, "generalv3.5");
    let frame = body(&WebSocket, &request(), &to, &account("https://spark-api.xf-yun.com"));
    let expected = json!({
        "header": {"app_id": "app9", "uid": "7f74d9d7ea851d98e0d2911ea478164a"},
        "parameter": {"chat": {"domain": "generalv3.5", "temperature": 0.7, "max_tokens": 1000}},
        "payload": {"message": {"text": [
            {"role": "system", "content": "You are the help desk."},
            {"role": "user", "content": "how do I reset my badge?"},
        ]}},
    });
    assert_eq!(frame, expected);
}

#[test]
fn a_temperature_beyond_what_this_wire_takes_is_brought_into_it() {
    let sent_for = |milli| {
        let request = Question_ { temperature_milli: Some(milli), ..request() };
        let frame = sent(&WebSocket, &request, &known(Provider::Spark, "lite"), &[]);
        frame.pointer("/parameter/chat/temperature").unwrap().clone()
    };
    assert_eq!([0, 700, 2_000].map(sent_for), [json!(0.001), json!(0.7), json!(1.0)]);
}

fn frame(status: u8, text: &str) -> Value {
    json!({
        "header": {"code": 0, "message": "Success", "sid": "cht1@dx1", "status": status},
        "payload": {"choices": {"status": status, "seq": status, "text": [{"content": text, "role": "assistant", "index": 0}]}},
    })
}

fn events(frames: &[Value]) -> String {
    frames.iter().map(|frame| format!("data: {frame}\n\n")).collect()
}

fn last() -> Value {
    let mut last = frame(2, "desk.");
    let counts = json!({"text": {"question_tokens": 4, "prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}});
    last["payload"]["usage"] = counts;
    last
}

#[test]
fn frames_are_one_answer_whose_end_has_the_counts() {
    let read = heard(&WebSocket, 200, &events(&[frame(0, "At "), frame(1, "the "), last()]));
    assert_eq!(tokens(&read), [5, 0, 9, 0], "the tokens of the whole prompt, not of the question");
    assert_eq!(read.notes.provider_request.as_deref(), Some("cht1@dx1"));
    assert_eq!(read.result.unwrap().text, "At the desk.");
}

#[test]
fn an_answer_in_a_single_frame_is_whole() {
    assert_eq!(heard(&WebSocket, 200, &events(&[last()])).result.unwrap().text, "desk.");
}

#[test]
fn frames_without_the_last_are_no_answer() {
    for frames in [vec![frame(0, "At ")], vec![frame(0, "At "), frame(1, "the ")]] {
        assert_eq!(failed(&WebSocket, 200, &events(&frames)).class, Class::Protocol, "{frames:?}");
    }
    assert_eq!(failed(&WebSocket, 200, "").class, Class::Protocol, "closed without a word");
}

#[test]
fn the_numbers_of_frames_have_their_classes() {
    for (number, expected) in NUMBERS {
        let error = json!({"header": {"code": number, "message": "m", "sid": "cht1@dx1", "status": 2}});
        for frames in [vec![error.clone()], vec![frame(0, "At "), error]] {
            assert_eq!(failed(&WebSocket, 200, &events(&frames)).class, *expected, "{frames:?}");
        }
    }
}

#[test]
fn a_handshake_that_is_refused_is_a_key_or_a_clock_that_is_wrong() {
    for (status, message) in [
        (401, r#"{"message":"HMAC signature does not match"}"#),
        (
            403,
            r#"{"message":"HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication"}"#,
        ),
        (403, ""),
    ] {
        assert_eq!(failed(&WebSocket, status, message).class, Class::Auth, "{status} {message}");
    }
    assert_eq!(failed(&WebSocket, 503, "").class, Class::Overloaded);
}

#[test]
fn as_many_tokens_as_the_cap_allows_are_an_answer_that_was_cut() {
    for (tokens, is_cut) in [(999, false), (1_000, true)] {
        let mut last = last();
        let counts = &mut last["payload"]["usage"]["text"];
        (counts["completion_tokens"], counts["total_tokens"]) = (json!(tokens), json!(tokens + 5));
        let read = heard(&WebSocket, 200, &events(&[frame(0, "At "), last]));
        assert_eq!((read.result.unwrap().truncated, read.notes.finish), (is_cut, None), "{tokens}");
    }
}
