//! What Spark refuses about a request, on both wires.

use crate::model::fields::{self, Complaint, Fields, given};
use crate::model::request::ChatRequest;
use crate::model::rules::{Rules, Sampling};
use serde_json::Value;

/// `parameters` are the fields of the body, or of `parameter.chat` in a frame.
pub(crate) fn check(request: &ChatRequest, parameters: &Fields, rules: &Rules) -> Result<(), Complaint> {
    fields::number(parameters, "temperature", 0.0..=2.0)?;
    fields::number(parameters, "top_p", f64::MIN_POSITIVE..=1.0)?;
    fields::integer(parameters, "top_k", 1..=6)?;
    fields::number(parameters, "presence_penalty", -2.0..=2.0)?;
    fields::number(parameters, "frequency_penalty", -2.0..=2.0)?;
    fields::integer(parameters, "max_tokens", 1..=rules.output)?;
    fields::integer(parameters, "max_completion_tokens", 1..=rules.output)?;
    if rules.sampling == Sampling::Default {
        for (name, only) in [("temperature", 1.0), ("top_p", 0.95)] {
            let value = given(parameters, name).and_then(Value::as_f64);
            if value.is_some_and(|value| (value - only).abs() > f64::EPSILON) {
                return Err(Complaint::about(name, format!("{name} of this model is fixed to {only}")));
            }
        }
    }
    let user = given(parameters, "user").and_then(Value::as_str).unwrap_or_default();
    if user.chars().count() > 512 {
        return Err(Complaint::about("user", "user has more than 512 characters"));
    }
    let thinking = given(parameters, "thinking").map(|thinking| thinking.get("type").and_then(Value::as_str));
    let is_known = |kind: Option<&str>| matches!(kind, Some("enabled" | "disabled" | "auto"));
    if thinking.is_some_and(|kind| !is_known(kind)) {
        return Err(Complaint::about("thinking", "thinking.type must be enabled, disabled or auto"));
    }
    roles(request)
}

fn roles(request: &ChatRequest) -> Result<(), Complaint> {
    for (place, turn) in request.turns.iter().enumerate() {
        let is_known = match turn.role.as_str() {
            "user" | "assistant" | "tool" => true,
            "system" => place == 0,
            _ => false,
        };
        if !is_known {
            return Err(Complaint::about(
                "messages",
                format!("the role {} is not allowed at {place}", turn.role),
            ));
        }
    }
    match request.turns.last() {
        Some(turn) if !turn.text.is_empty() => Ok(()),
        _ => Err(Complaint::about("messages", "the content of the last message is empty")),
    }
}

/// Whether thinking is switched, by `thinking.type`.
pub(crate) fn switched(parameters: &Fields) -> Option<bool> {
    match given(parameters, "thinking")?.get("type")?.as_str()? {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    }
}

/// Whether the model answers under this path; a model that is in no table does under each.
pub(crate) fn is_at_home(request: &ChatRequest, rules: &Rules) -> bool {
    rules.paths.is_empty() || rules.paths.contains(&request.path)
}
