//! What `OpenAI` refuses about a request.

use crate::model::fields::{self, Complaint, Fields, given};
use crate::model::openai_like::usage_place;
use crate::model::request::ChatRequest;
use crate::model::rules::{CapField, Rules, Sampling};
use serde_json::Value;

/// The fields that exist.
pub(crate) const KNOWN: &[&str] = &[
    "model",
    "messages",
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "stop",
    "n",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "response_format",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "stream",
    "stream_options",
    "safety_identifier",
    "user",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "reasoning_effort",
    "verbosity",
    "service_tier",
    "store",
    "metadata",
    "moderation",
    "modalities",
    "audio",
    "prediction",
    "web_search_options",
];
const ROLES: &[&str] = &["developer", "system", "user", "assistant", "tool", "function"];
const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// Reads a body.
pub(crate) fn read(bytes: &[u8]) -> Result<ChatRequest, Complaint> {
    let body = fields::object(bytes)?;
    let model = fields::model(&body)?;
    let turns = fields::turns(body.get("messages"))?;
    let number = |name: &str| body.get(name).and_then(Value::as_u64);
    Ok(ChatRequest {
        model,
        turns,
        cap: number("max_completion_tokens").or_else(|| number("max_tokens")),
        stream: fields::flag(&body, "stream")?.unwrap_or_default(),
        usage: usage_place(&body),
        thinking: switched(&body),
        fields: body,
        ..ChatRequest::default()
    })
}

/// What `reasoning_effort` says of thinking.
fn switched(body: &Fields) -> Option<bool> {
    given(body, "reasoning_effort")?.as_str().map(|effort| effort != "none")
}

/// The field that limits the output.
pub(crate) fn cap(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    let old = given(&request.fields, "max_tokens").is_some();
    if old && rules.cap == CapField::MaxCompletionTokens {
        let text = "Unsupported parameter: 'max_tokens' is not supported with this model. \
                    Use 'max_completion_tokens' instead.";
        return Err(Complaint::about("max_tokens", text));
    }
    Ok(())
}

/// Types, ranges and counts.
pub(crate) fn form(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    let body = &request.fields;
    if let Some(turn) = request.turns.iter().find(|turn| !ROLES.contains(&turn.role.as_str())) {
        let text = format!("Invalid value: '{}'. Supported values are: {}.", turn.role, ROLES.join(", "));
        return Err(Complaint::about("messages", text));
    }
    for name in ["max_completion_tokens", "max_tokens"] {
        fields::integer(body, name, 1..=u64::MAX)?;
    }
    if let Some(cap) = request.cap.filter(|cap| *cap > rules.output) {
        let most = rules.output;
        let text = format!(
            "max_tokens is too large: {cap}. This model supports at most {most} completion tokens, whereas you provided {cap}."
        );
        return Err(Complaint::about("max_tokens", text));
    }
    fields::number(body, "temperature", 0.0..=2.0)?;
    fields::number(body, "top_p", 0.0..=1.0)?;
    fields::number(body, "frequency_penalty", -2.0..=2.0)?;
    fields::number(body, "presence_penalty", -2.0..=2.0)?;
    fields::integer(body, "n", 1..=128)?;
    if given(body, "stream_options").is_some() && !request.stream {
        let text = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Complaint::about("stream_options", text));
    }
    if given(body, "stop").and_then(Value::as_array).is_some_and(|stops| stops.len() > 4) {
        return Err(Complaint::about("stop", "Invalid 'stop': array too long. Expected at most 4 items."));
    }
    if given(body, "metadata").and_then(Value::as_object).is_some_and(|pairs| pairs.len() > 16) {
        return Err(Complaint::about("metadata", "Invalid 'metadata': too many properties, at most 16."));
    }
    let effort = given(body, "reasoning_effort");
    if effort.is_some_and(|effort| !effort.as_str().is_some_and(|effort| EFFORTS.contains(&effort))) {
        let text =
            format!("Invalid value for 'reasoning_effort'. Supported values are: {}.", EFFORTS.join(", "));
        return Err(Complaint::about("reasoning_effort", text));
    }
    let identifier = given(body, "safety_identifier").and_then(Value::as_str).unwrap_or_default();
    if identifier.chars().count() > 128 {
        return Err(Complaint::about("safety_identifier", "Invalid 'safety_identifier': string too long."));
    }
    Ok(())
}

/// What models that reason do not take.
pub(crate) fn sampling(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    let body = &request.fields;
    if rules.sampling == Sampling::Free {
        return Ok(());
    }
    if !rules.stop && given(body, "stop").is_some() {
        let text = "Unsupported parameter: 'stop' is not supported with this model.";
        return Err(Complaint::about("stop", text));
    }
    if request.thinking == Some(false) {
        return Ok(());
    }
    for (name, usual) in
        [("temperature", 1.0), ("top_p", 1.0), ("frequency_penalty", 0.0), ("presence_penalty", 0.0)]
    {
        let value = given(body, name).and_then(Value::as_f64);
        if let Some(value) = value.filter(|value| (value - usual).abs() > f64::EPSILON) {
            let text = format!(
                "Unsupported value: '{name}' does not support {value} with this model. Only the default ({usual}) value is supported."
            );
            return Err(Complaint::about(name, text));
        }
    }
    Ok(())
}
