use crate::model_traits::{Caching, MilliRange, SystemRole, Thinking, ThinkingSwitch};
use crate::target::{OutputCap, Target};
use crate::validate::tests::{read, told};

fn file(provider: &str, model: &str, more: &str) -> String {
    format!("[[target]]\nname = 'main'\nprovider = '{provider}'\nmodel = '{model}'\nregion = 'us'\n{more}")
}

fn target(provider: &str, model: &str, more: &str) -> Target {
    read(&file(provider, model, more)).unwrap().targets.into_values().next().unwrap()
}

#[test]
fn what_a_target_leaves_out_comes_from_the_table() {
    let gpt = target("openai", "gpt-4.1", "");
    assert_eq!((gpt.context_tokens, gpt.output_cap), (1_047_576, OutputCap::MaxCompletionTokens));
    assert_eq!((gpt.max_output_tokens(1_000), gpt.max_output_tokens(100_000)), (1_000, 32_768));
    let claude = target("claude", "claude-haiku-4-5", "");
    assert_eq!((claude.traits.system, claude.traits.caching), (SystemRole::TopLevel, Caching::Marked));
    assert_eq!(claude.traits.temperature_milli, Some(MilliRange { least: 0, most: 1_000 }));
    let spark = target("spark", "spark-x2.5", "");
    assert_eq!((spark.output_cap, spark.temperature), (OutputCap::MaxCompletionTokens, false));
    assert!(target("tongyi", "qwq-plus", "").traits.stream_only);
}

#[test]
fn what_a_target_says_goes_before_the_table() {
    let more = "context_tokens = 9000\noutput_cap = 'max_tokens'\ntemperature = false\nsystem = 'developer'";
    let gpt = target("openai", "gpt-4.1", more);
    assert_eq!((gpt.context_tokens, gpt.output_cap, gpt.temperature), (9_000, OutputCap::MaxTokens, false));
    assert_eq!(gpt.traits.system, SystemRole::Developer);
}

#[test]
fn a_model_of_which_nothing_is_known_has_no_traits() {
    let unknown = target("openai", "m", "");
    assert_eq!((unknown.context_tokens, unknown.temperature), (32_768, true));
    assert_eq!(unknown.traits, Default::default());
    assert!(!serde_json::to_string(&unknown).unwrap().contains("traits"));
}

#[test]
fn a_temperature_is_brought_to_what_the_model_takes_or_left_out() {
    for (provider, model, asked, sent) in [
        ("claude", "claude-haiku-4-5", 1_500, Some(1_000)),
        ("claude", "claude-opus-4-7", 700, None),
        ("tongyi", "qwen-plus", 2_000, Some(1_999)),
        ("ernie", "ernie-speed-pro-128k", 0, Some(1)),
        ("spark", "4.0Ultra", 2_000, Some(2_000)),
        ("spark", "spark-x2.5", 1_000, None),
        ("openai", "gpt-5.4", 700, None),
        ("openai", "gpt-4o", 700, Some(700)),
        ("local", "m", 1_700, Some(1_700)),
    ] {
        assert_eq!(target(provider, model, "").temperature_milli(Some(asked)), sent, "{model}");
        assert_eq!(target(provider, model, "").temperature_milli(None), None, "{model}");
    }
}

#[test]
fn thinking_is_switched_where_it_must_be_and_as_the_target_says() {
    for (provider, model, more, thinking, by) in [
        ("tongyi", "qwen-plus", "", Thinking::Off, Some(ThinkingSwitch::EnableThinking)),
        ("tongyi", "qwen-plus", "thinking = 'on'", Thinking::On, Some(ThinkingSwitch::EnableThinking)),
        ("tongyi", "qwen-max", "", Thinking::Unsaid, None),
        ("tongyi", "qwq-plus", "", Thinking::Always, None),
        ("spark", "spark-x", "", Thinking::Off, Some(ThinkingSwitch::ThinkingType)),
        ("openai", "gpt-5.4", "", Thinking::Unsaid, None),
        ("openai", "gpt-5.4", "thinking = 'off'", Thinking::Off, Some(ThinkingSwitch::ReasoningEffort)),
        ("claude", "claude-opus-5", "", Thinking::Unsaid, None),
        ("claude", "claude-opus-5", "thinking = 'on'", Thinking::On, Some(ThinkingSwitch::ThinkingAdaptive)),
        ("local", "m", "thinking = 'off'", Thinking::Off, None),
    ] {
        let traits = target(provider, model, more).traits;
        assert_eq!((traits.thinking, traits.thinking_by), (thinking, by), "{model} {more}");
    }
    for (model, thinking, what) in [
        ("qwen-max", "on", "thinking: its model does not think"),
        ("qwq-plus", "off", "thinking: its model always thinks"),
        ("qwen-plus", "yes", "\"yes\" is none of on, off"),
    ] {
        let text = file("tongyi", model, &format!("thinking = '{thinking}'"));
        let told = told(&text, read(&text).unwrap_err());
        assert!(told.iter().any(|(_, told)| told.contains(what)), "{model}: {told:?}");
    }
}
