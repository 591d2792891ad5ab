//! `/tongyi/compatible-mode/v1/chat/completions`.

use super::{check, errors, request_id, too_long};
use crate::model::completion::Completion;
use crate::model::dialect::{Arrival, Dialect, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint, given};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::openai_like as like;
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, UsagePlace};
use crate::model::rules::Rules;
use serde_json::{Value, json};

pub(crate) static COMPATIBLE: Compatible = Compatible;

/// The wire.
pub(crate) struct Compatible;

fn read(bytes: &[u8]) -> Result<ChatRequest, Complaint> {
    let body = fields::object(bytes)?;
    let cap = |name| fields::integer(&body, name, 0..=u64::MAX);
    Ok(ChatRequest {
        model: fields::model(&body)?,
        turns: fields::turns(body.get("messages"))?,
        cap: cap("max_tokens")?.or(cap("max_completion_tokens")?),
        stream: fields::flag(&body, "stream")?.unwrap_or_default(),
        usage: like::usage_place(&body),
        thinking: given(&body, "enable_thinking").and_then(Value::as_bool),
        fields: body,
        ..ChatRequest::default()
    })
}

impl Dialect for Compatible {
    fn family(&self) -> Family {
        Family::Tongyi
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn rows(&self) -> &'static [Row] {
        errors::ROWS
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        read(&arrival.bytes).map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal> {
        check::check(request, &request.fields, rules).map_err(|complaint| self.complain(&complaint))
    }

    fn id(&self, number: u64) -> String {
        format!("chatcmpl-{}", request_id(number))
    }

    fn caps_thoughts(&self) -> bool {
        false
    }

    fn too_long(&self, _prompt: u64, most: u64) -> Refusal {
        too_long(self.refuse(Trouble::ContextTooLong), most)
    }

    fn whole(&self, completion: &Completion) -> Value {
        let mut body = like::whole(completion, &like::message(completion, true));
        if completion.tells_usage {
            body["usage"] = like::usage(completion.usage);
        }
        body["system_fingerprint"] = Value::Null;
        body
    }

    fn opening(&self, completion: &Completion) -> Vec<StreamFrame> {
        like::opening(completion)
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let mut chunk = like::piece(completion, piece);
        let silent = if piece.is_thought { "content" } else { "reasoning_content" };
        if piece.is_thought || !completion.thought.is_empty() {
            chunk["choices"][0]["delta"][silent] = Value::Null;
        }
        if piece.usage_place != UsagePlace::EveryChunk {
            chunk["usage"] = Value::Null;
        }
        vec![StreamFrame::data(chunk.to_string())]
    }

    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame> {
        like::closing(completion, usage)
    }

    fn terminator(&self) -> Option<StreamFrame> {
        Some(like::done())
    }

    fn headers(&self, number: u64) -> Vec<(&'static str, String)> {
        vec![("x-request-id", request_id(number))]
    }

    fn error(&self, refusal: &Refusal, number: u64) -> Value {
        let Refusal { message, param, code, status, .. } = refusal;
        let kind = match status {
            429 => code.as_deref().unwrap_or_default(),
            400..=499 => "invalid_request_error",
            _ => "internal_error",
        };
        json!({
            "error": { "message": message, "type": kind, "param": param, "code": refusal.code() },
            "request_id": request_id(number),
        })
    }
}
