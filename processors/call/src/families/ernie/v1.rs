//! Qianfan's first interface, for accounts that have no other.
//!
//! Calls carry an access token, which the key and its secret get for thirty days. Errors come in replies of status 200. A stream
//! ends with `is_end`; each of its pieces has a finish reason.

use std::time::Duration;

use bytes::Bytes;
use catalogue::Target;
use common::Secret;
use outbound::{Class, Failure, Reply, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{heed, temperature};
use crate::endpoint::Address;
use crate::families::turns::{Turn, Turns};
use crate::families::{Call, Demand, Demands, Family, Question, SignIn, Speaks};
use crate::reply::{self, Fields, Form, Objection, ParsedReply, ProviderError, is_word};

const TOKENS: &str = "/oauth/2.0/token";
const CHAT: &str = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/";

/// Fields of the body that a gateway may forbid.
const OPTIONAL_FIELDS: &[&str] = &["user_id", "temperature", "max_output_tokens", "stop"];
/// The least and the most tokens of an answer that can be asked for.
const CAPS: std::ops::RangeInclusive<u32> = 2..=2_048;
/// For how long a token holds if its reply does not say it.
const TOKEN_LASTS: Duration = Duration::from_secs(30 * 24 * 3_600);
/// `error_code` of a call whose token is refused: wrong, invalid, expired.
const TOKEN_REFUSED: [&str; 3] = ["100", "110", "111"];

/// The family on its old wire.
#[derive(Debug)]
pub(in crate::families) struct Workshop;

impl Family for Workshop {
    fn demands(&self) -> Demands {
        Demands {
            needs_key: true,
            takes_organization: false,
            app_id: Demand::Refused,
            api_secret: Demand::Needed,
            choices: &[],
            speaks: Speaks::Http,
            optional_fields: OPTIONAL_FIELDS,
        }
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure> {
        question.has_no_image()?;
        let is_sent = |field: &str| !address.omit.contains(&field);
        let Turns { system, turns } = Turns::of(question)?;
        let cap = to.max_output_tokens(question.request.max_output_tokens);
        let body = Body {
            messages: &turns,
            system: Some(&*system).filter(|system| !system.is_empty()),
            temperature: temperature(question, to, address),
            max_output_tokens: is_sent("max_output_tokens").then(|| cap.clamp(*CAPS.start(), *CAPS.end())),
            stop: question.stops(to).filter(|_| is_sent("stop")),
            user_id: is_sent("user_id").then(|| question.person()),
            stream: address.stream,
        };
        // Writing texts and numbers to memory does not fail.
        Ok(serde_json::to_vec(&body).unwrap_or_default().into())
    }

    fn call(&self, Call { address, to, body, correlation, token, .. }: Call<'_>) -> Result<Request, Failure> {
        let mut url = address.under(&format!("{CHAT}{}", place(&to.model)));
        let token = token.map(Secret::expose).unwrap_or_default();
        url.query_pairs_mut().append_pair("access_token", token);
        Request::post_json(url, body).header("x-request-id", correlation)
    }

    fn sign_in(&self) -> Option<&dyn SignIn> {
        Some(self)
    }

    fn read(&self, document: &Fields, parsed: &mut ParsedReply) {
        if let Some(error) = refusal(document) {
            return parsed.fail(error);
        }
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let is = |name: &str| document.get(name) == Some(&Value::Bool(true));
        let Some(said) = text("result") else { return parsed.add(document) };
        text("id").into_iter().for_each(|id| parsed.identify(id));
        parsed.say(said);
        if let Some(counts) = document.get("usage").and_then(Value::as_object) {
            parsed.count(counts);
        }
        if is("need_clear_history") {
            forget(document, parsed);
        }
        heed(document, parsed);
        let is_piece = document.contains_key("is_end") || document.contains_key("sentence_id");
        if is_piece {
            parsed.piece();
        }
        let finish = text("finish_reason").filter(|word| !word.is_empty());
        match finish {
            // A filter stops the answer wherever it stands.
            Some(word) if !is_piece || is("is_end") || word == "content_filter" => parsed.finish(word),
            _ => {}
        }
        if is("is_truncated") && (!is_piece || is("is_end")) && matches!(finish, None | Some("normal")) {
            parsed.finish("length");
        }
        if is("is_end") {
            parsed.end();
        }
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        let number = error.code.as_deref().and_then(|code| code.parse().ok());
        match number {
            // Other vendors' numbers mean something else.
            Some(number) => {
                reply::baidu_number(number).or_else(|| Class::of_status(status)).unwrap_or(Class::ServerError)
            }
            None => reply::class(status, error),
        }
    }
}

impl SignIn for Workshop {
    fn request(&self, address: &Address) -> Request {
        let mut url = address.under(TOKENS);
        url.query_pairs_mut()
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", address.api_key.expose())
            .append_pair("client_secret", address.api_secret.expose());
        Request::post_json(url, Bytes::new())
    }

    fn token(&self, reply: &Reply) -> Result<(Secret, Duration), Failure> {
        let told: Told = serde_json::from_slice(&reply.body).unwrap_or_default();
        if let (true, Some(token)) =
            (reply.status.is_success(), told.access_token.filter(|it| !it.is_empty()))
        {
            return Ok((Secret::new(token), told.expires_in.map_or(TOKEN_LASTS, Duration::from_secs)));
        }
        let code = told.error.filter(|code| is_word(code));
        // The vendor's words for a wrong key or secret, whatever the status.
        let refused = matches!(code.as_deref(), Some("invalid_client" | "invalid_request" | "invalid_grant"));
        let class = if refused {
            Class::Auth
        } else {
            Class::of_status(reply.status.as_u16()).unwrap_or(Class::Protocol)
        };
        let status = reply.status.as_u16();
        let failure = reply.failure(class, format!("get an access token: http status {status}"));
        Err(code.into_iter().fold(failure, Failure::with_code))
    }

    fn is_refused(&self, failure: &Failure) -> bool {
        failure.class == Class::Auth
            && failure.code.as_deref().is_some_and(|code| TOKEN_REFUSED.contains(&code))
    }
}

/// What the service of tokens tells.
#[derive(Default, Deserialize)]
struct Told {
    access_token: Option<String>,
    /// In seconds.
    expires_in: Option<u64>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    messages: &'a [Turn<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    stream: bool,
}

/// The error of a reply, whose HTTP status may be that of a success.
fn refusal(document: &Fields) -> Option<ProviderError> {
    let number = document.get("error_code").and_then(Value::as_i64).filter(|number| *number != 0)?;
    let message = document.get("error_msg").and_then(Value::as_str).map(str::to_owned);
    Some(ProviderError {
        form: Form::Status,
        code: Some(number.to_string()),
        message,
        ..ProviderError::default()
    })
}

/// The conversation cannot go on with its history. `ban_round` says what of it; where it says nothing, it is everything before the question.
fn forget(document: &Fields, parsed: &mut ParsedReply) {
    parsed.block("need_clear_history");
    let round = document.get("ban_round").and_then(Value::as_i64).filter(|round| *round != 0);
    parsed.flag(match round {
        None => Objection::Conversation,
        Some(round) => u32::try_from(round).map_or(Objection::Question, Objection::Round),
    });
}

/// The part of the path that selects a model. Some models have a name of their own there, which is from the vendor's SDK; services
/// that an account has published are called by what it has named them.
fn place(model: &str) -> String {
    let model = model.to_lowercase().replace(' ', "-");
    let known = match model.as_str() {
        "ernie-4.0" | "ernie-4.0-8k" | "ernie-bot-4" => "completions_pro",
        "ernie-4.0-8k-preview-0518" => "completions_adv_pro",
        "ernie-3.5-8k" | "ernie-bot" => "completions",
        "ernie-speed" | "ernie-speed-8k" => "ernie_speed",
        "ernie-lite-8k-0308" => "ernie-lite-8k",
        "ernie-lite-8k-0922" | "ernie-bot-turbo" => "eb-instant",
        "ernie-bot-8k" => "ernie_bot_8k",
        "ernie-character-8k" => "ernie-char-8k",
        "ernie-function-8k" => "ernie-func-8k",
        other => other,
    };
    known.to_owned()
}

#[cfg(test)]
mod tests;
