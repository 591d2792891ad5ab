//! Provider families: how the models of a vendor are asked, what its replies say, and what its errors mean.
//!
//! A family is one module and one line in [`wires`]; most speak one wire, some an older one as well. It builds calls, reads
//! replies and classes errors, and all of that is pure: whether, when and where a request is tried again is decided by `outbound`.
//! Families that speak OpenAI's wire share [`chat::ChatCompletions`].

mod chat;
mod claude;
mod content;
mod ernie;
mod local;
mod openai;
mod spark;
mod tongyi;
mod turns;

use std::time::Duration;

use bytes::Bytes;
use catalogue::{Provider, Target};
use common::Secret;
use outbound::{Class, Failure, Reply};
use schemas::Millis;
use schemas::request::{Request, Role};
use schemas::text::Text;
use sha2::{Digest, Sha256};

use crate::endpoint::Address;
use crate::reply::{Fields, ParsedReply, ProviderError};

/// A wire by the name that `wire` in `[[call.target]]` has for it.
type Wire = (&'static str, &'static dyn Family);

/// The wires of a provider. The first is spoken where a target names none.
fn wires(provider: Provider) -> &'static [Wire] {
    match provider {
        Provider::Openai => &[("chat", &openai::FAMILY)],
        Provider::Ernie => &[("v2", &ernie::Qianfan), ("v1", &ernie::Workshop)],
        Provider::Tongyi => &[("chat", &tongyi::Tongyi)],
        Provider::Spark => &[("http", &spark::Http), ("websocket", &spark::WebSocket)],
        Provider::Claude => &[("messages", &claude::Messages)],
        Provider::Local => &[("chat", &local::FAMILY), ("ollama", &local::Ollama)],
    }
}

/// The names of a provider's wires.
pub(crate) fn wire_names(provider: Provider) -> Vec<(&'static str, &'static str)> {
    wires(provider).iter().map(|(name, _)| (*name, *name)).collect()
}

/// The family of a provider, on the wire of that name. A name that the provider has not, like none, stands for its first wire.
pub(crate) fn of(provider: Provider, wire: Option<&str>) -> &'static dyn Family {
    let wires = wires(provider);
    let named = wires.iter().find(|(name, _)| wire == Some(name)).or(wires.first());
    named.map_or(&openai::FAMILY, |(_, family)| *family)
}

/// What a vendor's wire is to the call step.
pub(crate) trait Family: Send + Sync {
    /// What the configuration of a target must, may and may not have.
    fn demands(&self) -> Demands;

    /// Whether its calls can show a picture by its address.
    fn takes_images(&self) -> bool {
        false
    }

    /// Why that model cannot be asked at that address, if it is known.
    fn misplaced(&self, _to: &Target, _address: &Address) -> Option<&'static str> {
        None
    }

    /// The body that asks a target, for a stream if [`Address::stream`] says so. Built once per request and target, and shared by
    /// the attempts at it.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when the question cannot be told on this wire.
    fn body(&self, question: &Question<'_>, to: &Target, address: &Address) -> Result<Bytes, Failure>;

    /// The field that the question has and the body has not, because the model does not take it.
    fn left_out(&self, question: &Question<'_>, to: &Target, _: &Address) -> Option<&'static str> {
        let asked = question.request.temperature_milli;
        let cooled = (asked.is_some() && to.temperature_milli(asked).is_none()).then_some("temperature");
        cooled.or(question.stops_left_out(to))
    }

    /// The call of one attempt: address, headers and authorization.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when something of it cannot stand in an address or a header.
    fn call(&self, attempt: Call<'_>) -> Result<outbound::Request, Failure>;

    /// How the access token of a call is got, on a wire whose calls carry one.
    fn sign_in(&self) -> Option<&dyn SignIn> {
        None
    }

    /// Adds one JSON document of a reply to what was parsed of the reply so far. A plain reply is one document. A stream has one for
    /// each of its server-sent events, its lines or its messages; which of these it is shows in its bytes, and is no concern of a
    /// family. An event named `error` comes as an object with the field `error`.
    ///
    /// A stream is whole once [`ParsedReply::finish`] or [`ParsedReply::end`] was called, or after `[DONE]`, which the family never
    /// sees. Whatever else ends it has cut it. Texts go to [`ParsedReply::say`], and reasoning to [`ParsedReply::think`]: no text
    /// that goes there ever reaches a person.
    fn read(&self, document: &Fields, parsed: &mut ParsedReply);

    /// The output cap of a call, on a wire that has no word for an answer that was cut there: one of as many tokens counts as cut.
    fn silent_cap(&self, _question: &Question<'_>, _to: &Target, _: &Address) -> Option<u32> {
        None
    }

    /// The class of an error that came with this HTTP status.
    fn class(&self, status: u16, error: &ProviderError) -> Class;
}

/// A wire whose calls carry an access token, which another call gets with the key.
pub(crate) trait SignIn: Send + Sync {
    /// The call that gets a token.
    fn request(&self, address: &Address) -> outbound::Request;

    /// The token that its reply brings, and for how long it holds.
    ///
    /// # Errors
    /// The failure that the reply stands for.
    fn token(&self, reply: &Reply) -> Result<(Secret, Duration), Failure>;

    /// A call failed because its token does not hold any more.
    fn is_refused(&self, failure: &Failure) -> bool;
}

/// What a family asks of the configuration of its targets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demands {
    /// Calls cannot be made without a key.
    pub(crate) needs_key: bool,
    /// Calls can name the organisation that is billed.
    pub(crate) takes_organization: bool,
    /// The application that calls are made for.
    pub(crate) app_id: Demand,
    /// The secret that belongs to the key.
    pub(crate) api_secret: Demand,
    /// What its calls travel on.
    pub(crate) speaks: Speaks,
    /// What else a target may choose.
    pub(crate) choices: &'static [Choice],
    /// Fields of the body that a server may forbid and that can be left out. All others are part of the question.
    pub(crate) optional_fields: &'static [&'static str],
}

/// Whether a target's configuration has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// It may not: nothing would be done with it.
    Refused,
    /// It may.
    Taken,
    /// It must.
    Needed,
}

/// What calls travel on, which decides how an address begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// `http` or `https`.
    Http,
    /// `ws` or `wss`.
    WebSocket,
}

/// What the entry of a target may choose where its wire leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The version of the interface.
    ApiVersion,
    /// How long the beginning of a prompt is kept.
    PromptCache,
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
    /// Addresses of pictures that are shown with it.
    pub(crate) images: &'a [Text],
}

/// A line of the prompt is sealed, and this version has no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed;

impl<'a> Question<'a> {
    pub(crate) fn of(request: &'a Request) -> Result<Self, Sealed> {
        let lines = request.prompt.iter();
        let line = lines.map(|line| {
            let is_open = line.images.iter().all(|image| image.plain().is_some());
            Some(Line { role: line.role, text: line.text.plain().filter(|_| is_open)?, images: &line.images })
        });
        Ok(Self { request, prompt: line.collect::<Option<_>>().ok_or(Sealed)? })
    }

    /// How many pictures it shows.
    pub(crate) fn images(&self) -> usize {
        self.prompt.iter().map(|line| line.images.len()).sum()
    }

    /// That it shows no picture, on a wire that takes none.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when it does.
    pub(crate) fn has_no_image(&self) -> Result<(), Failure> {
        let why = "build the request: this wire takes no pictures";
        if self.images() == 0 { Ok(()) } else { Err(Failure::new(Class::BadRequest, why)) }
    }

    /// Texts at which the answer ends, as far as the target's model takes any.
    pub(crate) fn stops(&self, to: &Target) -> Option<&'a [String]> {
        Some(self.request.stop.as_slice()).filter(|stops| !stops.is_empty() && to.takes_stop())
    }

    /// The field of these, where the request has them and the model takes none.
    pub(crate) fn stops_left_out(&self, to: &Target) -> Option<&'static str> {
        (!self.request.stop.is_empty() && !to.takes_stop()).then_some("stop")
    }

    /// A name for the person that is the same in every request and does not contain the user id.
    pub(crate) fn person(&self) -> String {
        let who = format!("{}/{}", self.request.lane.conversation.app(), self.request.user.canonical());
        base16ct::lower::encode_string(&Sha256::digest(who))
    }
}

/// One attempt at a target.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) address: &'a Address,
    pub(crate) to: &'a Target,
    pub(crate) body: Bytes,
    /// The id under which both sides can find the attempt again.
    pub(crate) correlation: &'a str,
    /// When the attempt starts: signatures have a date.
    pub(crate) now: Millis,
    /// What [`Family::sign_in`] brought, on a wire that has it.
    pub(crate) token: Option<&'a Secret>,
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod parameters;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod table;
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
