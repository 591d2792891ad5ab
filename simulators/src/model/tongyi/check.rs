//! What `DashScope` refuses about a request, on both wires.

use crate::model::fields::{self, Complaint, Fields, given};
use crate::model::request::ChatRequest;
use crate::model::rules::Rules;
use serde_json::Value;

/// Largest seed.
const MOST_SEED: u64 = (1 << 31) - 1;

/// `parameters` are the fields of the body, or of `parameters` in it.
pub(crate) fn check(request: &ChatRequest, parameters: &Fields, rules: &Rules) -> Result<(), Complaint> {
    let temperature = given(parameters, "temperature").map(Value::as_f64);
    if temperature.is_some_and(|value| !value.is_some_and(|value| (0.0..2.0).contains(&value))) {
        return Err(Complaint::about(
            "temperature",
            "'temperature' must be Float: temperature range is [0.0, 2.0)",
        ));
    }
    let top_p = given(parameters, "top_p").map(Value::as_f64);
    if top_p.is_some_and(|value| !value.is_some_and(|value| value > 0.0 && value <= 1.0)) {
        return Err(Complaint::about("top_p", "Range of top_p should be (0.0, 1.0]"));
    }
    fields::number(parameters, "presence_penalty", -2.0..=2.0)?;
    fields::integer(parameters, "seed", 0..=MOST_SEED)?;
    fields::integer(parameters, "n", 1..=4)?;
    fields::integer(parameters, "top_k", 0..=u64::MAX)?;
    fields::integer(parameters, "thinking_budget", 1..=u64::MAX)?;
    fields::flag(parameters, "enable_thinking")?;
    fields::flag(parameters, "enable_search")?;
    if request.cap.is_some_and(|cap| cap == 0 || cap > rules.output) {
        let text = format!("Range of max_tokens should be [1, {}]", rules.output);
        return Err(Complaint::about("max_tokens", text));
    }
    roles(request)?;
    modes(request, rules)
}

fn roles(request: &ChatRequest) -> Result<(), Complaint> {
    for (place, turn) in request.turns.iter().enumerate() {
        if !["system", "user", "assistant", "tool"].contains(&turn.role.as_str()) {
            let text = format!(
                "{} is not one of ['system', 'assistant', 'user', 'tool'] - 'messages.{place}.role'",
                turn.role
            );
            return Err(Complaint::about("messages", text));
        }
        if turn.role == "system" && place > 0 {
            return Err(Complaint::about(
                "messages",
                "Role must be user or assistant, a system message comes first",
            ));
        }
    }
    Ok(())
}

fn modes(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    if request.stream {
        return Ok(());
    }
    if rules.stream_only {
        let text =
            "This model only support stream mode, please enable the stream parameter to access the model.";
        return Err(Complaint::about("stream", text));
    }
    if rules.stream_to_think && rules.thinks(request.thinking) {
        let text = "parameter.enable_thinking must be set to false for non-streaming calls";
        return Err(Complaint::about("enable_thinking", text));
    }
    Ok(())
}
