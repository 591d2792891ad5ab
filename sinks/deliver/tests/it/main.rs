//! The step against the stand-in of Easemob.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod ends;
mod faults;
mod retract;
mod sends;
mod tokens;
mod world;
