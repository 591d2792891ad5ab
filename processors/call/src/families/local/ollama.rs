//! Ollama's own wire. Its OpenAI wire has no field for the context window, and a server's own window, a few thousand tokens at
//! times, silently cuts the prompt.

use bytes::Bytes;
use catalogue::Target;
use catalogue::model_traits::Thinking;
use outbound::{Class, Failure, Request};
use serde::Serialize;
use serde_json::Value;

use super::class;
use crate::endpoint::Address;
use crate::families::turns::{self, Turn};
use crate::families::{Call, Demand, Demands, Family, Question, Speaks};
use crate::reply::{self, Fields, ParsedReply, ProviderError};

/// Where chats are, under the server's root.
const PATH: &str = "/api/chat";

/// Ollama.
#[derive(Debug)]
pub(in crate::families) struct Ollama;

impl Family for Ollama {
    fn demands(&self) -> Demands {
        Demands {
            needs_key: false,
            takes_organization: false,
            app_id: Demand::Refused,
            api_secret: Demand::Refused,
            choices: &[],
            speaks: Speaks::Http,
            optional_fields: &["temperature", "num_predict", "num_ctx", "think", "stop"],
        }
    }

    fn misplaced(&self, _: &Target, address: &Address) -> Option<&'static str> {
        let path = address.under("").path().to_owned();
        ["/v1", "/api", "/api/chat"]
            .iter()
            .any(|end| path.ends_with(end))
            .then_some("its base_url is the server's root on this wire, such as http://127.0.0.1:11434")
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure> {
        question.has_no_image()?;
        let is_sent = |field: &str| !address.omit.contains(&field);
        let milli = to.temperature_milli(question.request.temperature_milli);
        let cap = to.max_output_tokens(question.request.max_output_tokens);
        let body = Body {
            model: &to.model,
            messages: turns::messages(question, to)?,
            stream: address.stream,
            think: think(to).filter(|_| is_sent("think")),
            options: Options {
                num_ctx: is_sent("num_ctx").then_some(to.context_tokens),
                num_predict: is_sent("num_predict").then_some(cap),
                stop: question.stops(to).filter(|_| is_sent("stop")),
                temperature: milli.filter(|_| is_sent("temperature")).map(turns::temperature),
            },
        };
        // Writing texts and numbers to memory does not fail.
        Ok(serde_json::to_vec(&body).unwrap_or_default().into())
    }

    fn call(&self, Call { address, body, correlation, .. }: Call<'_>) -> Result<Request, Failure> {
        let call = Request::post_json(address.under(PATH), body).header("x-request-id", correlation)?;
        // Ollama itself knows no keys; a proxy before it may.
        if address.api_key.is_empty() { Ok(call) } else { call.bearer(address.api_key.expose()) }
    }

    fn read(&self, document: &Fields, parsed: &mut ParsedReply) {
        parsed.add(document);
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        class(status, error).unwrap_or_else(|| reply::class(status, error))
    }
}

/// A model that cannot think takes it as well that it may not.
fn think(to: &Target) -> Option<bool> {
    match to.traits.thinking {
        Thinking::Always => None,
        Thinking::On => Some(true),
        Thinking::Off | Thinking::Unsaid => Some(false),
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<bool>,
    options: Options<'a>,
}

/// A window other than that of the loaded model makes the server load it anew.
#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Value>,
}

#[cfg(test)]
mod tests;
