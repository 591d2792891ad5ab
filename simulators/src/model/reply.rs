//! A completion on the wire, whole or spoilt.

use super::faults::Fault;
use super::tokens::{self, Usage};
use crate::wire;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Value, json};

/// An answer ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Completion {
    pub(crate) id: String,
    pub(crate) model: String,
    /// Seconds since the epoch.
    pub(crate) created: u64,
    pub(crate) text: String,
    pub(crate) finish_reason: &'static str,
    pub(crate) usage: Usage,
}

impl Completion {
    /// Changes the answer as a fault asks; what is billed changes with it.
    pub(crate) fn spoil(&mut self, fault: &Fault) {
        match fault {
            Fault::ContentFilter => self.cut("content_filter"),
            Fault::Length => self.cut("length"),
            Fault::EmptyContent => self.set_text(String::new()),
            Fault::ReasoningOnly => self.usage.reasoning_tokens = self.usage.completion_tokens,
            _ => {}
        }
    }

    fn cut(&mut self, reason: &'static str) {
        let half = tokens::clip(&self.text, tokens::of_text(&self.text) / 2).to_owned();
        self.set_text(half);
        self.finish_reason = reason;
    }

    fn set_text(&mut self, text: String) {
        self.usage.completion_tokens = self.usage.reasoning_tokens + tokens::of_text(&text);
        self.text = text;
    }

    fn body(&self, fault: Option<&Fault>) -> Value {
        let message = match fault {
            Some(Fault::ReasoningOnly) => {
                json!({ "role": "assistant", "content": null, "reasoning_content": self.text, "refusal": null })
            }
            _ => json!({ "role": "assistant", "content": self.text, "refusal": null }),
        };
        let choice =
            json!({ "index": 0, "message": message, "finish_reason": self.finish_reason, "logprobs": null });
        let mut body = json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [choice],
        });
        if !matches!(fault, Some(Fault::MissingUsage)) {
            body["usage"] = usage_body(self.usage);
        }
        body["service_tier"] = "default".into();
        body["system_fingerprint"] = "fp_simulator".into();
        body
    }

    /// The reply, broken on the wire if the fault says so.
    pub(crate) fn reply(&self, fault: Option<&Fault>) -> Response {
        let body = Bytes::from(self.body(fault).to_string());
        let half = body.slice(..body.len() / 2);
        let mut reply = match fault {
            Some(Fault::MalformedJson) => half.into_response(),
            Some(Fault::WrongLength) => wire::cut_short(body.clone(), body.len() + 64),
            Some(Fault::Cut) => wire::cut_short(half, body.len()),
            Some(Fault::ResetAfterHeaders) => wire::reset_after_headers(body.len()),
            _ => body.into_response(),
        };
        reply.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static("application/json"));
        reply
    }
}

fn usage_body(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": { "cached_tokens": usage.cached_tokens, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0 },
    })
}
