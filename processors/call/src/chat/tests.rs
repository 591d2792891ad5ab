use catalogue::Target;
use catalogue::target::OutputCap;
use schemas::request::Request;
use schemas::text::{Sealed, Text};
use serde_json::Value;

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
    String::from_utf8(body(request, target, &[]).unwrap()).unwrap()
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
    assert_eq!(who("acme#support", "alice"), who("acme#support", "alice"));
    assert_ne!(who("acme#support", "alice"), who("acme#support", "bob"));
    assert_ne!(who("acme#support", "alice"), who("acme#sales", "alice"));
    assert!(!who("acme#support", "alice").to_string().contains("alice"));
}

#[test]
fn a_sealed_line_cannot_be_asked() {
    let mut request = request();
    request.prompt[1].text = Text::Sealed(Sealed { key: "k".into(), bytes: vec![1] });
    assert_eq!(body(&request, &target(Provider::Local), &[]), Err(BodyError::Sealed));
}

#[test]
fn a_field_that_a_strict_server_forbids_is_left_out() {
    let omit = [Omit::of("user").unwrap(), Omit::of("max_tokens").unwrap()];
    let body: Value =
        serde_json::from_slice(&body(&request(), &target(Provider::Local), &omit).unwrap()).unwrap();
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["model", "messages", "temperature"]);
    assert!(Omit::of("messages").is_none() && Omit::of("model").is_none());
}
