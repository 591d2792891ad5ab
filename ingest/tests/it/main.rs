//! The step as its callers see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests fail loudly"
)]

mod among_people;
mod attachments;
#[cfg(feature = "broker-tests")]
mod broker;
mod claims;
mod counted;
mod everywhere;
mod failures;
mod fuzz;
mod held;
mod hostile;
mod line;
mod no_broker;
mod payloads;
mod post_send;
mod pre_send;
mod publisher;
mod refusals;
mod server;
mod smuggling;
mod sources;
