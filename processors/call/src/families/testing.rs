//! What tests of families have in common.

use std::time::Duration;

use catalogue::{Provider, Target};
use common::Secret;
use outbound::{Class, Failure, HeaderMap, Reply, StatusCode};
use schemas::request::Request;
use serde_json::Value;

use super::{Family, Question};
use crate::endpoint::Address;
use crate::reply::{Asked, Collected, ReadReply, Reading};

const EXAMPLE: &str = include_str!("../../../../schemas/examples/requests/valid-answer.json");

/// A system line and a question; at most 1000 tokens, temperature 0.7.
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
    }
}

pub(super) fn address(base: &str) -> Address {
    Address::new(base, &Secret::new("key123"), None).unwrap().on(
        None,
        Some("app9"),
        &Secret::new("secret456"),
    )
}

/// The body that asks a model.
pub(super) fn sent(family: &dyn Family, request: &Request, target: &Target, omit: &[&'static str]) -> Value {
    let address = address("http://host/v1").without(omit.to_vec());
    let body = family.body(&Question::of(request).unwrap(), target, &address);
    serde_json::from_slice(&body).unwrap()
}

/// What is read of a reply.
pub(super) fn heard(family: &dyn Family, status: u16, body: &str) -> ReadReply {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.to_owned().into(),
        received: std::time::SystemTime::UNIX_EPOCH,
    };
    let asked = Asked { most_tokens: 1_000, stream: true, prompt: &[] };
    let mut reading = Reading::new(family, asked, &reply, Box::new(Collected::default()));
    reading.feed(&reply.body, Duration::ZERO);
    reading.end(Ok(()))
}

/// What a reply that is no answer is.
pub(super) fn failed(family: &dyn Family, status: u16, body: &str) -> Failure {
    heard(family, status, body).result.unwrap_err()
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
