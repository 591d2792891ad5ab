//! Anthropic's Messages.

mod body;
mod errors;
mod events;

use bytes::Bytes;
use catalogue::Target;
use outbound::{Class, Failure, Request, Url};

use self::body::Body;
use super::turns::Turns;
use super::{Call, Choice, Demand, Demands, Family, Question, Speaks};
use crate::endpoint::Address;
use crate::reply::{Fields, ParsedReply, ProviderError};

/// The version of the interface that this wire was written for.
const VERSION: &str = "2023-06-01";
/// Where the version stands in addresses. Vendors of clients leave it out of the base address, others have it there.
const PATH_VERSION: &str = "/v1";

/// Fields that a gateway may forbid. The output cap is none of them: the wire requires it.
const OPTIONAL_FIELDS: &[&str] = &["metadata", "temperature", "stop_sequences"];

/// The family.
#[derive(Debug)]
pub(super) struct Messages;

impl Family for Messages {
    fn demands(&self) -> Demands {
        Demands {
            needs_key: true,
            takes_organization: false,
            app_id: Demand::Refused,
            api_secret: Demand::Refused,
            choices: &[Choice::ApiVersion, Choice::PromptCache],
            speaks: Speaks::Http,
            optional_fields: OPTIONAL_FIELDS,
        }
    }

    fn takes_images(&self) -> bool {
        true
    }

    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure> {
        Ok(Body { question, turns: &Turns::of(question)?, target: to, address }.bytes())
    }

    fn call(&self, Call { address, body, correlation, .. }: Call<'_>) -> Result<Request, Failure> {
        Request::post_json(url(address), body)
            .header("x-request-id", correlation)?
            .header("anthropic-version", version(address))?
            .secret_header("x-api-key", address.api_key.expose())
    }

    fn read(&self, document: &Fields, parsed: &mut ParsedReply) {
        events::read(document, parsed);
    }

    fn class(&self, status: u16, error: &ProviderError) -> Class {
        errors::class(status, error)
    }

    fn left_out(&self, question: &Question<'_>, to: &Target, address: &Address) -> Option<&'static str> {
        let asked = question.request.temperature_milli;
        (asked.is_some() && body::temperature(asked, to, address).is_none()).then_some("temperature")
    }
}

fn version(address: &Address) -> &str {
    address.choices.api_version.as_deref().unwrap_or(VERSION)
}

fn url(address: &Address) -> Url {
    let has_version = address.ends_with(PATH_VERSION);
    address.under(if has_version { "/messages" } else { "/v1/messages" })
}

#[cfg(test)]
mod tests;
