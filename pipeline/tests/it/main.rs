//! Tests against a real broker, whose address is in `HUIYIN_TEST_KAFKA`.
#![cfg(feature = "broker-tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod batch;
mod call;
mod fold;
mod kafka;
