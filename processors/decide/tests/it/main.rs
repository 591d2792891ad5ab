//! Scenarios: events go in with their times, and what comes out is looked at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod bounds;
mod by_hand;
mod changes;
mod complexity;
mod dialogue;
mod ids;
mod late;
mod media;
mod messages;
mod outcomes;
mod output;
mod personal;
mod phases;
mod pins;
mod properties;
mod retract;
mod reviews;
mod routes;
mod run_on;
mod state_bound;
mod targets;
mod tiers;
mod timers;
mod turns;
mod world;
