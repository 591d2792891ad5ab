//! Anthropic's Messages.

mod check;
mod errors;
mod read;

use super::completion::{Completion, Finish};
use super::dialect::{Arrival, Dialect, Piece};
use super::family::Family;
use super::framing::{Framing, StreamFrame};
use super::limits::{Level, Quota};
use super::refusal::{Refusal, Row, Trouble};
use super::request::{ChatRequest, UsagePlace};
use super::rules::Rules;
use super::state::Model;
use super::tokens::Usage;
use serde_json::{Value, json};
use std::time::SystemTime;

/// `/claude/v1/messages`.
pub(crate) static CLAUDE: Claude = Claude;
/// Largest body.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The wire.
pub(crate) struct Claude;

impl Dialect for Claude {
    fn family(&self) -> Family {
        Family::Claude
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn rows(&self) -> &'static [Row] {
        errors::ROWS
    }

    fn credential(&self, _model: &Model, arrival: &Arrival) -> Option<String> {
        arrival.header("x-api-key").or_else(|| arrival.bearer()).map(str::to_owned)
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        if arrival.bytes.len() > MOST_BYTES {
            let refusal = Refusal::coded(errors::ROWS, "request_too_large");
            return Err(refusal.unwrap_or_else(|| self.refuse(Trouble::BadRequest)));
        }
        let read = read::version(arrival).and_then(|version| read::body(&arrival.bytes, version));
        read.map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal> {
        check::check(request, rules).map_err(|complaint| self.complain(&complaint))
    }

    fn id(&self, number: u64) -> String {
        format!("msg_{number:012}")
    }

    fn caches_by_itself(&self) -> bool {
        false
    }

    fn tells_when(&self) -> bool {
        true
    }

    fn too_long(&self, prompt: u64, most: u64) -> Refusal {
        let text = format!("prompt is too long: {prompt} tokens > {most} maximum");
        self.refuse(Trouble::ContextTooLong).saying(text)
    }

    fn whole(&self, completion: &Completion) -> Value {
        let mut content = Vec::new();
        if !completion.thought.is_empty() {
            content
                .push(json!({ "type": "thinking", "thinking": completion.thought, "signature": SIGNATURE }));
        }
        if !completion.text.is_empty() {
            content.push(json!({ "type": "text", "text": completion.text }));
        }
        let mut body = message(completion, &json!(content));
        body["stop_reason"] = json!(stop_reason(completion));
        body["stop_details"] = stop_details(completion);
        if completion.tells_usage {
            body["usage"] = usage(completion.usage);
        }
        body
    }

    fn opening(&self, completion: &Completion) -> Vec<StreamFrame> {
        let mut message = message(completion, &json!([]));
        message["usage"] = usage(Usage { completion_tokens: 1, reasoning_tokens: 0, ..completion.usage });
        let ping = event("ping", json!({}));
        vec![event("message_start", json!({ "message": message })), ping]
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let is_first = piece.so_far.len() == piece.text.len();
        let thought = !completion.thought.is_empty();
        let index = u8::from(thought && !piece.is_thought);
        let (block, delta) = if piece.is_thought {
            let block = json!({ "type": "thinking", "thinking": "", "signature": "" });
            (block, json!({ "type": "thinking_delta", "thinking": piece.text }))
        } else {
            (json!({ "type": "text", "text": "" }), json!({ "type": "text_delta", "text": piece.text }))
        };
        let mut frames = Vec::new();
        if is_first {
            frames.push(event("content_block_start", json!({ "index": index, "content_block": block })));
        }
        frames.push(event("content_block_delta", json!({ "index": index, "delta": delta })));
        let whole = if piece.is_thought { &completion.thought } else { &completion.text };
        if piece.so_far.len() == whole.len() {
            if piece.is_thought {
                let delta = json!({ "type": "signature_delta", "signature": SIGNATURE });
                frames.push(event("content_block_delta", json!({ "index": index, "delta": delta })));
            }
            frames.push(event("content_block_stop", json!({ "index": index })));
        }
        frames
    }

    fn closing(&self, completion: &Completion, _usage: UsagePlace) -> Vec<StreamFrame> {
        let delta = json!({ "stop_reason": stop_reason(completion), "stop_sequence": null, "stop_details": stop_details(completion) });
        let mut last = json!({ "delta": delta });
        if completion.tells_usage {
            last["usage"] = usage(completion.usage);
        }
        vec![event("message_delta", last)]
    }

    fn terminator(&self) -> Option<StreamFrame> {
        Some(event("message_stop", json!({})))
    }

    fn headers(&self, number: u64) -> Vec<(&'static str, String)> {
        vec![("request-id", request_id(number))]
    }

    fn quota_headers(&self, quota: &Quota) -> Vec<(&'static str, String)> {
        let told = |names: [&'static str; 3], level: Option<Level>| {
            let texts = level.map(|level| {
                let reset = humantime::format_rfc3339_seconds(SystemTime::now() + level.reset).to_string();
                [level.limit.to_string(), level.remaining.to_string(), reset]
            });
            names.into_iter().zip(texts.into_iter().flatten())
        };
        let levels = [quota.requests, quota.tokens, quota.input, quota.output];
        errors::QUOTA_HEADERS.into_iter().zip(levels).flat_map(|(names, level)| told(names, level)).collect()
    }

    fn error(&self, refusal: &Refusal, number: u64) -> Value {
        let mut error = json!({ "type": refusal.kind, "message": refusal.message });
        if let Some(code) = &refusal.code {
            error["details"] = json!({ "error_code": code });
        }
        json!({ "type": "error", "error": error, "request_id": request_id(number) })
    }

    fn error_frame(&self, refusal: &Refusal, number: u64) -> StreamFrame {
        StreamFrame::headed("event: error", self.error(refusal, number).to_string())
    }
}

/// What proves a thought to be the model's own.
const SIGNATURE: &str = "c2ltdWxhdG9y";

fn request_id(number: u64) -> String {
    format!("req_{number:012}")
}

fn event(kind: &str, mut data: Value) -> StreamFrame {
    let mut whole = json!({ "type": kind });
    if let (Some(whole), Some(data)) = (whole.as_object_mut(), data.as_object_mut()) {
        whole.append(data);
    }
    StreamFrame::headed(format!("event: {kind}"), whole.to_string())
}

fn message(completion: &Completion, content: &Value) -> Value {
    json!({
        "id": completion.id, "type": "message", "role": "assistant", "model": completion.model, "content": content,
        "stop_reason": null, "stop_sequence": null, "stop_details": null,
    })
}

fn stop_reason(completion: &Completion) -> &'static str {
    match completion.finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Filtered | Finish::Refused => "refusal",
    }
}

fn stop_details(completion: &Completion) -> Value {
    match completion.finish {
        Finish::Stop | Finish::Length => Value::Null,
        Finish::Filtered | Finish::Refused => {
            json!({ "type": "refusal", "category": "general_harms", "explanation": "The request is against the policy." })
        }
    }
}

fn usage(usage: Usage) -> Value {
    let written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
    json!({
        "input_tokens": usage.uncached(),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": { "thinking_tokens": usage.reasoning_tokens },
        "server_tool_use": { "web_search_requests": 0, "web_fetch_requests": 0 },
        "service_tier": "standard",
        "inference_geo": "global",
    })
}
