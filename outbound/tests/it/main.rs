//! The client and the chain against a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod chain;
mod client;
mod server;
mod stale;

use std::time::Duration;

use outbound::{Class, Classify, Client, ClientConfig, Failure, Reply, Request};

/// Takes every success as text and every other reply by its status.
struct AsText;

impl Classify for AsText {
    type Output = String;

    fn classify(&self, reply: &Reply) -> Result<String, Failure> {
        if let Some(failure) = reply.status_failure() {
            return Err(failure);
        }
        let text = std::str::from_utf8(&reply.body);
        text.map(str::to_owned).map_err(|_| reply.failure(Class::Protocol, "reply is not utf-8"))
    }
}

fn client() -> Client {
    let config = ClientConfig { max_body_bytes: 1000, ..ClientConfig::default() };
    Client::new(&config.validate("client").unwrap()).unwrap()
}

fn request(address: &str) -> Request {
    Request::post_json(format!("http://{address}/v1/say").parse().unwrap(), r#"{"say":"hello"}"#)
}

fn after(time: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + time
}
