use catalogue::Provider;
use schemas::request::Request;
use serde_json::Value;

use super::*;
use crate::families;

const EXAMPLE: &str = include_str!("../../../../../schemas/examples/requests/valid-answer.json");

fn request() -> Request {
    serde_json::from_str(EXAMPLE).unwrap()
}

fn target(provider: Provider) -> Target {
    Target {
        provider,
        model: "m1".into(),
        region: "cn".into(),
        context_tokens: 8_000,
        timeout_ms: 1_000,
        output_cap: provider.output_cap(),
        temperature: true,
    }
}

fn sent_without(request: &Request, target: &Target, omit: &[&'static str]) -> String {
    let address = Address::new("http://host/v1", &common::Secret::default(), None).unwrap();
    let question = Question::of(request).unwrap();
    let body = families::of(target.provider).body(&question, target, &address.without(omit.to_vec()));
    String::from_utf8(body.into()).unwrap()
}

fn sent(request: &Request, target: &Target) -> String {
    sent_without(request, target, &[])
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
fn a_field_that_a_strict_server_forbids_is_left_out() {
    let body = sent_without(&request(), &target(Provider::Local), &["user", "max_tokens"]);
    let body: Value = serde_json::from_str(&body).unwrap();
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["model", "messages", "temperature"]);
}
