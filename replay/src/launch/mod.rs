//! Launching a replay on the brokers: its logs are opened, its partitions are shared out among threads, and what it makes is written.

mod begin;
mod logs;
mod work;

pub use begin::{Begun, begin, conclude};
pub use work::{Launch, LaunchError, Ran};
