//! Drives both stand-ins over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod binary;
mod callbacks;
mod events;
mod families;
mod http;
mod limits;
mod line;
mod model;
mod model_faults;
mod outages;
mod recall;
mod rest;
mod rest_faults;
mod scripts;
mod socket;
mod streams;
mod validation;
mod wires;
