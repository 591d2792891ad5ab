//! `/ollama/api/chat`.

use super::like::OLLAMA_WINDOW;
use super::rows;
use crate::model::completion::{Completion, Finish};
use crate::model::dialect::{Arrival, Dialect, Overlong, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint, given};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, UsagePlace};
use crate::model::rules::Rules;
use crate::model::state::Model;
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

pub(crate) static OLLAMA: Ollama = Ollama;

/// The wire.
pub(crate) struct Ollama;

fn read(bytes: &[u8]) -> Result<ChatRequest, Complaint> {
    let body = fields::object(bytes)?;
    let option = |name: &str| given(&body, "options").and_then(|options| options.get(name));
    let cap = option("num_predict").and_then(Value::as_u64);
    let window = option("num_ctx").and_then(Value::as_u64).unwrap_or(OLLAMA_WINDOW);
    let model = given(&body, "model").and_then(Value::as_str).map(str::to_owned);
    Ok(ChatRequest {
        model: model.ok_or_else(|| Complaint::general("model is required"))?,
        turns: fields::turns(body.get("messages"))?,
        cap,
        stream: fields::flag(&body, "stream")?.unwrap_or(true),
        usage: UsagePlace::OwnChunk,
        thinking: given(&body, "think").map(|think| think.as_bool().unwrap_or(true)),
        window: Some(window),
        fields: body,
        ..ChatRequest::default()
    })
}

impl Dialect for Ollama {
    fn family(&self) -> Family {
        Family::Local
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn rows(&self) -> &'static [Row] {
        rows::OLLAMA
    }

    fn is_strict(&self) -> bool {
        false
    }

    fn admit(&self, _model: &Model, _arrival: &Arrival, _key: Option<&str>) -> Result<(), Refusal> {
        Ok(())
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        read(&arrival.bytes).map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, _request: &ChatRequest, _rules: &Rules) -> Result<(), Refusal> {
        Ok(())
    }

    fn id(&self, number: u64) -> String {
        number.to_string()
    }

    fn caches_by_itself(&self) -> bool {
        false
    }

    fn overlong(&self) -> Overlong {
        Overlong::Trimmed
    }

    fn too_long(&self, _prompt: u64, _most: u64) -> Refusal {
        self.refuse(Trouble::ContextTooLong)
    }

    fn whole(&self, completion: &Completion) -> Value {
        let mut message = json!({ "role": "assistant", "content": completion.text });
        if !completion.thought.is_empty() {
            message["thinking"] = json!(completion.thought);
        }
        last(completion, &message, completion.tells_usage)
    }

    fn opening(&self, _completion: &Completion) -> Vec<StreamFrame> {
        Vec::new()
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let message = if piece.is_thought {
            json!({ "role": "assistant", "content": "", "thinking": piece.text })
        } else {
            json!({ "role": "assistant", "content": piece.text })
        };
        vec![StreamFrame::data(line(completion, &message, false).to_string())]
    }

    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame> {
        let message = json!({ "role": "assistant", "content": "" });
        vec![StreamFrame::data(last(completion, &message, usage != UsagePlace::Absent).to_string())]
    }

    fn headers(&self, _number: u64) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn error(&self, refusal: &Refusal, _number: u64) -> Value {
        json!({ "error": refusal.message })
    }
}

fn line(completion: &Completion, message: &Value, is_done: bool) -> Value {
    let created = UNIX_EPOCH + Duration::from_secs(completion.created);
    let created = humantime::format_rfc3339_nanos(created).to_string();
    json!({ "model": completion.model, "created_at": created, "message": message, "done": is_done })
}

fn last(completion: &Completion, message: &Value, tells_usage: bool) -> Value {
    let mut line = line(completion, message, true);
    line["done_reason"] = json!(if completion.finish == Finish::Length { "length" } else { "stop" });
    for name in ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"] {
        line[name] = json!(1_000_000);
    }
    if tells_usage {
        line["prompt_eval_count"] = json!(completion.usage.prompt_tokens);
        line["eval_count"] = json!(completion.usage.completion_tokens);
    }
    line
}
