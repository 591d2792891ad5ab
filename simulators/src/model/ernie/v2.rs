//! `/ernie/v2/chat/completions`.

use super::{id, v2_errors};
use crate::model::completion::Completion;
use crate::model::dialect::{Arrival, Dialect, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint, given};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::limits::{Level, Quota};
use crate::model::openai_like as like;
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, UsagePlace};
use crate::model::rules::Rules;
use serde_json::{Value, json};

pub(crate) static V2: V2Wire = V2Wire;

/// The wire.
pub(crate) struct V2Wire;

fn read(bytes: &[u8]) -> Result<ChatRequest, Complaint> {
    let body = fields::object(bytes)?;
    let thinking = given(&body, "enable_thinking").and_then(Value::as_bool);
    Ok(ChatRequest {
        model: fields::model(&body)?,
        turns: fields::turns(body.get("messages"))?,
        cap: fields::integer(&body, "max_tokens", 1..=u64::MAX)?,
        stream: fields::flag(&body, "stream")?.unwrap_or_default(),
        usage: like::usage_place(&body),
        thinking: thinking.or_else(|| given(&body, "reasoning_effort").map(|_| true)),
        fields: body,
        ..ChatRequest::default()
    })
}

fn check(request: &ChatRequest, rules: &Rules) -> Result<(), Complaint> {
    let body = &request.fields;
    fields::number(body, "temperature", 0.0..=2.0)?;
    fields::number(body, "top_p", 0.0..=1.0)?;
    fields::number(body, "penalty_score", 1.0..=2.0)?;
    fields::number(body, "frequency_penalty", -2.0..=2.0)?;
    fields::number(body, "presence_penalty", -2.0..=2.0)?;
    fields::integer(body, "seed", 0..=2_147_483_647)?;
    fields::integer(body, "max_tokens", 1..=rules.output)?;
    fields::integer(body, "thinking_budget", 100..=u64::MAX)?;
    fields::flag(body, "enable_thinking")?;
    let stops = given(body, "stop").and_then(Value::as_array);
    let is_long = |stop: &Value| stop.as_str().is_none_or(|stop| stop.chars().count() > 20);
    if stops.is_some_and(|stops| stops.len() > 4 || stops.iter().any(is_long)) {
        return Err(Complaint::about("stop", "at most 4 stops of at most 20 characters are allowed"));
    }
    let effort = given(body, "reasoning_effort").and_then(Value::as_str);
    if effort.is_some_and(|effort| !["low", "medium", "high"].contains(&effort)) {
        return Err(Complaint::about("reasoning_effort", "reasoning_effort must be low, medium or high"));
    }
    if given(body, "metadata").and_then(Value::as_object).is_some_and(|pairs| pairs.len() > 16) {
        return Err(Complaint::about("metadata", "metadata has more than 16 pairs"));
    }
    Ok(())
}

fn messages(request: &ChatRequest) -> Result<(), Complaint> {
    let is_known = |role: &str| ["system", "user", "assistant", "tool"].contains(&role);
    if let Some(turn) = request.turns.iter().find(|turn| !is_known(&turn.role)) {
        return Err(Complaint::general(format!("the role of a message must not be {}", turn.role)));
    }
    if request.turns.iter().skip(1).any(|turn| turn.role == "system") {
        return Err(Complaint::general("a system message must be the first message"));
    }
    if request.turns.last().is_none_or(|turn| turn.text.trim().is_empty()) {
        return Err(Complaint::general("the content of the last message must not be blank"));
    }
    Ok(())
}

impl V2Wire {
    fn coded(&self, code: &str, complaint: &Complaint) -> Refusal {
        let refusal =
            Refusal::coded(v2_errors::ROWS, code).unwrap_or_else(|| self.refuse(Trouble::BadRequest));
        refusal.saying(complaint.message.clone())
    }
}

impl Dialect for V2Wire {
    fn family(&self) -> Family {
        Family::Ernie
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn rows(&self) -> &'static [Row] {
        v2_errors::ROWS
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        read(&arrival.bytes).map_err(|complaint| match complaint.param {
            None => self.coded("malformed_json", &complaint),
            Some("messages") => self.coded("invalid_messages", &complaint),
            Some(_) => self.complain(&complaint),
        })
    }

    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal> {
        if rules.paths.iter().any(|path| path == "v1") {
            return Err(self.refuse(Trouble::UnknownModel));
        }
        messages(request).map_err(|complaint| self.coded("invalid_messages", &complaint))?;
        check(request, rules).map_err(|complaint| self.complain(&complaint))
    }

    fn id(&self, number: u64) -> String {
        id(number)
    }

    fn too_long(&self, prompt: u64, most: u64) -> Refusal {
        let text = format!("the prompt has {prompt} tokens, at most {most} are allowed");
        self.refuse(Trouble::ContextTooLong).saying(text)
    }

    fn whole(&self, completion: &Completion) -> Value {
        let mut body = like::whole(completion, &like::message(completion, true));
        mark(&mut body, completion);
        if completion.tells_usage {
            body["usage"] = like::usage(completion.usage);
        }
        body
    }

    fn opening(&self, _completion: &Completion) -> Vec<StreamFrame> {
        Vec::new()
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let mut chunk = like::piece(completion, piece);
        if piece.number == 0 {
            chunk["choices"][0]["delta"]["role"] = "assistant".into();
        }
        mark(&mut chunk, completion);
        vec![StreamFrame::data(chunk.to_string())]
    }

    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame> {
        let mut last =
            like::chunk(completion, &json!({ "content": "" }), Some(like::finish_reason(completion)));
        mark(&mut last, completion);
        like::closing_with(completion, last, usage)
    }

    fn terminator(&self) -> Option<StreamFrame> {
        Some(like::done())
    }

    fn headers(&self, _number: u64) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn quota_headers(&self, quota: &Quota) -> Vec<(&'static str, String)> {
        let told = |names: [&'static str; 2], level: Option<Level>| {
            let texts = level.map(|level| [level.limit.to_string(), level.remaining.to_string()]);
            names.into_iter().zip(texts.into_iter().flatten())
        };
        let requests = ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"];
        let input = ["x-ratelimit-limit-input-tokens", "x-ratelimit-remaining-input-tokens"];
        let output = ["x-ratelimit-limit-output-tokens", "x-ratelimit-remaining-output-tokens"];
        let all = [(requests, quota.requests), (input, quota.input), (output, quota.output)];
        all.into_iter().flat_map(|(names, level)| told(names, level)).collect()
    }

    fn error(&self, refusal: &Refusal, number: u64) -> Value {
        let Refusal { kind, message, .. } = refusal;
        json!({ "error": { "code": refusal.code(), "message": message, "type": kind }, "id": id(number) })
    }
}

/// Puts the mark of the filter on the choice.
fn mark(body: &mut Value, completion: &Completion) {
    let choice = &mut body["choices"][0];
    choice["flag"] = json!(if completion.flagged.is_some() { 3 } else { 0 });
    if let Some(round) = completion.flagged {
        choice["ban_round"] = json!(round);
    }
}
