//! Whatever is posted to a rule or a source gets an answer that Easemob understands, never a panic; what is signed and
//! brought before delivery gets a verdict.

use std::sync::OnceLock;

use axum::http::StatusCode;
use mangle::Input;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::line::{Line, now, post, signed, source_request};
use crate::publisher::Mood;

/// Every callback of the payload files, signed, with a stage.
fn examples() -> Vec<String> {
    static EXAMPLES: OnceLock<Vec<String>> = OnceLock::new();
    let read = || {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/payloads");
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = paths.collect();
        paths.sort();
        let file = |path| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
        paths.into_iter().map(|path| signed(file(path)["callback"].clone(), now()).to_string()).collect()
    };
    EXAMPLES.get_or_init(read).clone()
}

/// The payload of each.
pub fn payloads() -> Vec<String> {
    let read = |text: &String| serde_json::from_str::<Value>(text).unwrap()["payload"].to_string();
    examples().iter().map(read).collect()
}

/// A step that lets every sender through, on a paused clock.
fn line() -> (Runtime, Line) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let line = Line::with_limits("record = \"all\"", Mood::Acknowledges, |limits| {
        limits.sender.burst = u32::MAX;
        limits.max_body_bytes = 512 * 1_024;
    });
    (runtime, line)
}

fn call(path: &str, body: &Input) -> (StatusCode, Value, usize) {
    let (runtime, line) = line();
    let (status, reply) = runtime.block_on(line.send(post(path, body.0.clone())));
    // Reads back whatever was written.
    (status, reply, line.memory.events().len())
}

proptest! {
    #![proptest_config(mangle::cases(1_500))]

    #[test]
    fn callback_before_delivery(body in mangle::json(examples())) {
        let (status, reply, records) = call("/pre", &body);
        match status {
            StatusCode::OK => prop_assert!(reply["valid"].is_boolean(), "{reply}"),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => prop_assert_eq!(records, 0),
            other => prop_assert!(false, "{other}: {reply}"),
        }
    }

    #[test]
    fn callback_after_delivery(body in mangle::json(examples())) {
        let (status, reply, records) = call("/post", &body);
        match status {
            StatusCode::OK => prop_assert_eq!(reply, json!({"accepted": true})),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => prop_assert_eq!(records, 0),
            other => prop_assert!(false, "{other}: {reply}"),
        }
    }

    /// Only the payload is damaged: the signature holds, so there is a verdict, whatever is in it.
    #[test]
    fn callback_signed(payload in mangle::json(payloads())) {
        let mut callback = signed(serde_json::from_str(&examples()[0]).unwrap(), now());
        callback["payload"] = json!("@payload@");
        let payload = payload.lossy();
        // Damage that ends the value early would reach the fields beside it.
        prop_assume!(serde_json::from_str::<&serde_json::value::RawValue>(&payload).is_ok());
        let body = callback.to_string().replace("\"@payload@\"", &payload);
        let (status, reply, _) = call("/pre", &Input(body.into_bytes()));
        prop_assert_eq!(status, StatusCode::OK);
        prop_assert!(reply["valid"].is_boolean(), "{}", reply);
    }

    #[test]
    fn callback_of_other_sources(
        path in prop::sample::select(&["/feedback", "/takeover", "/finding"][..]),
        body in mangle::json([
            r#"{"id":"f1","conversation":"acme#support/group/1","easemob_id":"15","rating":5,"text":"good","at":1735689600123}"#,
            r#"{"conversation":"acme#support/chat/bot_helpdesk/alice","person":"carol","at":1735689600123}"#,
            r#"{"id":"a1","conversation":"acme#support/group/1","reply_id":"6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06","category":"fraud"}"#,
        ]),
    ) {
        let (runtime, line) = line();
        let text = body.lossy();
        let (status, reply) = runtime.block_on(line.send(source_request(path, &text, now(), "s3cr3t-F")));
        let records = line.memory.events().len();
        match status {
            StatusCode::OK => prop_assert_eq!(records, 1),
            StatusCode::BAD_REQUEST => prop_assert_eq!(records, 0),
            other => prop_assert!(false, "{other}: {reply}"),
        }
    }
}
