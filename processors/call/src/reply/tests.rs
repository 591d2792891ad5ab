//! What is read of a reply.

use catalogue::Provider;
use outbound::{Class, Failure, HeaderMap, Reply, StatusCode};
use schemas::answered::Usage;
use serde_json::{Value, json};

use super::*;
use crate::families;

mod classes;
mod replies;

const CAP: u32 = 1_000;

fn reply(status: u16, body: impl AsRef<[u8]>) -> Reply {
    let header = ("x-request-id".parse().unwrap(), "req_1".parse().unwrap());
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: [header].into_iter().collect(),
        body: body.as_ref().to_vec().into(),
        received: std::time::SystemTime::UNIX_EPOCH,
    }
}

/// Reads a complete reply that was asked for as a whole.
pub(super) fn read(family: &dyn Family, reply: &Reply, most_tokens: u32) -> ReadReply {
    let asked = Asked { most_tokens, silent_cap: None, stream: false, prompt: &[], image_tokens: 0 };
    let mut reading = Reading::new(family, asked, reply, Box::new(Collected::default()));
    reading.feed(&reply.body, Duration::ZERO);
    reading.end(Ok(()))
}

fn read_body(body: impl AsRef<[u8]>) -> ReadReply {
    read(families::of(Provider::Local, None), &reply(200, body), CAP)
}

fn failure(provider: Provider, status: u16, body: &str) -> Failure {
    read(families::of(provider, None), &reply(status, body), CAP).result.unwrap_err()
}
