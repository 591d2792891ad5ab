//! iFlytek Spark, over HTTP. [`websocket`] has the older wire.
//!
//! The path of the address selects the generation of the model. Every reply and every frame of a stream has a `code`, which is
//! not 0 in an error, whatever the HTTP status; there is no finish reason, so that a stream's only end is `[DONE]`.

mod codes;
mod model;
mod websocket;

use bytes::Bytes;
use catalogue::Target;
use outbound::{Class, Failure, Request};
use serde::Serialize;
use serde_json::Value;

use self::model::Model;
pub(super) use self::websocket::WebSocket;
use super::chat::{self, Messages};
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
            speaks: Speaks::Http,
            optional_fields: OPTIONAL_FIELDS,
        }
    }

    fn misplaced(&self, to: &Target, address: &Address) -> Option<&'static str> {
        let base = address.under("");
        if base.host_str() != Some(HOST) {
            return None;
        }
        let of_classic = base.path() == "/v1";
        match Model::of(&to.model) {
            Model::Lite | Model::Pro | Model::Pro128k | Model::Max | Model::Max32k | Model::Ultra
                if !of_classic =>
            {
                Some("its base_url is of another generation: its model is served under /v1")
            }
            Model::X | Model::X25 if of_classic => {
                Some("its base_url is of another generation: spark-x is served under /v2 (X1.5) and /x2 (X2)")
            }
            _ => None,
        }
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Bytes {
        let (model, request) = (Model::of(&to.model), question.request);
        let prompt = model.prompt(&question.prompt);
        let lines = prompt.lines();
        let is_sent = |field: &str| !address.omit.contains(&field);
        let cap = |field: &str| {
            (field == model.cap_field() && is_sent(field)).then(|| model.cap(request.max_output_tokens))
        };
        let takes_temperature = to.temperature && model.takes_temperature() && is_sent("temperature");
        let body = Body {
            model: &to.model,
            messages: Messages(&lines),
            max_tokens: cap("max_tokens"),
            max_completion_tokens: cap("max_completion_tokens"),
            temperature: request.temperature_milli.filter(|_| takes_temperature).map(degrees),
            user: is_sent("user").then(|| chat::person(request)),
            tools: (model.searches() && is_sent("tools")).then_some([NO_SEARCH]),
            thinking: (model.thinks() && is_sent("thinking")).then_some(Thinking { kind: "disabled" }),
            stream: address.stream,
        };
        // Writing texts and numbers to memory does not fail.
        serde_json::to_vec(&body).unwrap_or_default().into()
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

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        codes::class(error).unwrap_or_else(|| reply::class(status, error))
    }
}

/// A temperature out of thousandths.
fn degrees(milli: u32) -> f64 {
    f64::from(milli) / 1_000.0
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Messages<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
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

#[derive(Serialize)]
struct Thinking {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[cfg(test)]
mod tests;
