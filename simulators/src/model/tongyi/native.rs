//! `/tongyi/api/v1/services/aigc/text-generation/generation` and its sister for several modes.

use super::{check, errors, request_id, too_long};
use crate::model::completion::Completion;
use crate::model::dialect::{Arrival, Dialect, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint, Fields, given};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::openai_like::finish_reason;
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, Turn, UsagePlace};
use crate::model::rules::Rules;
use crate::model::tokens::Usage;
use serde_json::{Map, Value, json};

pub(crate) static NATIVE: Native = Native;

/// The wire.
pub(crate) struct Native;

fn parameters(body: &Fields) -> Fields {
    given(body, "parameters").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn read(arrival: &Arrival) -> Result<ChatRequest, Complaint> {
    let body = fields::object(&arrival.bytes)?;
    let input = given(&body, "input").and_then(Value::as_object);
    let input = input.ok_or_else(|| Complaint::about("input", "Required input(input) missing or invalid"))?;
    let turns = match given(input, "prompt").and_then(Value::as_str) {
        Some(prompt) => vec![Turn::new("user", prompt)],
        None => fields::turns(input.get("messages"))?,
    };
    let parameters = parameters(&body);
    let is_on = |name: &str| parameters.get(name).and_then(Value::as_bool);
    let events = arrival.header("accept").is_some_and(|accept| accept.contains("text/event-stream"));
    let is_bare = given(&parameters, "result_format").and_then(Value::as_str) != Some("message");
    Ok(ChatRequest {
        model: fields::model(&body)?,
        turns,
        cap: fields::integer(&parameters, "max_tokens", 0..=u64::MAX)?,
        stream: arrival.header("x-dashscope-sse") == Some("enable") || events,
        usage: UsagePlace::EveryChunk,
        thinking: is_on("enable_thinking"),
        is_bare,
        is_cumulative: is_on("incremental_output") != Some(true),
        fields: body,
        ..ChatRequest::default()
    })
}

impl Dialect for Native {
    fn family(&self) -> Family {
        Family::Tongyi
    }

    fn framing(&self) -> Framing {
        Framing::TightEvents
    }

    fn rows(&self) -> &'static [Row] {
        errors::ROWS
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        read(arrival).map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal> {
        let parameters = parameters(&request.fields);
        check::check(request, &parameters, rules).map_err(|complaint| self.complain(&complaint))
    }

    fn id(&self, number: u64) -> String {
        request_id(number)
    }

    fn caps_thoughts(&self) -> bool {
        false
    }

    fn too_long(&self, _prompt: u64, most: u64) -> Refusal {
        too_long(self.refuse(Trouble::ContextTooLong), most)
    }

    fn whole(&self, completion: &Completion) -> Value {
        let said = Said { thought: &completion.thought, text: &completion.text, usage: completion.usage };
        reply(completion, &said, finish_reason(completion), completion.tells_usage)
    }

    fn opening(&self, _completion: &Completion) -> Vec<StreamFrame> {
        Vec::new()
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let text = if completion.is_cumulative { piece.so_far } else { piece.text };
        let (thought, text) = match (piece.is_thought, completion.is_cumulative) {
            (true, _) => (text, ""),
            (false, true) => (completion.thought.as_str(), text),
            (false, false) => ("", text),
        };
        let said = Said { thought, text, usage: piece.usage };
        let reply = reply(completion, &said, "null", piece.usage_place == UsagePlace::EveryChunk);
        vec![frame(u64::from(piece.number) + 1, &reply)]
    }

    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame> {
        let Completion { thought, text, is_cumulative, .. } = completion;
        let (thought, text) = if *is_cumulative { (thought.as_str(), text.as_str()) } else { ("", "") };
        let said = Said { thought, text, usage: completion.usage };
        let tells_usage = usage != UsagePlace::Absent;
        vec![frame(0, &reply(completion, &said, finish_reason(completion), tells_usage))]
    }

    fn headers(&self, number: u64) -> Vec<(&'static str, String)> {
        vec![("x-request-id", request_id(number))]
    }

    fn error(&self, refusal: &Refusal, number: u64) -> Value {
        json!({ "code": refusal.kind, "message": refusal.message, "request_id": request_id(number) })
    }

    fn error_frame(&self, refusal: &Refusal, number: u64) -> StreamFrame {
        let head = format!("id:1\nevent:error\n:HTTP_STATUS/{}", refusal.status);
        StreamFrame::headed(head, self.error(refusal, number).to_string())
    }
}

/// What a frame says.
struct Said<'a> {
    thought: &'a str,
    text: &'a str,
    usage: Usage,
}

fn frame(id: u64, reply: &Value) -> StreamFrame {
    StreamFrame::headed(format!("id:{id}\nevent:result\n:HTTP_STATUS/200"), reply.to_string())
}

fn reply(completion: &Completion, said: &Said<'_>, finish_reason: &str, tells_usage: bool) -> Value {
    let output = if completion.is_bare {
        json!({ "text": said.text, "finish_reason": finish_reason })
    } else {
        let mut message = Map::new();
        message.insert("role".into(), "assistant".into());
        message.insert("content".into(), if completion.is_null { Value::Null } else { said.text.into() });
        if !completion.thought.is_empty() {
            message.insert("reasoning_content".into(), said.thought.into());
        }
        json!({ "choices": [{ "finish_reason": finish_reason, "message": message }] })
    };
    let mut reply = json!({ "request_id": completion.id, "output": output });
    if tells_usage {
        let Usage { prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, .. } = said.usage;
        reply["usage"] = json!({
            "input_tokens": prompt_tokens,
            "output_tokens": completion_tokens,
            "total_tokens": said.usage.total(),
            "prompt_tokens_details": { "cached_tokens": cached_tokens },
            "output_tokens_details": { "reasoning_tokens": reasoning_tokens },
        });
    }
    reply
}
