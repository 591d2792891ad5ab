//! What Anthropic refuses about a request.

use super::read::{NEW_VERSION, VERSION};
use crate::model::fields::{self, Complaint, given};
use crate::model::request::ChatRequest;
use crate::model::rules::{Rules, Sampling};
use serde_json::Value;

const KNOWN: &[&str] = &[
    VERSION,
    "model",
    "max_tokens",
    "messages",
    "system",
    "stop_sequences",
    "stream",
    "metadata",
    "service_tier",
    "thinking",
    "output_config",
    "cache_control",
    "inference_geo",
    "speed",
    "tools",
    "tool_choice",
    "temperature",
    "top_p",
    "top_k",
    "container",
    "context_management",
    "mcp_servers",
];

pub(crate) fn check(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    let body = &request.fields;
    if let Err(name) = fields::only(body, KNOWN) {
        return Err(Complaint::general(format!("{name}: Extra inputs are not permitted")));
    }
    if let Some(cap) = request.cap.filter(|cap| *cap > rules.output) {
        let most = rules.output;
        let text = format!(
            "max_tokens: {cap} > {most}, which is the maximum allowed number of output tokens for {}",
            request.model
        );
        return Err(Complaint::general(text));
    }
    sampling(request, rules)?;
    messages(request, rules)?;
    thinking(request)?;
    let tier = given(body, "service_tier").and_then(Value::as_str);
    if tier.is_some_and(|tier| !["auto", "standard_only"].contains(&tier)) {
        return Err(Complaint::general("service_tier: Input should be 'auto' or 'standard_only'"));
    }
    let metadata = given(body, "metadata").and_then(Value::as_object);
    if let Some(name) = metadata.and_then(|pairs| pairs.keys().find(|name| *name != "user_id")) {
        return Err(Complaint::general(format!("metadata.{name}: Extra inputs are not permitted")));
    }
    Ok(())
}

fn sampling(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    let body = &request.fields;
    let is_new_version = body.get(VERSION).and_then(Value::as_str) == Some(NEW_VERSION);
    for name in ["temperature", "top_p", "top_k"] {
        if given(body, name).is_none() {
            continue;
        }
        if is_new_version {
            return Err(Complaint::general(format!("{name}: Extra inputs are not permitted")));
        }
        if rules.sampling == Sampling::Refused {
            return Err(Complaint::general(format!(
                "{name}: this model does not support sampling parameters"
            )));
        }
    }
    let ranged = fields::number(body, "temperature", 0.0..=1.0)
        .and_then(|_| fields::number(body, "top_p", 0.0..=1.0))
        .and_then(|_| fields::integer(body, "top_k", 0..=u64::MAX));
    ranged.map(drop).map_err(|complaint| {
        Complaint::general(format!("{}: {}", complaint.param.unwrap_or_default(), complaint.message))
    })
}

fn messages(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    let has_system = given(&request.fields, "system").is_some();
    let messages = request.turns.iter().skip(usize::from(has_system));
    let count = messages.clone().count();
    for (at, turn) in messages.enumerate() {
        let is_known = match turn.role.as_str() {
            "user" | "assistant" => true,
            // Newer models take instructions in the middle of a conversation.
            "system" => rules.sampling == Sampling::Refused && at > 0,
            _ => false,
        };
        if !is_known {
            let text = format!(
                "messages.{at}.role: unexpected role \"{}\". The Messages API accepts a top-level `system` parameter",
                turn.role
            );
            return Err(Complaint::general(text));
        }
        let is_last = at + 1 == count;
        if turn.text.is_empty() && !(is_last && turn.role == "assistant") {
            let text = format!(
                "messages.{at}: all messages must have non-empty content except for the optional final assistant message"
            );
            return Err(Complaint::general(text));
        }
        if is_last && turn.role == "assistant" && !rules.prefill {
            let text = "This model does not support assistant message prefill. The conversation must end with a user message.";
            return Err(Complaint::general(text));
        }
    }
    Ok(())
}

fn thinking(request: &ChatRequest) -> Result<(), Complaint> {
    let Some(thinking) = given(&request.fields, "thinking") else { return Ok(()) };
    let kind = thinking.get("type").and_then(Value::as_str).unwrap_or_default();
    if !["adaptive", "enabled", "disabled"].contains(&kind) {
        return Err(Complaint::general("thinking.type: Input should be 'adaptive', 'enabled' or 'disabled'"));
    }
    let budget = thinking.get("budget_tokens").and_then(Value::as_u64);
    match budget.filter(|_| kind == "enabled") {
        None if kind == "enabled" => Err(Complaint::general("thinking.budget_tokens: Field required")),
        Some(budget) if budget < 1_024 => {
            Err(Complaint::general("thinking.budget_tokens: Input should be greater than or equal to 1024"))
        }
        Some(budget) if Some(budget) >= request.cap => {
            Err(Complaint::general("`max_tokens` must be greater than `thinking.budget_tokens`"))
        }
        _ => Ok(()),
    }
}
