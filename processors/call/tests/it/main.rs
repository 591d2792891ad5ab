//! The step against the stand-in of a provider.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod cancels;
mod chains;
mod complaints;
mod conditions;
mod ends;
mod faults;
mod hedges;
mod invoice;
mod keys;
mod marked;
mod meter;
mod outages;
mod ping;
mod replies;
mod retry_after;
mod reviewers;
mod server;
mod streams;
mod table;
mod vendors;
mod wires;
mod world;
