//! The binary as it is run: processes, a real broker, a real engine, and stand-ins of everything else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail loudly"
)]

mod books;
mod broker;
mod bundle;
mod cancels;
mod check;
mod conditions;
mod datasets;
mod dead_letters;
mod dictionaries;
mod drain;
mod explain;
mod gate;
mod hostile;
mod http;
mod judging;
mod kafka_away;
mod kafka_reach;
mod kills;
mod known;
mod marked;
mod offsets;
mod process;
mod questions;
mod rebuild;
mod replays;
mod rescan;
mod restart;
mod reviews;
mod rig;
mod shadow;
mod stand_ins;
mod starts;
mod store_away;
mod traffic;
mod wait;
