//! The frames of Spark's WebSocket.

use super::http::code;
use super::{check, errors, sid};
use crate::model::completion::Completion;
use crate::model::dialect::{Arrival, Dialect, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint, Fields, given};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, UsagePlace};
use crate::model::rules::Rules;
use crate::model::state::Model;
use crate::model::tokens::Usage;
use serde_json::{Value, json};

pub(crate) static MESSAGES: Messages = Messages;

/// The wire.
pub(crate) struct Messages;

fn parameters(body: &Fields) -> Option<&Fields> {
    given(body, "parameter")?.get("chat")?.as_object()
}

fn read(arrival: &Arrival) -> Result<ChatRequest, Complaint> {
    let body = fields::object(&arrival.bytes)?;
    let header = given(&body, "header").and_then(Value::as_object);
    let header = header.ok_or_else(|| Complaint::about("header", "header is missing"))?;
    if given(header, "app_id").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Complaint::about("header", "header.app_id is missing"));
    }
    if given(header, "uid").and_then(Value::as_str).is_some_and(|uid| uid.len() > 32) {
        return Err(Complaint::about("header", "header.uid has more than 32 characters"));
    }
    let chat = parameters(&body).ok_or_else(|| Complaint::about("parameter", "parameter.chat is missing"))?;
    let domain = given(chat, "domain").and_then(Value::as_str);
    let domain = domain.ok_or_else(|| Complaint::about("domain", "parameter.chat.domain is missing"))?;
    let message = given(&body, "payload").and_then(|payload| payload.get("message"));
    // `/spark/ws/v3.5/chat`, `/spark/ws/chat/pro-128k` and `/spark/ws/v1/x1`.
    let (first, second) = (arrival.segment(2), arrival.segment(3));
    let path = if second == "chat" { first } else { second };
    Ok(ChatRequest {
        model: domain.to_owned(),
        turns: fields::turns(message.and_then(|message| message.get("text")))?,
        cap: fields::integer(chat, "max_tokens", 0..=u64::MAX)?.or(Some(4_096)),
        stream: true,
        usage: UsagePlace::LastChoice,
        thinking: check::switched(chat),
        path: path.to_owned(),
        fields: body,
        ..ChatRequest::default()
    })
}

impl Dialect for Messages {
    fn family(&self) -> Family {
        Family::Spark
    }

    fn framing(&self) -> Framing {
        Framing::Messages
    }

    fn rows(&self) -> &'static [Row] {
        errors::ROWS
    }

    fn credential(&self, _model: &Model, arrival: &Arrival) -> Option<String> {
        // The handshake has verified it and left it here.
        arrival.header(super::socket::KEY).map(str::to_owned)
    }

    fn admit(&self, _model: &Model, _arrival: &Arrival, _key: Option<&str>) -> Result<(), Refusal> {
        Ok(())
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        read(arrival).map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal> {
        if !check::is_at_home(request, rules) {
            return Err(self.refuse(Trouble::UnknownModel));
        }
        let parameters = parameters(&request.fields).cloned().unwrap_or_default();
        let temperature = fields::number(&parameters, "temperature", f64::MIN_POSITIVE..=1.0);
        let checked = temperature.and_then(|_| check::check(request, &parameters, rules));
        checked.map_err(|complaint| self.complain(&complaint))
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

    fn whole(&self, _completion: &Completion) -> Value {
        Value::Null
    }

    fn opening(&self, _completion: &Completion) -> Vec<StreamFrame> {
        Vec::new()
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let status = u8::from(piece.number > 0);
        let text = if piece.is_thought {
            json!({ "content": "", "reasoning_content": piece.text, "role": "assistant", "index": 0 })
        } else {
            json!({ "content": piece.text, "role": "assistant", "index": 0 })
        };
        let payload = json!({ "choices": { "status": status, "seq": piece.number, "text": [text] } });
        vec![frame(completion, status, payload)]
    }

    fn closing(&self, completion: &Completion, place: UsagePlace) -> Vec<StreamFrame> {
        let text = json!({ "content": "", "role": "assistant", "index": 0 });
        let mut payload = json!({ "choices": { "status": 2, "seq": 0, "text": [text] } });
        if place != UsagePlace::Absent {
            let Usage { prompt_tokens, completion_tokens, .. } = completion.usage;
            payload["usage"] = json!({ "text": {
                "question_tokens": prompt_tokens.min(4), "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens, "total_tokens": completion.usage.total(),
            } });
        }
        vec![frame(completion, 2, payload)]
    }

    fn headers(&self, _number: u64) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn error(&self, refusal: &Refusal, number: u64) -> Value {
        let header =
            json!({ "code": code(refusal), "message": refusal.message, "sid": sid(number), "status": 2 });
        json!({ "header": header })
    }
}

fn frame(completion: &Completion, status: u8, payload: Value) -> StreamFrame {
    let header = json!({ "code": 0, "message": "Success", "sid": completion.id, "status": status });
    StreamFrame::data(json!({ "header": header, "payload": payload }).to_string())
}
