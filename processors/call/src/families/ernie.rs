//! Baidu Qianfan: its current interface, v2, which is close to OpenAI's, and in [`v1`] the one of old accounts.
//!
//! What the vendor's filter thinks of a text stands in the choice, in a reply that is otherwise a success. Whatever the filter
//! says, the text is not shown. `ban_round` says which turn had it: if it is one of the history, every later call with that
//! history fails as well.

mod errors;
mod v1;

use bytes::Bytes;
use catalogue::Target;
use catalogue::model_traits::Thinking;
use outbound::{Class, Failure, Request};
use serde::Serialize;
use serde_json::{Value, json};

pub(super) use self::v1::Workshop;
use super::turns::{self, Turn, Turns};
use super::{Call, Demand, Demands, Family, Question, Speaks};
use crate::endpoint::Address;
use crate::reply::{Fields, Objection, ParsedReply, ProviderError};

/// Fields of the body that a gateway may forbid.
const OPTIONAL_FIELDS: &[&str] =
    &["user", "temperature", "max_tokens", "stop", "enable_thinking", "stream_options"];
/// The coolest and the hottest temperature that every model takes, in thousandths. 0 is refused.
const COOLEST: u32 = 10;
const HOTTEST: u32 = 1_000;

/// The family on its current wire.
#[derive(Debug)]
pub(super) struct Qianfan;

impl Family for Qianfan {
    fn demands(&self) -> Demands {
        Demands {
            needs_key: true,
            takes_organization: false,
            app_id: Demand::Taken,
            api_secret: Demand::Refused,
            choices: &[],
            speaks: Speaks::Http,
            optional_fields: OPTIONAL_FIELDS,
        }
    }

    fn takes_images(&self) -> bool {
        true
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure> {
        let is_sent = |field: &str| !address.omit.contains(&field);
        let cap = to.max_output_tokens(question.request.max_output_tokens);
        let body = Body {
            model: &to.model,
            messages: Turns::of(question)?.messages(),
            max_tokens: is_sent("max_tokens").then_some(cap),
            temperature: temperature(question, to, address),
            stop: question.stops(to).filter(|_| is_sent("stop")),
            enable_thinking: enable_thinking(to).filter(|_| is_sent("enable_thinking")),
            user: is_sent("user").then(|| question.person()),
            stream: address.stream.then_some(true),
            stream_options: (address.stream && is_sent("stream_options"))
                .then(|| json!({"include_usage": true})),
        };
        // Writing texts and numbers to memory does not fail.
        Ok(serde_json::to_vec(&body).unwrap_or_default().into())
    }

    fn call(&self, Call { address, body, correlation, .. }: Call<'_>) -> Result<Request, Failure> {
        let call = Request::post_json(address.under("/chat/completions"), body)
            .header("x-request-id", correlation)?
            .bearer(address.api_key.expose())?;
        match &address.app_id {
            Some(app_id) => call.header("appid", app_id),
            None => Ok(call),
        }
    }

    fn read(&self, document: &Fields, parsed: &mut ParsedReply) {
        parsed.add(document);
        let choices = document.get("choices").and_then(Value::as_array);
        choices.into_iter().flatten().filter_map(Value::as_object).for_each(|choice| heed(choice, parsed));
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        errors::class(status, error)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_thinking: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    /// Without them the tokens of a stream are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<Value>,
}

/// The temperature to send: the nearest that the model takes, or where nothing is known of it, the nearest that every model takes.
fn temperature(question: &Question<'_>, to: &Target, address: &Address) -> Option<Value> {
    let milli = to.temperature_milli(question.request.temperature_milli);
    let milli = milli.filter(|_| !address.omit.contains(&"temperature"))?;
    let is_known = to.traits.temperature_milli.is_some();
    Some(turns::temperature(if is_known { milli } else { milli.clamp(COOLEST, HOTTEST) }))
}

/// The switch of thinking, where the model has one: left alone, some models think and are paid for it.
fn enable_thinking(to: &Target) -> Option<bool> {
    match to.traits.thinking {
        Thinking::Unsaid | Thinking::Always => None,
        Thinking::Off => Some(false),
        Thinking::On => Some(true),
    }
}

/// Blocks what the filter flags, and notes what it objects to. `ban_round` is the question's own round below zero, and an earlier one
/// above; what it says besides is taken for the question.
fn heed(choice: &Fields, parsed: &mut ParsedReply) {
    let Some(sign) = flagged(choice) else { return };
    parsed.block(sign);
    let round = choice.get("ban_round").and_then(Value::as_i64).filter(|round| *round > 0);
    let round = round.map(|round| Objection::Round(u32::try_from(round).unwrap_or(u32::MAX)));
    parsed.flag(round.unwrap_or(Objection::Question));
}

/// The sign of the filter in a choice, which names its flag and whether it is an earlier turn that was found.
fn flagged(choice: &Fields) -> Option<&'static str> {
    let flag = choice.get("flag").and_then(Value::as_i64).filter(|flag| *flag != 0)?;
    let in_history = choice.get("ban_round").and_then(Value::as_i64).is_some_and(|round| round > 0);
    Some(match (flag, in_history) {
        (1, false) => "flag_1",
        (2, false) => "flag_2",
        (3, false) => "flag_3",
        (4, false) => "flag_4",
        (_, false) => "flag",
        (1, true) => "flag_1_in_history",
        (2, true) => "flag_2_in_history",
        (3, true) => "flag_3_in_history",
        (4, true) => "flag_4_in_history",
        (_, true) => "flag_in_history",
    })
}

#[cfg(test)]
mod tests;
