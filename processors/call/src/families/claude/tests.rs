use catalogue::Provider;
use catalogue::model_traits::{MilliRange, Thinking, ThinkingSwitch};
use schemas::answered::{Usage, UsageSource};
use schemas::request::Request as Asked;
use serde_json::{Value, json};

use super::*;
use crate::endpoint::{Choices, PromptCache};
use crate::families::samples::{address, body, call, events, failure, read, reply, request, target};
use crate::reply::ReadReply;

const BASE: &str = "https://host";
const OLD: &str = "claude-haiku-4-5";
const NEW: &str = "claude-sonnet-5-5";

/// A target whose model takes temperatures up to 1, if it is the old one.
fn to(model: &str) -> Target {
    let mut to = target(Provider::Claude, model);
    to.traits.temperature_milli = (model == OLD).then_some(MilliRange { least: 0, most: 1_000 });
    to
}

fn sent(asked: &Asked, model: &str) -> Value {
    body(&Messages, asked, &to(model), &address(BASE))
}

fn choosing(choices: Choices) -> Address {
    address(BASE).choosing(choices)
}

#[test]
fn the_body_is_exactly_this() {
    let expected = json!({
        "model": OLD, "max_tokens": 1000,
        "system": [{"type": "text", "text": "You are the help desk.", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "how do I reset my badge?"}],
        "temperature": 0.7,
        "metadata": {"user_id": "7f74d9d7ea851d98e0d2911ea478164a95f7d07ede192692c91ae66bb5148d5d"},
        "stream": true,
    });
    assert_eq!(sent(&request(), OLD), expected);
}

#[test]
fn the_output_cap_is_sent_whatever_is_left_out_and_never_beyond_the_models() {
    let mut to = to(OLD);
    to.traits.max_output_tokens = Some(64);
    let bare = address(BASE).without(vec!["metadata", "temperature"]);
    let body = body(&Messages, &request(), &to, &bare);
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["model", "max_tokens", "system", "messages", "stream"]);
    assert_eq!(body["max_tokens"], 64);
}

#[test]
fn a_temperature_goes_to_models_that_take_one_and_up_to_1() {
    let mut asked = request();
    for (milli, expected) in [(Some(0), json!(0.0)), (Some(1_000), json!(1.0)), (Some(1_800), json!(1.0))] {
        asked.temperature_milli = milli;
        assert_eq!(sent(&asked, OLD)["temperature"], expected);
    }
    let left_out = |asked: &Asked, model: &str, address: &Address| {
        Messages.left_out(&Question::of(asked).unwrap(), &to(model), address)
    };
    let plain = address(BASE);
    let newest = choosing(Choices { api_version: Some("2026-10-21".into()), ..Choices::default() });
    assert_eq!(left_out(&asked, OLD, &plain), None);
    assert_eq!(left_out(&asked, NEW, &plain), Some("temperature"));
    assert_eq!(left_out(&asked, OLD, &newest), Some("temperature"));
    assert!(sent(&asked, NEW).get("temperature").is_none());
    assert!(body(&Messages, &asked, &to(OLD), &newest).get("temperature").is_none());
    asked.temperature_milli = None;
    assert_eq!(left_out(&asked, NEW, &plain), None, "nothing was asked for");
}

#[test]
fn thinking_is_switched_where_the_model_can_be_told() {
    let told = |thinking, thinking_by, cap| {
        let mut to = to(OLD);
        (to.traits.thinking, to.traits.thinking_by) = (thinking, thinking_by);
        let asked = Asked { max_output_tokens: cap, ..request() };
        let body = body(&Messages, &asked, &to, &address(BASE));
        (body.get("thinking").cloned(), body.get("temperature").is_some())
    };
    let budget = Some(ThinkingSwitch::ThinkingBudget);
    assert_eq!(told(Thinking::Unsaid, None, 1_000), (None, true));
    assert_eq!(told(Thinking::Off, None, 1_000), (Some(json!({"type": "disabled"})), true));
    assert_eq!(told(Thinking::On, None, 1_000), (Some(json!({"type": "adaptive"})), false));
    let enabled = json!({"type": "enabled", "budget_tokens": 2_000});
    assert_eq!(told(Thinking::On, budget, 4_000), (Some(enabled), false));
    assert_eq!(told(Thinking::On, budget, 1_000), (None, false), "no budget is small enough");
}

#[test]
fn the_instructions_are_kept_as_long_as_is_chosen() {
    let kept = |prompt_cache| {
        let address = choosing(Choices { prompt_cache, ..Choices::default() });
        let body = body(&Messages, &request(), &to(OLD), &address);
        body["system"][0].get("cache_control").cloned()
    };
    assert_eq!(kept(Some(PromptCache::Off)), None);
    assert_eq!(kept(Some(PromptCache::FiveMinutes)), kept(None));
    assert_eq!(kept(Some(PromptCache::Hour)), Some(json!({"type": "ephemeral", "ttl": "1h"})));
    let mut bare = request();
    bare.prompt.retain(|line| line.role != schemas::request::Role::System);
    assert!(sent(&bare, OLD).get("system").is_none(), "an empty block is refused");
}

#[test]
fn the_history_is_kept_for_minutes_up_to_the_question() {
    use schemas::request::{PromptLine, Role};
    let line = |role, text: &str| PromptLine::new(role, text);
    let mut asked = request();
    let question = asked.prompt.pop().unwrap();
    asked.prompt.extend([line(Role::User, "hello"), line(Role::Assistant, "hi"), question]);
    let messages = |prompt_cache| {
        let address = choosing(Choices { prompt_cache, ..Choices::default() });
        body(&Messages, &asked, &to(OLD), &address)["messages"].clone()
    };
    let marked = json!([
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": "how do I reset my badge?"},
    ]);
    assert_eq!(messages(None), marked);
    assert_eq!(messages(Some(PromptCache::Hour)), marked, "nobody else reads it");
    assert_eq!(messages(Some(PromptCache::Off))[1], json!({"role": "assistant", "content": "hi"}));
}

#[test]
fn calls_go_to_the_messages_with_key_and_version() {
    let to = to(OLD);
    for base in ["https://host", "https://host/v1", "https://host/v1/"] {
        let call = call(&Messages, &to, &address(base));
        assert_eq!(call.url().as_str(), "https://host/v1/messages");
    }
    let header = |address: &Address, name: &str| call(&Messages, &to, address).headers()[name].clone();
    assert_eq!(header(&address(BASE), "x-api-key"), "hush-key");
    assert_eq!(header(&address(BASE), "anthropic-version"), "2023-06-01");
    let newest = choosing(Choices { api_version: Some("2026-10-21".into()), ..Choices::default() });
    assert_eq!(header(&newest, "anthropic-version"), "2026-10-21");
}

const INVALID: &str = "invalid_request_error";
const RATE: &str = "rate_limit_error";

fn class(status: u16, headers: &[(&str, &str)], error: &Value) -> Class {
    let body = json!({"type": "error", "error": error, "request_id": "req_1"});
    failure(&Messages, &reply(status, headers, &body.to_string())).class
}

/// The vendor's table: status, type, `error_code`, message, and the class. Nothing of it asks for a wait.
const ERRORS: &[(u16, &str, &str, &str, Class)] = &[
    (400, INVALID, "", "messages: at least one message is required", Class::BadRequest),
    (400, INVALID, "", "prompt is too long: 213462 tokens > 200000 maximum", Class::ContextTooLong),
    (
        400,
        INVALID,
        "",
        "input length and `max_tokens` exceed context limit: 199000 + 2000 > 200000",
        Class::ContextTooLong,
    ),
    (
        400,
        INVALID,
        "",
        "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
        Class::QuotaExhausted,
    ),
    (400, INVALID, "customer_spend_cap", "x", Class::QuotaExhausted),
    (400, INVALID, "", "Your credit balance is too low to access the Anthropic API.", Class::QuotaExhausted),
    (400, INVALID, "", "Output blocked by content filtering policy", Class::ContentBlocked),
    (401, "authentication_error", "", "invalid x-api-key", Class::Auth),
    (402, "billing_error", "", "x", Class::QuotaExhausted),
    (402, "", "", "", Class::QuotaExhausted),
    (403, "permission_error", "", "x", Class::Auth),
    (404, "not_found_error", "", "model: claude-x", Class::ModelUnavailable),
    (409, "conflict_error", "", "x", Class::Timeout),
    (413, "request_too_large", "", "Request exceeds the maximum size", Class::BadRequest),
    (429, RATE, "", "x", Class::QuotaExhausted),
    (429, "", "", "", Class::QuotaExhausted),
    (429, RATE, "ramp_limit_exceeded", "x", Class::RampLimited),
    (429, RATE, "enforced_spend_limit_reached", "x", Class::QuotaExhausted),
    (429, RATE, "contract_spend_limit_reached", "x", Class::QuotaExhausted),
    (500, "api_error", "", "x", Class::ServerError),
    (504, "timeout_error", "", "x", Class::Timeout),
    (529, "overloaded_error", "", "Overloaded", Class::Overloaded),
    (529, "", "", "", Class::Overloaded),
    // In the middle of a stream.
    (200, "overloaded_error", "", "Overloaded", Class::Overloaded),
    (200, "api_error", "", "x", Class::ServerError),
    (200, RATE, "", "x", Class::RateLimited),
];

#[test]
fn every_error_of_the_vendors_table_has_its_class() {
    for (status, kind, code, message, expected) in ERRORS {
        let mut error = json!({"type": kind, "message": message});
        if !code.is_empty() {
            error["details"] = json!({"error_code": code});
        }
        assert_eq!(class(*status, &[], &error), *expected, "{status} {error}");
    }
}

#[test]
fn a_limit_that_names_a_time_passes_and_a_limit_of_money_never_does() {
    let coded = |code: &str| json!({"type": RATE, "message": "x", "details": {"error_code": code}});
    for (error, expected) in [
        (json!({"type": RATE, "message": "x"}), Class::RateLimited),
        (json!({}), Class::RateLimited),
        (coded("ramp_limit_exceeded"), Class::RampLimited),
        (coded("enforced_spend_limit_reached"), Class::QuotaExhausted),
    ] {
        assert_eq!(class(429, &[("retry-after", "7")], &error), expected, "{error}");
    }
}

#[test]
fn numbers_and_words_of_other_vendors_mean_nothing_here() {
    for code in ["10013", "1301", "insufficient_quota", "data_inspection_failed"] {
        let error = json!({"type": INVALID, "message": "x", "code": code});
        assert_eq!(class(400, &[], &error), Class::BadRequest, "{code}");
    }
}

fn usage() -> Value {
    json!({"input_tokens": 36, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 64,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 20, "output_tokens_details": {"thinking_tokens": 8}})
}

fn counted() -> Usage {
    Usage {
        input: 130,
        cached: 64,
        input_cache_write_5m: 10,
        input_cache_write_1h: 20,
        output: 20,
        reasoning: 8,
        ..Usage::default()
    }
}

fn message(content: Value, stop_reason: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": content,
        "stop_reason": stop_reason, "stop_sequence": null, "stop_details": null, "usage": usage()})
}

fn whole(content: Value, stop_reason: &str) -> ReadReply {
    let message = message(content, stop_reason).to_string();
    read(&Messages, &reply(200, &[("request-id", "req_1")], &message))
}

#[test]
fn a_message_is_read_with_everything_that_it_tells() {
    let content = json!([{"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "Hold "}, {"type": "text", "text": "it."}]);
    let ReadReply { result, notes } = whole(content, "end_turn");
    let said = result.unwrap();
    assert_eq!((said.text.as_str(), said.truncated), ("Hold it.", false));
    assert_eq!((notes.usage, notes.usage_contradicts), (Some(counted()), false));
    assert_eq!(notes.model.as_deref(), Some("claude-x"));
    assert_eq!(
        (notes.provider_request.as_deref(), notes.finish.as_deref()),
        (Some("req_1"), Some("end_turn"))
    );
}

#[test]
fn every_reason_to_stop_has_its_meaning() {
    let text = || json!([{"type": "text", "text": "Hold it."}]);
    for word in ["end_turn", "stop_sequence", "tool_use", "pause_turn"] {
        assert!(!whole(text(), word).result.unwrap().truncated, "{word}");
    }
    assert!(whole(text(), "max_tokens").result.unwrap().truncated);
    for (content, word, class) in [
        (text(), "refusal", Class::ContentBlocked),
        (json!([]), "refusal", Class::ContentBlocked),
        (text(), "model_context_window_exceeded", Class::ContextTooLong),
        (json!([]), "model_context_window_exceeded", Class::ContextTooLong),
        (json!([]), "end_turn", Class::Empty),
        (json!([{"type": "thinking", "thinking": "hm"}]), "end_turn", Class::Empty),
        (json!([{"type": "thinking", "thinking": "hm"}]), "max_tokens", Class::CapUsedUp),
    ] {
        let ReadReply { result, notes } = whole(content, word);
        let failure = result.unwrap_err();
        assert_eq!((failure.class, failure.counts_for_breaker()), (class, false), "{word}");
        assert_eq!(notes.usage, Some(counted()), "what was refused or cut is paid: {word}");
    }
}

/// A stream whose text is `Hold it.`, in two pieces with a thought before them.
fn stream(stop_reason: &str) -> Vec<(&'static str, Value)> {
    let mut start = message(json!([]), "");
    start["stop_reason"] = Value::Null;
    start["usage"]["output_tokens"] = json!(1);
    start["usage"]["output_tokens_details"] = Value::Null;
    let delta = |index: u8, delta: Value| {
        ("content_block_delta", json!({"type": "content_block_delta", "index": index, "delta": delta}))
    };
    let begin = |index: u8, block: Value| {
        (
            "content_block_start",
            json!({"type": "content_block_start", "index": index, "content_block": block}),
        )
    };
    let stop = |index: u8| ("content_block_stop", json!({"type": "content_block_stop", "index": index}));
    vec![
        ("message_start", json!({"type": "message_start", "message": start})),
        ("ping", json!({"type": "ping"})),
        begin(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "hm, the badge"})),
        delta(0, json!({"type": "signature_delta", "signature": "c2ln"})),
        stop(0),
        begin(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "Hold "})),
        ("some_new_event", json!({"type": "some_new_event", "text": "what is this"})),
        delta(1, json!({"type": "citations_delta", "citation": {"cited_text": "no"}})),
        delta(1, json!({"type": "text_delta", "text": "it."})),
        stop(1),
        (
            "message_delta",
            json!({"type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": null},
                "usage": {"output_tokens": 20, "output_tokens_details": {"thinking_tokens": 8}}}),
        ),
        ("message_stop", json!({"type": "message_stop"})),
    ]
}

fn streamed(all: &[(&str, Value)]) -> ReadReply {
    read(&Messages, &reply(200, &[("content-type", "text/event-stream")], &events(all)))
}

#[test]
fn a_stream_comes_to_the_same_as_a_message() {
    let ReadReply { result, notes } = streamed(&stream("end_turn"));
    let said = result.unwrap();
    assert_eq!((said.text.as_str(), said.truncated), ("Hold it.", false));
    assert_eq!((notes.usage, notes.model.as_deref()), (Some(counted()), Some("claude-x")));
    assert_eq!(
        (notes.provider_request.as_deref(), notes.finish.as_deref()),
        (Some("msg_1"), Some("end_turn"))
    );
    assert!(streamed(&stream("max_tokens")).result.unwrap().truncated);
}

#[test]
fn a_stream_that_is_cut_is_no_answer_and_what_it_used_is_known() {
    let all = stream("end_turn");
    for end in [3, 8, 11, 12] {
        let ReadReply { result, notes } = streamed(&all[..end]);
        assert_eq!(result.unwrap_err().class, Class::Protocol, "after {end} events");
        let usage = notes.usage.unwrap();
        assert_eq!(
            (usage.input, usage.cached, usage.input_cache_write_1h),
            (130, 64, 20),
            "after {end} events"
        );
        let expected = if end == 3 { UsageSource::Provider } else { UsageSource::Estimated };
        assert_eq!((usage.source, usage.output > 1), (expected, end > 3), "after {end} events");
    }
}

#[test]
fn a_refusal_and_an_error_within_a_stream_are_found_behind_a_text() {
    let ReadReply { result, notes } = streamed(&stream("refusal"));
    assert_eq!(result.unwrap_err().class, Class::ContentBlocked);
    assert_eq!(notes.usage, Some(counted()));
    let mut all = stream("end_turn");
    all.truncate(9);
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    all.push(("error", error));
    let failure = streamed(&all).result.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Overloaded, Some("overloaded_error")));
}
