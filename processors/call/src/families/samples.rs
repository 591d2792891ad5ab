//! What the tests of the families ask, and replies of servers.

use std::time::Duration;

use catalogue::{Provider, Target};
use common::Secret;
use outbound::{Class, Failure, Reply, StatusCode};
use schemas::request::Request;
use serde_json::Value;

use super::{Call, Family, Question};
use crate::endpoint::Address;
use crate::reply::{Asked, Collected, Progress, ReadReply, Reading};

const EXAMPLE: &str = include_str!("../../../../schemas/examples/requests/valid-answer.json");

/// One question of alice's to the help desk, at a temperature of 0.7.
pub(super) fn request() -> Request {
    serde_json::from_str(EXAMPLE).unwrap()
}

pub(super) fn target(provider: Provider, model: &str) -> Target {
    Target {
        provider,
        model: model.into(),
        region: "cn".into(),
        context_tokens: 8_000,
        timeout_ms: 1_000,
        output_cap: provider.output_cap(),
        temperature: true,
        traits: Default::default(),
    }
}

pub(super) fn address(base: &str) -> Address {
    Address::new(base, &Secret::new("hush-key"), None).unwrap()
}

/// The body of a request as it is sent.
pub(super) fn body(family: &dyn Family, request: &Request, to: &Target, address: &Address) -> Value {
    let body = family.body(&Question::of(request).unwrap(), to, address).unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// The call of a request, shown without its secrets.
pub(super) fn call(family: &dyn Family, to: &Target, address: &Address) -> outbound::Request {
    let body = family.body(&Question::of(&request()).unwrap(), to, address).unwrap();
    let token = Secret::new("hush-token");
    family.call(Call { address, to, body, correlation: "r-1", token: Some(&token), now: 0 }).unwrap()
}

pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect(),
        body: body.to_owned().into(),
        received: std::time::SystemTime::UNIX_EPOCH,
    }
}

/// What is read of a reply, which is the same whether it comes at once or byte by byte.
pub(super) fn read(family: &dyn Family, reply: &Reply) -> ReadReply {
    let (whole, apart) = (read_in_pieces(family, reply, &[]), read_in_pieces(family, reply, &[1]));
    assert_eq!(whole.result, apart.result);
    assert_eq!(whole.notes, apart.notes);
    whole
}

/// What is read of a reply that comes in pieces of these sizes, over and over again; without any, in one piece.
pub(super) fn read_in_pieces(family: &dyn Family, reply: &Reply, sizes: &[usize]) -> ReadReply {
    let request = request();
    let silent_cap = family.silent_cap(
        &Question::of(&request).unwrap(),
        &target(Provider::Spark, "generalv3.5"),
        &address("http://host"),
    );
    let asked = Asked { most_tokens: 1_000, silent_cap, stream: true, prompt: &[], image_tokens: 0 };
    let mut reading = Reading::new(family, asked, reply, Box::new(Collected::default()));
    let (mut rest, mut sizes) = (&reply.body[..], sizes.iter().cycle());
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(usize::MAX).min(rest.len());
        let (piece, behind) = rest.split_at(size);
        rest = behind;
        if reading.feed(piece, Duration::ZERO) == Progress::Over {
            break;
        }
    }
    reading.end(Ok(()))
}

pub(super) fn failure(family: &dyn Family, reply: &Reply) -> Failure {
    read(family, reply).result.unwrap_err()
}

/// A stream of events, each with its name.
pub(super) fn events(all: &[(&str, Value)]) -> String {
    let event = |(name, data): &(&str, Value)| format!("event: {name}\ndata: {data}\n\n");
    all.iter().map(event).collect()
}

/// A stream of events without names.
pub(super) fn frames(all: &[Value]) -> String {
    all.iter().map(|data| format!("data: {data}\n\n")).collect()
}

/// A target whose traits are those that the table of models has for its model.
pub(super) fn known(provider: Provider, model: &str) -> Target {
    let target = format!(
        "[[target]]\nname = 't'\nprovider = '{}'\nmodel = '{model}'\nregion = 'cn'\ncontext_tokens = 8000",
        provider.label()
    );
    let bundle = catalogue::validate(&toml::from_str(&target).unwrap()).unwrap();
    bundle.targets.into_values().next().unwrap()
}

/// The body that asks a model at an address whose server does not take these fields.
pub(super) fn sent(family: &dyn Family, request: &Request, to: &Target, omit: &[&'static str]) -> Value {
    body(family, request, to, &address("http://host/v1").without(omit.to_vec()))
}

/// What is read of a reply without headers.
pub(super) fn heard(family: &dyn Family, status: u16, body: &str) -> ReadReply {
    read(family, &reply(status, &[], body))
}

/// What a reply without headers is that is no answer.
pub(super) fn failed(family: &dyn Family, status: u16, body: &str) -> Failure {
    failure(family, &reply(status, &[], body))
}

/// Every row of a table: status, body, class.
pub(super) fn fall_into_their_classes(family: &dyn Family, rows: &[(u16, &str, Class)]) {
    for (status, body, expected) in rows {
        assert_eq!(failed(family, *status, body).class, *expected, "{status} {body}");
    }
}

/// Input, cached part, output, reasoning.
pub(super) fn tokens(read: &ReadReply) -> [u64; 4] {
    let usage = read.notes.usage.as_ref().unwrap();
    [usage.input, usage.cached, usage.output, usage.reasoning]
}
