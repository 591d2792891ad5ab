//! The wire of OpenAI's chat completions, which several families share. They differ in a few settings and in what some errors
//! mean.

mod body;

use bytes::Bytes;
use catalogue::Target;
use catalogue::model_traits::SystemRole;
use outbound::{Class, Failure, Request};

use self::body::Body;
pub(super) use self::body::StreamOptions;
use super::turns::{self, Turn};
use super::{Call, Demand, Demands, Family, Question, Speaks};
use crate::endpoint::Address;
use crate::reply::{self, Fields, ParsedReply, ProviderError};

/// Where completions are asked for, under a target's base address.
pub(super) const PATH: &str = "/chat/completions";

/// Fields that strict servers forbid.
const OPTIONAL_FIELDS: &[&str] = &[
    "user",
    "safety_identifier",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "stream_options",
];

/// A family that speaks this wire.
#[derive(Debug)]
pub(super) struct ChatCompletions {
    /// Its servers answer nobody without a key.
    pub(super) needs_key: bool,
    /// The field that tells persons apart.
    pub(super) person: &'static str,
    /// What an error of this HTTP status means, where the family differs from what all share.
    pub(super) class: fn(u16, &ProviderError) -> Option<Class>,
}

impl Family for ChatCompletions {
    fn demands(&self) -> Demands {
        Demands {
            needs_key: self.needs_key,
            takes_organization: true,
            app_id: Demand::Refused,
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
        let told = match to.traits.system {
            SystemRole::User => turns::messages(question, to)?,
            SystemRole::System | SystemRole::Developer | SystemRole::TopLevel => Vec::new(),
        };
        let told: Vec<_> = told.iter().map(Turn::line).collect();
        let body = Body {
            question,
            lines: if told.is_empty() { &question.prompt } else { &told },
            target: to,
            person: self.person,
            omit: &address.omit,
            stream: address.stream,
        };
        Ok(body.bytes())
    }

    fn call(&self, Call { address, body, correlation, .. }: Call<'_>) -> Result<Request, Failure> {
        let mut call = Request::post_json(address.under(PATH), body).header("x-request-id", correlation)?;
        if !address.api_key.is_empty() {
            call = call.bearer(address.api_key.expose())?;
        }
        match &address.organization {
            Some(organization) => call.header("openai-organization", organization),
            None => Ok(call),
        }
    }

    fn read(&self, document: &Fields, parsed: &mut ParsedReply) {
        parsed.add(document);
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        (self.class)(status, error).unwrap_or_else(|| reply::class(status, error))
    }
}

#[cfg(test)]
mod tests;
