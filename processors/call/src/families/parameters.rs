//! What a request says of thinking and of where an answer ends, as each family tells its models.

use catalogue::Provider;
use serde_json::{Value, json};

use super::samples::{address, body, known, request};
use super::{Question, of};

/// The body that asks a model of the table with the parameters of a route.
fn sent(provider: Provider, wire: Option<&str>, model: &str, thinking: Option<bool>) -> Value {
    let mut target = known(provider, model);
    // As the bundle has it where a route switches thinking.
    target.traits.thinking_by = target.traits.thinking_by.or(match provider {
        Provider::Claude => Some(catalogue::model_traits::ThinkingSwitch::ThinkingAdaptive),
        _ => None,
    });
    let mut asked = request();
    (asked.thinking, asked.stop) = (thinking, vec!["END".to_owned()]);
    body(of(provider, wire), &asked, &target.thinking_as(thinking), &address("https://host"))
}

#[test]
fn where_an_answer_ends_is_told_in_the_word_of_each_wire() {
    let stops = json!(["END"]);
    for (provider, wire, model, field) in [
        (Provider::Openai, None, "gpt-4o", "/stop"),
        (Provider::Local, None, "a-model", "/stop"),
        (Provider::Local, Some("ollama"), "a-model", "/options/stop"),
        (Provider::Tongyi, None, "qwen-plus", "/stop"),
        (Provider::Ernie, None, "ernie-5.1", "/stop"),
        (Provider::Ernie, Some("v1"), "ernie-speed", "/stop"),
        (Provider::Claude, None, "claude-haiku-4-5", "/stop_sequences"),
    ] {
        let body = sent(provider, wire, model, None);
        assert_eq!(body.pointer(field), Some(&stops), "{provider:?} {wire:?}: {body}");
    }
}

#[test]
fn a_model_that_takes_no_end_is_not_told_and_that_is_said() {
    let mut asked = request();
    (asked.stop, asked.temperature_milli) = (vec!["END".to_owned()], None);
    for (provider, wire, model) in [
        (Provider::Openai, None, "gpt-5"),
        (Provider::Spark, None, "4.0Ultra"),
        (Provider::Spark, Some("websocket"), "4.0Ultra"),
    ] {
        let (family, target) = (of(provider, wire), known(provider, model));
        let text = body(family, &asked, &target, &address("https://host")).to_string();
        assert!(!text.contains("END"), "{text}");
        let question = Question::of(&asked).unwrap();
        assert_eq!(
            family.left_out(&question, &target, &address("https://host")),
            Some("stop"),
            "{provider:?}"
        );
    }
}

#[test]
fn a_model_that_can_be_told_thinks_as_the_request_says() {
    let told = |thinking| sent(Provider::Tongyi, None, "qwen-plus", thinking)["enable_thinking"].clone();
    assert_eq!([told(None), told(Some(true)), told(Some(false))], [json!(false), json!(true), json!(false)]);
    let claude =
        |thinking| sent(Provider::Claude, None, "claude-opus-4-6", thinking)["thinking"]["type"].clone();
    assert_eq!([claude(None), claude(Some(false))], [Value::Null, json!("disabled")]);
}

#[test]
fn a_model_that_never_thinks_or_always_does_is_told_nothing() {
    let body = sent(Provider::Openai, None, "gpt-4o", Some(true));
    assert!(body.get("reasoning_effort").is_none(), "{body}");
    let mut always = known(Provider::Local, "a-model");
    always.traits.thinking = catalogue::model_traits::Thinking::Always;
    assert_eq!(always.thinking_as(Some(false)).traits.thinking, catalogue::model_traits::Thinking::Always);
}
