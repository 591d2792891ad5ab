//! `POST /v1/chat/completions`.

use super::answer::answer;
use super::config::{CodeForm, ModelConfig};
use super::faults::{Fault, Planned};
use super::latency::latency;
use super::ledger::{End, Entry, OpenCall};
use super::refusal::{self, Refusal, refuse};
use super::reply::Completion;
use super::request::ChatRequest;
use super::state::Model;
use super::tokens::{self, Usage};
use crate::time::now_ms;
use crate::traffic::Fate;
use crate::wire::{self, Connection};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use base16ct::lower;
use bytes::Bytes;
use md5::{Digest as _, Md5};
use serde_json::json;
use std::sync::Arc;

/// Characters of the last user message that the ledger shows.
const SHOWN: usize = 200;

pub(crate) async fn complete(
    State(model): State<Arc<Model>>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let read = ChatRequest::read(&bytes);
    let request = read.clone().unwrap_or_default();
    let profile = model.profile(&request.model);
    let planned = if read.is_ok() { model.fault_of(&request, connection) } else { None };
    let (fault, form) = planned.map_or((None, None), |Planned { fault, form }| (Some(fault), form));
    let form = form.unwrap_or(profile.error_code);
    let call = model.ledger.open(entry(&request, &headers, &bytes, fault.as_ref()));
    let number = call.number();
    let refused = match read {
        Err(reason) => Some((refusal::BAD_REQUEST, reason.to_owned())),
        Ok(_) => check(&model, &profile, &request, &headers),
    };
    let mut reply = match refused {
        Some((refusal, message)) => {
            call.replied(refusal.status);
            refusal.reply(&message, form)
        }
        None => match model.limits.arrive(&request.model, now_ms()) {
            Ok(pass) => {
                let reply = perform(&model, &profile, &request, call, Course { fault, form }).await;
                pass.end(Fate::of(&reply));
                reply
            }
            Err(retry_after) => {
                call.replied(refusal::RATE.status);
                refusal::over_limit(retry_after, form)
            }
        },
    };
    if let Ok(id) = HeaderValue::from_str(&format!("req_{number}")) {
        reply.headers_mut().insert("x-request-id", id);
    }
    reply
}

/// What a healthy server refuses about a request.
fn check(
    model: &Model,
    profile: &ModelConfig,
    request: &ChatRequest,
    headers: &HeaderMap,
) -> Option<(Refusal, String)> {
    if !model.admits(headers) {
        return Some((refusal::INVALID_KEY, "Incorrect API key provided.".into()));
    }
    if !model.knows(&request.model) {
        return Some((refusal::UNKNOWN_MODEL, format!("The model `{}` does not exist.", request.model)));
    }
    if request.stream {
        return Some((refusal::STREAM, "Streaming is not offered by this server.".into()));
    }
    if profile.new && request.max_tokens.is_some() {
        let text = "Unsupported parameter: 'max_tokens' is not supported with this model. \
                    Use 'max_completion_tokens' instead.";
        return Some((refusal::MAX_TOKENS, text.into()));
    }
    let prompt = tokens::of_prompt(&request.turns);
    (prompt > profile.context_tokens).then(|| {
        let most = profile.context_tokens;
        let text = format!(
            "This model's maximum context length is {most} tokens. However, your messages resulted in {prompt} tokens."
        );
        (refusal::CONTEXT, text)
    })
}

/// What is to become of a call.
struct Course {
    fault: Option<Fault>,
    /// Of the code in an error.
    form: CodeForm,
}

/// Plays the fault, or works and answers.
async fn perform(
    model: &Model,
    profile: &ModelConfig,
    request: &ChatRequest,
    call: OpenCall,
    Course { fault, form }: Course,
) -> Response {
    if fault == Some(Fault::Hang) {
        return std::future::pending().await;
    }
    if fault == Some(Fault::Reset) {
        call.reset();
        return wire::reset();
    }
    let mut completion = completion(model, profile, request, call.number());
    if let Some(fault) = &fault {
        completion.spoil(fault);
    }
    let billed = fault.as_ref().is_none_or(Fault::billed);
    if billed {
        call.bill(completion.usage);
    }
    if billed || matches!(fault, Some(Fault::Reply { .. })) {
        work(model, request, &call, fault.as_ref()).await;
    }
    let refused = fault.as_ref().and_then(|fault| refuse(fault, form));
    let reply = refused.unwrap_or_else(|| completion.reply(fault.as_ref()));
    match fault {
        Some(Fault::ResetAfterHeaders) => call.reset(),
        _ => call.replied(reply.status().as_u16()),
    }
    reply
}

async fn work(model: &Model, request: &ChatRequest, call: &OpenCall, fault: Option<&Fault>) {
    if model.holds.holds(request) {
        call.hold();
        model.holds.released(request).await;
    }
    tokio::time::sleep(latency(&model.config, fault, call.fingerprint())).await;
}

fn completion(model: &Model, profile: &ModelConfig, request: &ChatRequest, number: u64) -> Completion {
    let whole = answer(request, &model.config.answers);
    let most = request.max_completion_tokens.or(request.max_tokens).unwrap_or(u64::MAX);
    let thought = if profile.reasoning { tokens::of_text(&whole) / 2 } else { 0 };
    let reasoning_tokens = thought.min(most);
    let text = tokens::clip(&whole, most - reasoning_tokens).to_owned();
    let usage = Usage {
        prompt_tokens: tokens::of_prompt(&request.turns),
        cached_tokens: tokens::of_cache(&request.turns),
        completion_tokens: reasoning_tokens + tokens::of_text(&text),
        reasoning_tokens,
    };
    Completion {
        id: format!("chatcmpl-{number:012}"),
        model: request.model.clone(),
        created: now_ms() / 1_000,
        finish_reason: if text.len() < whole.len() { "length" } else { "stop" },
        text,
        usage,
    }
}

fn entry(request: &ChatRequest, headers: &HeaderMap, bytes: &[u8], fault: Option<&Fault>) -> Entry {
    let request_id = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    Entry {
        model: request.model.clone(),
        request_id: request_id.map(str::to_owned),
        fingerprint: lower::encode_string(&Md5::digest(bytes)),
        last_user: request.last_user().chars().take(SHOWN).collect(),
        fault: fault.map(|fault| json!(fault)),
        started_at: now_ms(),
        ended_at: None,
        status: None,
        end: End::Running,
        held: false,
        billed: false,
        usage: Usage::default(),
    }
}
