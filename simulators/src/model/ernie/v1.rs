//! `/ernie/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/<model>?access_token=…`.

use super::{id, v1_errors};
use crate::model::completion::{Completion, Finish};
use crate::model::dialect::{Arrival, Dialect, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint, given};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::keys::Known;
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, Turn, UsagePlace};
use crate::model::rules::Rules;
use crate::model::state::Model;
use crate::model::tokens::Usage;
use serde_json::{Value, json};

pub(crate) static V1: V1Wire = V1Wire;
/// Place of the model in the path.
const MODEL: usize = 7;

/// The wire.
pub(crate) struct V1Wire;

fn read(arrival: &Arrival) -> Result<ChatRequest, Complaint> {
    let body = fields::object(&arrival.bytes)?;
    let turns = fields::turns(body.get("messages"))?;
    let system = given(&body, "system").and_then(Value::as_str);
    let system = system.map(|text| Turn::new("system", text));
    Ok(ChatRequest {
        model: arrival.segment(MODEL).to_owned(),
        turns: system.into_iter().chain(turns).collect(),
        cap: fields::integer(&body, "max_output_tokens", 2..=2_048)?,
        stream: fields::flag(&body, "stream")?.unwrap_or_default(),
        usage: UsagePlace::EveryChunk,
        fields: body,
        ..ChatRequest::default()
    })
}

fn check(request: &ChatRequest) -> Result<(), Complaint> {
    let body = &request.fields;
    let messages: Vec<&Turn> = request.turns.iter().filter(|turn| turn.role != "system").collect();
    let has_system_message = given(body, "system").is_none() && messages.len() < request.turns.len();
    if has_system_message {
        return Err(Complaint::about("messages", "the role of message must be user or assistant"));
    }
    if messages.len().is_multiple_of(2) {
        return Err(Complaint::about("messages", "the length of messages must be an odd number"));
    }
    for (place, turn) in messages.iter().enumerate() {
        let expected = if place.is_multiple_of(2) { "user" } else { "assistant" };
        if turn.role != expected {
            let text = format!("the role of message with index {place} must be {expected}");
            return Err(Complaint::about("messages", text));
        }
        if turn.text.trim().is_empty() {
            return Err(Complaint::about(
                "messages",
                format!("the content of message with index {place} is empty"),
            ));
        }
    }
    let temperature = given(body, "temperature").map(Value::as_f64);
    if temperature.is_some_and(|value| !value.is_some_and(|value| value > 0.0 && value <= 1.0)) {
        return Err(Complaint::about("temperature", "temperature should be in (0, 1.0]"));
    }
    fields::number(body, "top_p", 0.0..=1.0)?;
    fields::number(body, "penalty_score", 1.0..=2.0)?;
    fields::flag(body, "disable_search")?;
    fields::flag(body, "enable_citation")?;
    Ok(())
}

impl Dialect for V1Wire {
    fn family(&self) -> Family {
        Family::Ernie
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn rows(&self) -> &'static [Row] {
        v1_errors::ROWS
    }

    fn credential(&self, model: &Model, arrival: &Arrival) -> Option<String> {
        match model.tokens.known(&arrival.query("access_token")?) {
            Known::Good(key) => Some(key),
            Known::Expired | Known::Never => None,
        }
    }

    fn admit(&self, model: &Model, arrival: &Arrival, _key: Option<&str>) -> Result<(), Refusal> {
        let token = arrival.query("access_token").unwrap_or_default();
        match model.tokens.known(&token) {
            Known::Good(_) => Ok(()),
            Known::Expired => Err(self.refuse(Trouble::ExpiredToken)),
            Known::Never => Err(self.refuse(Trouble::InvalidKey)),
        }
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        read(arrival).map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal> {
        if !rules.names.is_empty() && rules.paths.is_empty() {
            return Err(self.refuse(Trouble::UnknownModel));
        }
        check(request).map_err(|complaint| self.complain(&complaint))
    }

    fn id(&self, number: u64) -> String {
        id(number)
    }

    fn shows_thoughts(&self) -> bool {
        false
    }

    fn too_long(&self, _prompt: u64, _most: u64) -> Refusal {
        self.refuse(Trouble::ContextTooLong)
    }

    fn whole(&self, completion: &Completion) -> Value {
        reply(completion, &completion.text, completion.tells_usage.then_some(completion.usage))
    }

    fn opening(&self, _completion: &Completion) -> Vec<StreamFrame> {
        Vec::new()
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let spent = (piece.usage_place == UsagePlace::EveryChunk).then_some(piece.usage);
        let mut reply = reply(completion, piece.text, spent);
        (reply["sentence_id"], reply["is_end"]) = (json!(piece.number), json!(false));
        vec![StreamFrame::data(reply.to_string())]
    }

    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame> {
        let spent = (usage != UsagePlace::Absent).then_some(completion.usage);
        let mut reply = reply(completion, "", spent);
        (reply["sentence_id"], reply["is_end"]) = (json!(0), json!(true));
        vec![StreamFrame::data(reply.to_string())]
    }

    fn headers(&self, _number: u64) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn error(&self, refusal: &Refusal, number: u64) -> Value {
        let code: i64 = refusal.code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(1);
        json!({ "error_code": code, "error_msg": refusal.message, "id": id(number) })
    }
}

fn reply(completion: &Completion, text: &str, usage: Option<Usage>) -> Value {
    let is_clear = completion.flagged.is_none() && completion.finish != Finish::Refused;
    let finish = match completion.finish {
        Finish::Stop => "normal",
        Finish::Length => "length",
        Finish::Filtered | Finish::Refused => "content_filter",
    };
    let mut reply = json!({
        "id": completion.id, "object": "chat.completion", "created": completion.created, "result": text,
        "is_truncated": completion.finish == Finish::Length, "need_clear_history": !is_clear, "finish_reason": finish,
        "flag": if is_clear { 0 } else { 3 },
    });
    if !is_clear {
        reply["ban_round"] = json!(completion.flagged.unwrap_or(-1));
    }
    if let Some(usage) = usage {
        let Usage { prompt_tokens, completion_tokens, .. } = usage;
        reply["usage"] = json!({
            "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": usage.total(),
        });
    }
    reply
}
