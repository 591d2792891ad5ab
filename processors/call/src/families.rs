//! Provider families: how the models of a vendor are asked, what its replies say, and what its errors mean.
//!
//! A family is one module and one line in [`of`]. It builds calls, reads replies and classes errors, and all of that is pure:
//! whether, when and where a request is tried again is decided by `outbound`. Families that speak OpenAI's wire share
//! [`chat::ChatCompletions`].

mod chat;
mod local;
mod openai;

use bytes::Bytes;
use catalogue::{Provider, Target};
use outbound::{Class, Failure};
use schemas::request::{Request, Role};

use crate::endpoint::Address;
use crate::reply::{Fields, ParsedReply, ProviderError};

/// The family of a provider.
pub(crate) fn of(provider: Provider) -> &'static dyn Family {
    match provider {
        Provider::Local => &local::FAMILY,
        Provider::Openai => &openai::FAMILY,
    }
}

/// What a vendor's wire is to the call step.
pub(crate) trait Family: Send + Sync {
    /// What the configuration of a target must, may and may not have.
    fn demands(&self) -> Demands;

    /// The body that asks a target. Built once per request and target, and shared by the attempts at it.
    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Bytes;

    /// The call of one attempt: address, headers and authorization.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when something of it cannot stand in an address or a header.
    fn call(&self, attempt: Call<'_>) -> Result<outbound::Request, Failure>;

    /// Adds one JSON document of a reply to what was parsed of the reply so far. A plain reply is one document; a stream has
    /// one for each of its events.
    fn read(&self, document: &Fields, parsed: &mut ParsedReply);

    /// The class of an error that came with this HTTP status.
    fn class(&self, status: u16, error: &ProviderError) -> Class;
}

/// What a family asks of the configuration of its targets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demands {
    /// Calls cannot be made without a key.
    pub(crate) needs_key: bool,
    /// Calls can name the organisation that is billed.
    pub(crate) takes_organization: bool,
    /// Fields of the body that a server may forbid and that can be left out. All others are part of the question.
    pub(crate) optional_fields: &'static [&'static str],
}

/// A request whose prompt can be read.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) request: &'a Request,
    pub(crate) prompt: Vec<Line<'a>>,
}

/// One line of a prompt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) role: Role,
    pub(crate) text: &'a str,
}

/// A line of the prompt is sealed, and this version has no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed;

impl<'a> Question<'a> {
    pub(crate) fn of(request: &'a Request) -> Result<Self, Sealed> {
        let lines = request.prompt.iter();
        let line = lines.map(|line| Some(Line { role: line.role, text: line.text.plain()? }));
        Ok(Self { request, prompt: line.collect::<Option<_>>().ok_or(Sealed)? })
    }
}

/// One attempt at a target.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) address: &'a Address,
    pub(crate) body: Bytes,
    /// The id under which both sides can find the attempt again.
    pub(crate) correlation: &'a str,
}

#[cfg(test)]
mod tests {
    use schemas::text::{Sealed as SealedText, Text};

    use super::*;

    #[test]
    fn a_sealed_line_cannot_be_asked() {
        let example = include_str!("../../../schemas/examples/requests/valid-answer.json");
        let mut request: Request = serde_json::from_str(example).unwrap();
        assert_eq!(Question::of(&request).unwrap().prompt.len(), request.prompt.len());
        request.prompt[1].text = Text::Sealed(SealedText { key: "k".into(), bytes: vec![1] });
        assert_eq!(Question::of(&request).unwrap_err(), Sealed);
    }
}
