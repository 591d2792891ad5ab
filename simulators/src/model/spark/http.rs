//! `/spark/{v1,v2,x2,…}/chat/completions`.

use super::{check, errors, sid};
use crate::model::completion::Completion;
use crate::model::dialect::{Arrival, Dialect, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::openai_like as like;
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, UsagePlace};
use crate::model::rules::Rules;
use crate::model::tokens::Usage;
use serde_json::{Value, json};

pub(crate) static HTTP: Http = Http;

/// The wire.
pub(crate) struct Http;

fn read(arrival: &Arrival) -> Result<ChatRequest, Complaint> {
    let body = fields::object(&arrival.bytes)?;
    let cap = |name| fields::integer(&body, name, 0..=u64::MAX);
    Ok(ChatRequest {
        model: fields::model(&body)?,
        turns: fields::turns(body.get("messages"))?,
        cap: cap("max_tokens")?.or(cap("max_completion_tokens")?).or(Some(4_096)),
        stream: fields::flag(&body, "stream")?.unwrap_or_default(),
        usage: UsagePlace::LastChoice,
        thinking: check::switched(&body),
        path: arrival.segment(1).to_owned(),
        fields: body,
        ..ChatRequest::default()
    })
}

impl Dialect for Http {
    fn family(&self) -> Family {
        Family::Spark
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
        if !check::is_at_home(request, rules) {
            return Err(self.refuse(Trouble::UnknownModel));
        }
        check::check(request, &request.fields, rules).map_err(|complaint| self.complain(&complaint))
    }

    fn id(&self, number: u64) -> String {
        sid(number)
    }

    fn tells_finish(&self) -> bool {
        false
    }

    fn caches_by_itself(&self) -> bool {
        false
    }

    fn too_long(&self, _prompt: u64, _most: u64) -> Refusal {
        self.refuse(Trouble::ContextTooLong)
    }

    fn whole(&self, completion: &Completion) -> Value {
        let choice = json!({ "message": like::message(completion, true), "index": 0 });
        let mut body = json!({ "code": 0, "message": "Success", "sid": completion.id, "choices": [choice] });
        if completion.tells_usage {
            body["usage"] = usage(completion.usage);
        }
        body
    }

    fn opening(&self, _completion: &Completion) -> Vec<StreamFrame> {
        Vec::new()
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let tells_usage = match piece.usage_place {
            UsagePlace::Absent => false,
            UsagePlace::EveryChunk => true,
            UsagePlace::LastChoice | UsagePlace::OwnChunk => piece.is_last,
        };
        let mut delta = like::delta(piece);
        delta["role"] = "assistant".into();
        vec![frame(completion, &delta, tells_usage.then_some(piece.usage))]
    }

    fn closing(&self, completion: &Completion, place: UsagePlace) -> Vec<StreamFrame> {
        if !completion.text.is_empty() || !completion.thought.is_empty() {
            return Vec::new();
        }
        let spent = (place != UsagePlace::Absent).then_some(completion.usage);
        vec![frame(completion, &json!({ "role": "assistant", "content": "" }), spent)]
    }

    fn terminator(&self) -> Option<StreamFrame> {
        Some(like::done())
    }

    fn headers(&self, _number: u64) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn error(&self, refusal: &Refusal, number: u64) -> Value {
        if refusal.status == 200 {
            return inside(refusal, number);
        }
        let Refusal { message, kind, code, .. } = refusal;
        json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
    }

    fn error_frame(&self, refusal: &Refusal, number: u64) -> StreamFrame {
        StreamFrame::data(inside(refusal, number).to_string())
    }
}

fn frame(completion: &Completion, delta: &Value, spent: Option<Usage>) -> StreamFrame {
    let mut frame = json!({
        "code": 0, "message": "Success", "sid": completion.id, "id": completion.id, "created": completion.created,
        "choices": [{ "delta": delta, "index": 0 }],
    });
    if let Some(spent) = spent {
        frame["usage"] = usage(spent);
    }
    StreamFrame::data(frame.to_string())
}

fn inside(refusal: &Refusal, number: u64) -> Value {
    json!({ "code": code(refusal), "message": refusal.message, "sid": sid(number) })
}

/// The code as a number.
pub(crate) fn code(refusal: &Refusal) -> i64 {
    refusal.code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(10_012)
}

fn usage(usage: Usage) -> Value {
    let Usage { prompt_tokens, completion_tokens, .. } = usage;
    json!({ "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": usage.total() })
}
