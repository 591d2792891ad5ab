//! iFlytek Spark, over HTTP. [`websocket`] has the older wire.
//!
//! The path of the address selects the generation of the model. Every reply and every frame of a stream has a `code`, which is
//! not 0 in an error, whatever the HTTP status; there is no finish reason, so that a stream's only end is `[DONE]`, and that an
//! answer was cut at the cap shows in its count of tokens alone.

mod codes;
mod generation;
mod websocket;

use bytes::Bytes;
use catalogue::Target;
use catalogue::model_traits::Thinking;
use catalogue::target::OutputCap;
use outbound::{Class, Failure, Request};
use serde::Serialize;
use serde_json::Value;

use self::generation::Generation;
pub(super) use self::websocket::WebSocket;
use super::chat;
use super::turns::{self, Turn};
use super::{Call, Demand, Demands, Family, Question, Speaks};
use crate::endpoint::Address;
use crate::reply::{self, Fields, ParsedReply, ProviderError};

/// Fields of the body that a gateway may forbid.
const OPTIONAL_FIELDS: &[&str] =
    &["user", "temperature", "max_tokens", "max_completion_tokens", "tools", "thinking"];
/// Where the vendor serves this wire.
const HOST: &str = "spark-api-open.xf-yun.com";

/// Spark over HTTP.
#[derive(Debug)]
pub(super) struct Http;

impl Family for Http {
    fn demands(&self) -> Demands {
        Demands {
            needs_key: true,
            takes_organization: false,
            app_id: Demand::Refused,
            api_secret: Demand::Refused,
            choices: &[],
            speaks: Speaks::Http,
            optional_fields: OPTIONAL_FIELDS,
        }
    }

    fn misplaced(&self, to: &Target, address: &Address) -> Option<&'static str> {
        let base = address.under("");
        let is_elsewhere =
            base.host_str() == Some(HOST) && Generation::of(&to.model).is_under(base.path()) == Some(false);
        is_elsewhere.then_some(
            "its base_url is of another generation: spark-x is served under /v2 (X1.5) and /x2 (X2), the others under /v1",
        )
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure> {
        question.has_no_image()?;
        let is_sent = |field: &str| !address.omit.contains(&field);
        let milli = to.temperature_milli(question.request.temperature_milli);
        let tokens = self.silent_cap(question, to, address);
        let cap = |field: OutputCap| tokens.filter(|_| to.output_cap == field);
        let body = Body {
            model: &to.model,
            messages: turns::messages(question, to)?,
            max_tokens: cap(OutputCap::MaxTokens),
            max_completion_tokens: cap(OutputCap::MaxCompletionTokens),
            temperature: milli.filter(|_| is_sent("temperature")).map(turns::temperature),
            user: is_sent("user").then(|| question.person()),
            tools: (Generation::of(&to.model).searches() && is_sent("tools")).then_some([NO_SEARCH]),
            thinking: thinking(to).filter(|_| is_sent("thinking")).map(|kind| Switch { kind }),
            stream: address.stream,
        };
        // Writing texts and numbers to memory does not fail.
        Ok(serde_json::to_vec(&body).unwrap_or_default().into())
    }

    fn call(&self, Call { address, body, correlation, .. }: Call<'_>) -> Result<Request, Failure> {
        Request::post_json(address.under(chat::PATH), body)
            .header("x-request-id", correlation)?
            .bearer(address.api_key.expose())
    }

    fn read(&self, document: &Fields, parsed: &mut ParsedReply) {
        if let Some(reference) = document.get("sid").and_then(Value::as_str) {
            parsed.identify(reference);
        }
        if let Some(error) = ProviderError::of_status(document) {
            parsed.fail(error);
        }
        parsed.add(document);
    }

    fn silent_cap(&self, question: &Question<'_>, to: &Target, address: &Address) -> Option<u32> {
        let field = match to.output_cap {
            OutputCap::MaxTokens => "max_tokens",
            OutputCap::MaxCompletionTokens => "max_completion_tokens",
        };
        let is_sent = !address.omit.contains(&field);
        is_sent.then(|| to.max_output_tokens(question.request.max_output_tokens))
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        codes::class(error).unwrap_or_else(|| reply::class(status, error))
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Switch>,
    stream: bool,
}

/// The search of the web is on unless it is switched off: it costs tokens and time, and brings in what nobody asked for.
const NO_SEARCH: Tool = Tool { kind: "web_search", web_search: Search { enable: false } };

#[derive(Serialize)]
struct Tool {
    #[serde(rename = "type")]
    kind: &'static str,
    web_search: Search,
}

#[derive(Serialize)]
struct Search {
    enable: bool,
}

/// The word that switches thinking, where the model has a switch.
fn thinking(to: &Target) -> Option<&'static str> {
    match to.traits.thinking {
        Thinking::Unsaid | Thinking::Always => None,
        Thinking::Off => Some("disabled"),
        Thinking::On => Some("enabled"),
    }
}

#[derive(Serialize)]
struct Switch {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[cfg(test)]
mod tests;
