//! Launching a replay on the brokers: its logs are opened, its partitions are shared out among threads, and what it makes is written.

mod begin;
mod logs;
pub mod snapshot;
mod work;

pub use begin::{Begun, begin, conclude};
pub use work::{Launch, LaunchError, Ran, states_at};
