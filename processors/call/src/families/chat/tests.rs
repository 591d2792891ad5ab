use catalogue::Provider;
use catalogue::model_traits::{MilliRange, SystemRole, Thinking, ThinkingSwitch};
use schemas::request::Request;
use serde_json::{Value, json};

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
        traits: Default::default(),
    }
}

fn address(omit: &[&'static str]) -> Address {
    let address = Address::new("http://host/v1", &common::Secret::default(), None).unwrap();
    address.without(omit.to_vec())
}

/// The body as it goes to this address.
fn sent_to(address: &Address, request: &Request, target: &Target) -> String {
    let question = Question::of(request).unwrap();
    let body = families::of(target.provider, None).body(&question, target, address).unwrap();
    String::from_utf8(body.into()).unwrap()
}

/// The body that asks for a whole reply.
fn sent(request: &Request, target: &Target) -> String {
    sent_to(&address(&[]).streaming(false), request, target)
}

fn fields(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    body.as_object().unwrap().keys().cloned().collect()
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
    assert_eq!(fields(&sent(&request(), &target)), ["model", "messages", "max_tokens", "user"]);
}

#[test]
fn a_body_is_what_the_model_takes() {
    let mut to = target(Provider::Openai);
    to.traits.max_output_tokens = Some(400);
    to.traits.temperature_milli = Some(MilliRange { least: 0, most: 500 });
    to.traits.system = SystemRole::Developer;
    let body: Value = serde_json::from_str(&sent(&request(), &to)).unwrap();
    assert_eq!((&body["max_completion_tokens"], &body["temperature"]), (&json!(400), &json!(0.5)));
    assert_eq!(body["messages"][0], json!({"role": "developer", "content": "You are the help desk."}));
    to.traits.system = SystemRole::User;
    let body: Value = serde_json::from_str(&sent(&request(), &to)).unwrap();
    let told = "You are the help desk.\n\nhow do I reset my badge?";
    assert_eq!(body["messages"], json!([{"role": "user", "content": told}]));
}

#[test]
fn thinking_is_switched_in_the_way_that_the_server_has() {
    let switched = |provider, thinking, by| {
        let mut to = target(provider);
        to.traits.thinking = thinking;
        to.traits.thinking_by = by;
        let body: Value = serde_json::from_str(&sent(&request(), &to)).unwrap();
        let usual = ["model", "messages", "max_tokens", "max_completion_tokens", "temperature"];
        let usual = |key: &String| {
            usual.contains(&key.as_str()) || ["user", "safety_identifier"].contains(&key.as_str())
        };
        let more = body.as_object().unwrap().iter().find(|(key, _)| !usual(key));
        more.map(|(key, value)| (key.clone(), value.clone()))
    };
    for (provider, thinking, by, sent) in [
        (Provider::Openai, Thinking::Unsaid, None, None),
        (Provider::Openai, Thinking::Always, None, None),
        (Provider::Openai, Thinking::Off, None, Some(("reasoning_effort", json!("none")))),
        (
            Provider::Openai,
            Thinking::On,
            Some(ThinkingSwitch::ReasoningEffort),
            Some(("reasoning_effort", json!("medium"))),
        ),
        (
            Provider::Local,
            Thinking::Off,
            None,
            Some(("chat_template_kwargs", json!({"enable_thinking": false}))),
        ),
        (
            Provider::Local,
            Thinking::On,
            Some(ThinkingSwitch::EnableThinking),
            Some(("enable_thinking", json!(true))),
        ),
        (Provider::Local, Thinking::Off, Some(ThinkingSwitch::Think), Some(("think", json!(false)))),
        (
            Provider::Local,
            Thinking::On,
            Some(ThinkingSwitch::ThinkingType),
            Some(("thinking", json!({"type": "enabled"}))),
        ),
    ] {
        let sent = sent.map(|(key, value)| (key.to_owned(), value));
        assert_eq!(switched(provider, thinking, by), sent, "{provider:?} {thinking:?} {by:?}");
    }
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
    let address = address(&["user", "max_tokens", "stream_options"]);
    let body = sent_to(&address, &request(), &target(Provider::Local));
    assert_eq!(fields(&body), ["model", "messages", "temperature", "stream"]);
}

#[test]
fn a_stream_is_asked_for_with_its_count_of_tokens() {
    for provider in [Provider::Openai, Provider::Local] {
        let body = sent_to(&address(&[]), &request(), &target(provider));
        assert!(body.ends_with(r#","stream":true,"stream_options":{"include_usage":true}}"#), "{body}");
    }
}
