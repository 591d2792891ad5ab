//! A signed callback never brings a forbidden text past the verdict, however it is written: what we cannot read, or could
//! read in two ways, is not delivered.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::line::{Line, chat, now, post, signed};
use crate::publisher::Mood;

/// A signed callback between two people with that text in place of its payload.
fn with_payload(payload: &str) -> String {
    let mut callback = signed(chat("bob", "carol", "hi"), now());
    callback["payload"] = json!("@payload@");
    callback.to_string().replace("\"@payload@\"", payload)
}

async fn answer(line: &Line, path: &str, body: String) -> (StatusCode, Value) {
    let (status, mut reply) = line.send(post(path, body)).await;
    (status, reply["valid"].take())
}

/// Payloads with a forbidden word that a careless reader overlooks.
fn smuggled() -> Vec<String> {
    let text = |msg: &str| format!(r#"{{"type":"txt","msg":{msg}}}"#);
    let body = |msg: &str| format!(r#"{{"bodies":[{}],"ext":{{}}}}"#, text(msg));
    let ext = |ext: &str| format!(r#"{{"bodies":[{}],"ext":{ext}}}"#, text("\"hi\""));
    let quoted = |inner: &str| ext(&format!(r#"{{"msgQuote":{}}}"#, json!(inner)));
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    vec![
        // A name that comes twice: whichever value counts here, another reader takes the other.
        r#"{"bodies":[{"type":"txt","msg":"赌博","msg":"hi"}],"ext":{}}"#.to_owned(),
        r#"{"bodies":[{"type":"txt","msg":"hi","msg":"赌博"}],"ext":{}}"#.to_owned(),
        r#"{"bodies":[{"type":"txt","msg":"hi","\u006dsg":"赌博"}],"ext":{}}"#.to_owned(),
        format!(r#"{{"bodies":[{}],"bodies":[{}],"ext":{{}}}}"#, text("\"赌博\""), text("\"hi\"")),
        ext(r#"{"a":{"x":"赌博"},"a":{"x":"hi"}}"#),
        // Half a surrogate pair, or a number beyond every type, beside it or in it.
        body(r#""\ud83d 赌博""#),
        body(r#""赌博 \ude00""#),
        ext(r#"{"half":"\ud800","x":"赌博"}"#),
        ext(r#"{"half\ud800":1,"x":"赌博"}"#),
        ext(r#"{"x":"赌博","n":1e999}"#),
        ext(&format!(r#"{{"x":"赌博","n":{}}}"#, "9".repeat(400))),
        ext(&format!(r#"{{"x":"赌博","n":{}}}"#, deep(200))),
        ext(&format!(r#"{{"x":"赌博","n":{}}}"#, deep(20_000))),
        // The same inside of a text that is JSON.
        quoted(r#"{"a":"\u8d4c\u535a","a":"hi"}"#),
        quoted(r#"{"a":"\u8d4c\u535a","n":1e999}"#),
        quoted(r#"{"a":"\u8d4c\u535a\ud800"}"#),
        quoted(&format!(r#"{{"a":"\u8d4c\u535a","n":{}}}"#, deep(200))),
        quoted(r#"{"a":"\u8d4c\u535a""#),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_other_readers_could_make_of_a_callback_is_not_delivered_when_it_is_forbidden() {
    for payload in smuggled() {
        let line = Line::new("", Mood::Acknowledges);
        let answer = answer(&line, "/pre", with_payload(&payload)).await;
        let shown: String = payload.chars().take(200).collect();
        assert_eq!(answer, (StatusCode::OK, json!(false)), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_payload_itself_comes_once() {
    let line = Line::new("", Mood::Acknowledges);
    for (first, last) in [("赌博", "hi"), ("hi", "赌博")] {
        let payload = |text: &str| json!({"bodies": [{"type": "txt", "msg": text}]});
        let mut callback = signed(chat("bob", "carol", "hi"), now());
        callback["payload"] = payload(last);
        let twice = callback.to_string().replacen('{', &format!("{{\"payload\":{},", payload(first)), 1);
        assert_eq!(answer(&line, "/pre", twice).await, (StatusCode::OK, json!(false)));
    }
    assert_eq!(line.memory.records().len(), 0, "what could be read in two ways is in no record");
}

#[tokio::test(start_paused = true)]
async fn what_is_odd_and_harmless_is_read_and_delivered() {
    let line = Line::new("", Mood::Acknowledges);
    for payload in [
        r#"{"bodies":[{"type":"txt","msg":"cut emoji \ud83d"}],"ext":{}}"#.to_owned(),
        r#"{"bodies":[{"type":"txt","msg":"\u0000 \u202e"}],"ext":{"n":-0.0,"m":1e308,"d":[[[[1]]]]}}"#
            .to_owned(),
        r#"{"bodies":[{"type":"txt","msg":"{\"not\": json"}],"ext":{"q":"{\"a\":1,\"a\":2}"}}"#.to_owned(),
        format!(r#"{{"bodies":[{{"type":"txt","msg":"hi"}}],"ext":{{"n":{}}}}}"#, "9".repeat(300)),
    ] {
        assert_eq!(
            answer(&line, "/pre", with_payload(&payload)).await,
            (StatusCode::OK, json!(true)),
            "{payload}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn after_delivery_what_cannot_be_read_is_accepted_and_recorded_as_nothing() {
    let line = Line::new("record = \"all\"", Mood::Acknowledges);
    let body = with_payload(&format!(r#"{{"bodies":[],"ext":{}}}"#, "[".repeat(300) + &"]".repeat(300)));
    let (status, reply) = line.send(post("/post", body)).await;
    assert_eq!((status, reply), (StatusCode::OK, json!({"accepted": true})));
    assert_eq!(line.memory.records().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_signature_the_same_is_refused() {
    let line = Line::new("", Mood::Acknowledges);
    for payload in smuggled() {
        let body = with_payload(&payload).replace("\"security\":\"", "\"security\":\"0");
        assert_eq!(line.send(post("/pre", body)).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(line.memory.records().len(), 0);
}
