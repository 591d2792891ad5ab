//! Pictures, as each wire shows them.

use catalogue::Provider;
use outbound::Class;
use schemas::request::Request;
use serde_json::{Value, json};

use super::samples::{address, body, known, request};
use super::{Question, of};

const FIRST: &str = "https://files.example.com/a";
const SECOND: &str = "https://files.example.com/b?share-secret=s";

/// A request whose last line shows two pictures.
fn shown() -> Request {
    let mut asked = request();
    asked.prompt.last_mut().unwrap().images = vec![FIRST.into(), SECOND.into()];
    asked
}

fn last_message(provider: Provider, model: &str, asked: &Request) -> Value {
    let body = body(of(provider, None), asked, &known(provider, model), &address("https://host"));
    body["messages"].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn wires_that_are_close_to_openais_show_them_before_the_text() {
    let asked = shown();
    let text = asked.prompt.last().unwrap().text.plain().unwrap().to_owned();
    let content = json!([
        {"type": "image_url", "image_url": {"url": FIRST}},
        {"type": "image_url", "image_url": {"url": SECOND}},
        {"type": "text", "text": text}
    ]);
    for (provider, model) in [
        (Provider::Openai, "gpt-4o"),
        (Provider::Tongyi, "qwen3-vl-plus"),
        (Provider::Ernie, "ernie-4.5-turbo-vl"),
        (Provider::Local, "a-model"),
    ] {
        let message = last_message(provider, model, &asked);
        assert_eq!(message, json!({"role": "user", "content": content}), "{provider:?}");
    }
}

#[test]
fn a_model_that_heeds_its_instructions_in_the_question_sees_them_too() {
    let mut target = known(Provider::Local, "a-model");
    target.traits.system = catalogue::model_traits::SystemRole::User;
    let mut asked = shown();
    asked.prompt.retain(|line| line.role != schemas::request::Role::Assistant);
    let body = body(of(Provider::Local, None), &asked, &target, &address("https://host"));
    let last = &body["messages"].as_array().unwrap().last().unwrap()["content"];
    assert_eq!((last.as_array().unwrap().len(), &last[0]["image_url"]["url"]), (3, &json!(FIRST)));
}

#[test]
fn claude_is_shown_them_in_blocks() {
    let asked = shown();
    let text = asked.prompt.last().unwrap().text.plain().unwrap().to_owned();
    let message = last_message(Provider::Claude, "claude-haiku-4-5", &asked);
    let content = json!([
        {"type": "image", "source": {"type": "url", "url": FIRST}},
        {"type": "image", "source": {"type": "url", "url": SECOND}},
        {"type": "text", "text": text}
    ]);
    assert_eq!(message, json!({"role": "user", "content": content}));
}

#[test]
fn earlier_lines_and_prompts_without_a_picture_are_texts_as_they_were() {
    for (provider, model) in [
        (Provider::Openai, "gpt-4o"),
        (Provider::Claude, "claude-haiku-4-5"),
        (Provider::Tongyi, "qwen-plus"),
    ] {
        let family = of(provider, None);
        let sent = body(family, &request(), &known(provider, model), &address("https://host"));
        assert!(
            sent["messages"].as_array().unwrap().iter().all(|message| message["content"].is_string()),
            "{sent}"
        );
        let sent = body(family, &shown(), &known(provider, model), &address("https://host"));
        let messages = sent["messages"].as_array().unwrap();
        assert!(messages.iter().rev().skip(1).all(|message| message["content"].is_string()), "{sent}");
    }
}

#[test]
fn a_wire_that_takes_none_refuses_the_call_and_its_target_takes_none() {
    let asked = shown();
    let question = Question::of(&asked).unwrap();
    for (provider, wire, model) in [
        (Provider::Spark, "http", "4.0Ultra"),
        (Provider::Spark, "websocket", "4.0Ultra"),
        (Provider::Ernie, "v1", "ernie-speed"),
        (Provider::Local, "ollama", "a-model"),
    ] {
        let family = of(provider, Some(wire));
        let refused = family.body(&question, &known(provider, model), &address("https://host")).unwrap_err();
        assert_eq!((refused.class, family.takes_images()), (Class::BadRequest, false), "{provider:?} {wire}");
    }
}

#[test]
fn an_address_that_is_sealed_cannot_be_told() {
    let mut asked = shown();
    let sealed = schemas::text::Sealed { key: "k".into(), bytes: vec![1] };
    asked.prompt.last_mut().unwrap().images[1] = schemas::text::Text::Sealed(sealed);
    assert!(Question::of(&asked).is_err());
}
