//! Alibaba Cloud Model Studio (DashScope), in its mode compatible with OpenAI's wire.
//!
//! Its errors come in two spellings, that of this mode and that of DashScope's own interface, and either may stand in either
//! place. `insufficient_quota`, which is an empty account elsewhere, is the limit of tokens per minute here.

use bytes::Bytes;
use catalogue::Target;
use catalogue::model_traits::Thinking;
use outbound::{Class, Failure, Request};
use serde::Serialize;
use serde_json::Value;

use super::chat::{self, StreamOptions};
use super::turns::{self, Turn};
use super::{Call, Demand, Demands, Family, Question, Speaks};
use crate::endpoint::Address;
use crate::reply::{self, Fields, Form, ParsedReply, ProviderError, squeezed};

/// Fields of the body that a gateway may forbid.
const OPTIONAL_FIELDS: &[&str] =
    &["temperature", "max_tokens", "stop", "enable_thinking", "thinking_budget", "stream_options"];
/// Highest temperature in thousandths: 2 itself is refused.
const HOTTEST: u32 = 1_990;

/// Model Studio.
#[derive(Debug)]
pub(super) struct Tongyi;

impl Family for Tongyi {
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

    fn misplaced(&self, _: &Target, address: &Address) -> Option<&'static str> {
        let base = address.under("");
        let is_vendors = base
            .host_str()
            .is_some_and(|host| host.starts_with("dashscope") && host.ends_with(".aliyuncs.com"));
        (is_vendors && base.path() != "/compatible-mode/v1")
            .then_some("its base_url is not that of the compatible mode, which ends with /compatible-mode/v1")
    }

    fn takes_images(&self) -> bool {
        true
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure> {
        let is_sent = |field: &str| !address.omit.contains(&field);
        let milli = to.temperature_milli(question.request.temperature_milli);
        let cap = to.max_output_tokens(question.request.max_output_tokens);
        let thinking = thinking(to).filter(|_| is_sent("enable_thinking"));
        let body = Body {
            model: &to.model,
            messages: turns::messages(question, to)?,
            max_tokens: is_sent("max_tokens").then_some(cap),
            temperature: milli
                .filter(|_| is_sent("temperature"))
                .map(|milli| turns::temperature(milli.min(HOTTEST))),
            stop: question.stops(to).filter(|_| is_sent("stop")),
            enable_thinking: thinking,
            thinking_budget: (thinking == Some(true) && is_sent("thinking_budget")).then_some(cap),
            stream: address.stream,
            stream_options: (address.stream && is_sent("stream_options"))
                .then_some(StreamOptions { include_usage: true }),
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
        // DashScope's own form of an error, which may follow a part of the text.
        let is_answer = document.contains_key("choices") || document.contains_key("output");
        if let Some(error) = ProviderError::of_status(document).filter(|_| !is_answer) {
            parsed.fail(ProviderError { form: Form::Error, ..error });
        }
        parsed.add(document);
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        class(status, error).unwrap_or_else(|| reply::class(status, error))
    }
}

/// The request. `max_tokens` does not bound what is thought, which has a budget of its own.
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
    thinking_budget: Option<u32>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// What the model is told about thinking, where it can be told. Of a model that is in no table the name says whether it has the
/// switch: left alone, some think and are paid for it.
fn thinking(to: &Target) -> Option<bool> {
    match to.traits.thinking {
        Thinking::Always => None,
        Thinking::On => Some(true),
        Thinking::Off => Some(false),
        Thinking::Unsaid => has_switch(&to.model).then_some(false),
    }
}

fn has_switch(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    let begins = |stems: &[&str]| stems.iter().any(|stem| model.starts_with(stem));
    let has = |words: &[&str]| words.iter().any(|word| model.contains(word));
    let is_hybrid = begins(&["qwen-plus", "qwen-flash", "qwen-turbo", "qwen3", "deepseek-v3.", "glm-4."]);
    is_hybrid && !has(&["thinking", "instruct", "coder", "omni"])
}

/// What an error means, where its code or the vendor differ from others. The code decides, since an error that comes within
/// a stream has the status of a success.
fn class(status: u16, error: &ProviderError) -> Option<Class> {
    let words = [&error.code, &error.kind].into_iter().flatten();
    let class = words.map(|word| squeezed(word)).find_map(|word| by_word(&word));
    let is_limit = class == Some(Class::RateLimited) || matches!(status, 403 | 429);
    let says = |words: &str| error.message.as_deref().is_some_and(|it| it.to_lowercase().contains(words));
    if is_limit && says("free allocated quota") { Some(Class::QuotaExhausted) } else { class }
}

/// The class of a code without its case, dots and underscores: `Throttling.RateQuota` and `limit_requests`.
fn by_word(word: &str) -> Option<Class> {
    Some(match word {
        "throttlingburstrate" | "limitburstrate" => Class::RampLimited,
        "insufficientquota" | "limitrequests" => Class::RateLimited,
        word if word.starts_with("throttling") => Class::RateLimited,
        "arrearage"
        | "commoditynotpurchased"
        | "prepaidbilloverdue"
        | "postpaidbilloverdue"
        | "allocationquotafreetieronly" => Class::QuotaExhausted,
        "datainspectionfailed" | "customroleblocked" | "faqruleblocked" | "ipinfringementsuspect" => {
            Class::ContentBlocked
        }
        "requesttimeout" => Class::Timeout,
        "systemerror" | "modelservicefailed" => Class::ServerError,
        word if word.starts_with("internalerror") => Class::ServerError,
        "modelservingerror" | "modelunavailable" => Class::Overloaded,
        "modelnotfound" | "modelnotsupported" => Class::ModelUnavailable,
        "invalidapikey" | "notauthorized" => Class::Auth,
        word if word.contains("accessdenied") => Class::Auth,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
