//! Spark's older wire: a WebSocket whose address is signed, one connection per turn.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use catalogue::Target;
use hmac::{Hmac, KeyInit, Mac};
use outbound::{Class, Failure, Request, Url};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::generation::Generation;
use super::{Http, codes};
use crate::endpoint::Address;
use crate::families::turns::{self, Turn};
use crate::families::{Call, Demand, Demands, Family, Question, Speaks};
use crate::reply::{self, Fields, ParsedReply, ProviderError};

/// Longest name of a person.
const UID: usize = 32;
/// The coolest and the hottest temperature that this wire takes, in thousandths: 0 itself is refused.
const COOLEST: u32 = 1;
const HOTTEST: u32 = 1_000;

/// Spark over its WebSocket.
#[derive(Debug)]
pub(in crate::families) struct WebSocket;

impl Family for WebSocket {
    fn demands(&self) -> Demands {
        Demands {
            needs_key: true,
            takes_organization: false,
            app_id: Demand::Needed,
            api_secret: Demand::Needed,
            choices: &[],
            speaks: Speaks::WebSocket,
            optional_fields: &["temperature", "max_tokens"],
        }
    }

    fn misplaced(&self, to: &Target, address: &Address) -> Option<&'static str> {
        path(to, address).is_none().then_some(
            "its base_url needs a path, which selects the generation: that of its model is not known here",
        )
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure> {
        question.has_no_image()?;
        let is_sent = |field: &str| !address.omit.contains(&field);
        let milli =
            to.temperature_milli(question.request.temperature_milli).filter(|_| is_sent("temperature"));
        let uid: String = question.person().chars().take(UID).collect();
        let frame = Frame {
            header: Header { app_id: address.app_id.as_deref().unwrap_or_default(), uid },
            parameter: Parameter {
                chat: Chat {
                    domain: &to.model,
                    temperature: milli.map(|milli| turns::temperature(milli.clamp(COOLEST, HOTTEST))),
                    max_tokens: self.silent_cap(question, to, address),
                },
            },
            payload: Payload { message: Message { text: turns::messages(question, to)? } },
        };
        // Writing texts and numbers to memory does not fail.
        Ok(serde_json::to_vec(&frame).unwrap_or_default().into())
    }

    fn call(&self, call: Call<'_>) -> Result<Request, Failure> {
        let Call { address, body, to, now, .. } = call;
        let path = path(to, address).unwrap_or_default();
        let since_epoch = Duration::from_millis(u64::try_from(now).unwrap_or_default());
        let date = httpdate::fmt_http_date(UNIX_EPOCH + since_epoch);
        let signed = Signature { address, date: &date }.of(address.at(&path));
        Ok(Request::websocket(signed, body))
    }

    fn read(&self, frame: &Fields, parsed: &mut ParsedReply) {
        Http.read(&flat(frame), parsed);
        parsed.piece();
        if is_last(frame) {
            parsed.end();
        }
    }

    fn silent_cap(&self, question: &Question<'_>, to: &Target, address: &Address) -> Option<u32> {
        let is_sent = !address.omit.contains(&"max_tokens");
        is_sent.then(|| to.max_output_tokens(question.request.max_output_tokens))
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        match status {
            // The handshake: a signature that does not fit, or a clock that is more than five minutes off.
            401 | 403 => codes::class(error).unwrap_or(Class::Auth),
            _ => codes::class(error).unwrap_or_else(|| reply::class(status, error)),
        }
    }
}

/// The path that selects the generation: that of the address, or what the model's is.
fn path(to: &Target, address: &Address) -> Option<String> {
    let base = address.under("");
    match base.path() {
        "" | "/" => Generation::of(&to.model).path().map(str::to_owned),
        path => Some(path.to_owned()),
    }
}

/// What a signature is made of, besides the path.
struct Signature<'a> {
    address: &'a Address,
    date: &'a str,
}

impl Signature<'_> {
    /// The address with its signature, as the vendor's page on signed addresses has it.
    fn of(&self, mut url: Url) -> Url {
        let host = match (url.host_str().unwrap_or_default(), url.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        let text = format!("host: {host}\ndate: {}\nGET {} HTTP/1.1", self.date, url.path());
        let signature = self.mac(&text);
        let key = self.address.api_key.expose();
        let origin = format!(
            r#"api_key="{key}", algorithm="hmac-sha256", headers="host date request-line", signature="{signature}""#
        );
        url.query_pairs_mut()
            .append_pair("authorization", &STANDARD.encode(origin))
            .append_pair("date", self.date)
            .append_pair("host", &host);
        url
    }

    fn mac(&self, text: &str) -> String {
        let secret = self.address.api_secret.expose().as_bytes();
        // A key of any length is taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// Nothing comes behind this frame.
fn is_last(frame: &Fields) -> bool {
    let status = frame.get("header").and_then(|header| header.get("status"));
    status.and_then(Value::as_u64) == Some(2)
}

/// A frame in the form that replies over HTTP have.
fn flat(frame: &Fields) -> Fields {
    let header = |name: &str| frame.get("header").and_then(|header| header.get(name));
    let mut flat = Fields::new();
    for name in ["code", "message", "sid"] {
        flat.extend(header(name).map(|value| (name.to_owned(), value.clone())));
    }
    let payload = frame.get("payload");
    let texts = payload.and_then(|payload| payload.pointer("/choices/text")).and_then(Value::as_array);
    let said: Option<String> =
        texts.map(|texts| texts.iter().filter_map(|text| text.get("content")?.as_str()).collect());
    if said.is_some() || is_last(frame) {
        let choice = json!({ "delta": { "content": said.unwrap_or_default() } });
        flat.insert("choices".to_owned(), json!([choice]));
    }
    let usage = payload.and_then(|payload| payload.pointer("/usage/text"));
    flat.extend(usage.map(|usage| ("usage".to_owned(), usage.clone())));
    flat
}

#[derive(Serialize)]
struct Frame<'a> {
    header: Header<'a>,
    parameter: Parameter<'a>,
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    app_id: &'a str,
    uid: String,
}

#[derive(Serialize)]
struct Parameter<'a> {
    chat: Chat<'a>,
}

#[derive(Serialize)]
struct Chat<'a> {
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

#[derive(Serialize)]
struct Payload<'a> {
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: Vec<Turn<'a>>,
}

#[cfg(test)]
mod tests;
