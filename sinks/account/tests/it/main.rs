//! Tests against a real engine and a real broker, named by `HUIYIN_TEST_CLICKHOUSE` and `HUIYIN_TEST_KAFKA`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod bills;
mod datasets;
mod inserts;
mod line;
mod migrations;
mod property;
mod proxy;
mod queries;
mod questions;
mod rebuild;
mod replays;
mod rollups;
mod scene;
mod whereabouts;
