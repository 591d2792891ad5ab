//! Commands that need neither a broker nor a configuration, as they are run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod cache;
mod judge;
mod outside;
mod replay;
mod report;
mod rules;
mod safety;
mod verdicts;
