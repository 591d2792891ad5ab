//! What is read of a reply.

use catalogue::Provider;
use outbound::{Class, Failure, HeaderMap, Reply, StatusCode};
use schemas::answered::{Usage, UsageSource};
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

fn read_body(body: impl AsRef<[u8]>) -> ReadReply {
    read(families::of(Provider::Local), &reply(200, body), CAP)
}

fn failure(provider: Provider, status: u16, body: &str) -> Failure {
    read(families::of(provider), &reply(status, body), CAP).result.unwrap_err()
}
